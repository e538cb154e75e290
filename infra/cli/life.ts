import type { RegisteredCredential } from './register.ts';

/** What a register entry says of a credential's life at a time. */
export interface LifeNow {
  readonly state: 'active' | 'ended';
  /** Milliseconds left, 0 when it has ended. */
  readonly remainingMs: number;
}

/** How long a credential still lives, by the register and by what Vault last answered. */
export const lifeOf = ({ credential, effect }: RegisteredCredential, now: number): LifeNow => {
  const revoked = effect?.action === 'revoke' && effect.outcome === 'enforced';
  const known =
    effect?.expiresAt !== null && effect?.expiresAt !== undefined && effect.appliedAt >= credential.issuedAt;
  const expiresAt = known ? Math.max(effect.expiresAt ?? 0, 0) : credential.expiresAt;
  const remainingMs = revoked || credential.status === 'ended' ? 0 : Math.max(0, expiresAt - now);
  return { state: remainingMs > 0 ? 'active' : 'ended', remainingMs };
};
