import type { GrantedKey, GrantedKeyArchive } from '../../../../infra/clickhouse/grantedKeys.ts';

const hourMs = 3_600_000;
export const t0 = Date.UTC(2026, 0, 5, 12);

/** A key that is as it should be, but for what is given. */
export const keyOf = (index: number, rest: Partial<GrantedKey> = {}): GrantedKey => ({
  credentialId: `key-${index}`,
  user: `pseudonym-${index % 3}`,
  issuedAt: t0 + index * 60_000,
  ttlMs: 24 * hourMs,
  revocable: true,
  risk: 0.1,
  heard: ['keystroke.statistical'],
  ...rest,
});

/** Keys as the archive has them. */
export const keysOf = (keys: readonly GrantedKey[]): GrantedKeyArchive => ({
  async each(from, to, most, visit) {
    for (const key of keys.filter(({ issuedAt }) => issuedAt >= from && issuedAt < to).slice(-most)) visit(key);
  },
});
