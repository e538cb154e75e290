import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { EbbtideError } from '../../../schemas/errors.ts';
import type { ApiToken } from '../../../schemas/generated/index.ts';
import type { Person } from './person.ts';
import { type Role, roles } from './roles.ts';

const form = /^ebbtide_([\w-]{12})_([\w-]{43})$/;

/** What a token is made for. */
export interface TokenWish {
  readonly name: string;
  readonly role: Role;
  /** How long it works, milliseconds. */
  readonly lifeMs: number;
  /** Identifier of whoever answers for it. */
  readonly by: string;
}

/**
 * Make an API token. The secret is 256 random bits, so that its plain hash suffices.
 *
 * @param at - epoch milliseconds
 * @returns the token, to be shown once, and its record for topic `tokens`
 * @example
 * makeToken({ name: 'backup', role: 'viewer', lifeMs: 86_400_000, by: 'cli:ann@host' }, Date.now()).token; // 'ebbtide_…'
 */
export const makeToken = ({ name, role, lifeMs, by }: TokenWish, at: number): { token: string; record: ApiToken } => {
  const tokenId = randomBytes(9).toString('base64url');
  const secret = randomBytes(32).toString('base64url');
  const record: ApiToken = {
    tokenId,
    name,
    role,
    hash: hashOf(secret),
    createdAt: at,
    createdBy: by,
    expiresAt: at + lifeMs,
    revokedAt: null,
    revokedBy: '',
  };
  return { token: `ebbtide_${tokenId}_${secret}`, record };
};

/** The record that ends a token. */
export const revokedToken = (record: ApiToken, by: string, at: number): ApiToken => ({
  ...record,
  revokedAt: record.revokedAt ?? at,
  revokedBy: record.revokedBy || by,
});

/** API tokens as topic `tokens` has them. */
export class ApiTokens {
  readonly #byId = new Map<string, ApiToken>();
  readonly #usedAt = new Map<string, number>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Take a record in; undefined is a tombstone. One that was revoked stays so whatever comes after. */
  apply(tokenId: string, record: ApiToken | undefined): void {
    if (!record) this.#byId.delete(tokenId);
    else if (!this.#byId.get(tokenId)?.revokedAt || record.revokedAt !== null) this.#byId.set(tokenId, record);
  }

  /** Every token, the newest first, with when it was last used here. */
  list(): readonly (ApiToken & { usedAt: number | null })[] {
    return [...this.#byId.values()]
      .sort((left, right) => right.createdAt - left.createdAt)
      .map((record) => ({ ...record, usedAt: this.#usedAt.get(record.tokenId) ?? null }));
  }

  /** @throws {EbbtideError} `NOT_FOUND` */
  get(tokenId: string): ApiToken {
    const record = this.#byId.get(tokenId);
    if (record) return record;
    throw new EbbtideError('NOT_FOUND', `There is no API token ${tokenId}`, { tokenId });
  }

  /** Whose the header `Authorization` of a request is; undefined where no token in force is meant. */
  recognise(authorization: string): Person | undefined {
    const [, tokenId = '', secret = ''] = form.exec(authorization.replace(/^Bearer +/i, '')) ?? [];
    const record = this.#byId.get(tokenId);
    const now = this.#now();
    if (!record || record.revokedAt !== null || record.expiresAt <= now) return undefined;
    const role = roles.find((one) => one === record.role);
    if (!role || !isSame(hashOf(secret), record.hash)) return undefined;
    this.#usedAt.set(tokenId, now);
    return { id: `token:${tokenId}`, name: record.name, role, how: 'token', owner: record.createdBy };
  }
}

/** Compares in constant time; a record that somebody forged may have a hash of any length. */
const isSame = (one: string, other: string): boolean => {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
};

/**
 * {@link ApiTokens.recognise}, once every record has been read: the one that says that a token was revoked may be the last.
 *
 * @throws {EbbtideError} `KAFKA_UNAVAILABLE` until then
 */
export const recogniseOnceKnown = (
  tokens: Pick<ApiTokens, 'recognise'>,
  known: Promise<unknown>,
): ApiTokens['recognise'] => {
  let isKnown = false;
  void known.then(() => {
    isKnown = true;
  });
  return (authorization) => {
    if (isKnown) return tokens.recognise(authorization);
    throw new EbbtideError('KAFKA_UNAVAILABLE', 'The console has just begun and does not know all tokens; try again');
  };
};

const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('base64url');
