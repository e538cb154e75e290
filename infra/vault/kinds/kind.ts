import type { RequestOptions } from '../client.ts';

/** What Vault says of a credential's life. */
export interface Life {
  /** Remaining life by Vault's clock, milliseconds; null when it never ends. */
  readonly remainingMs: number | null;
  /** Expiry by our clock, epoch milliseconds; null when it never ends. */
  readonly expiresAt: number | null;
  /** When it was issued, epoch milliseconds; null when Vault does not say. */
  readonly issuedAt: number | null;
  /** TTL it was issued with, milliseconds; null when Vault does not say. */
  readonly issuedTtlMs: number | null;
  /** When it ends whatever is renewed, epoch milliseconds; null when there is no explicit maximum. */
  readonly explicitMaxExpiresAt: number | null;
  /** Why renewing cannot change its life; empty when it can. */
  readonly fixed: string;
  readonly entityId: string | null;
  readonly role: string;
}

/** What can be done at Vault with one kind of credential. */
export interface CredentialKind {
  /** @returns its life, or undefined when Vault has no such credential (any more) */
  lookup(reference: string, options?: RequestOptions): Promise<Life | undefined>;
  /** Set the remaining life, up to what Vault allows; `incrementS` counts from now, seconds, 1 and up. */
  renew(reference: string, incrementS: number, options?: RequestOptions): Promise<void>;
  /** End it now. Doing it again is no error. */
  revoke(reference: string, options?: RequestOptions): Promise<void>;
  /** Why its holder can lengthen its life without us; empty when it cannot. */
  stretchableBecause(reference: string, options?: RequestOptions): Promise<string>;
}

/**
 * Join Vault's exact expiry (its clock) with its whole-second TTL (no clock) into the life by our clock.
 *
 * Clocks that differ show as an expiry that the TTL contradicts; then the TTL counts.
 *
 * @param expireTime - RFC 3339, or null when it never ends
 * @param ttlS - whole seconds left, rounded down
 * @param nowMs - our clock, epoch milliseconds
 */
export const lifeFrom = (
  expireTime: string | null | undefined,
  ttlS: number,
  nowMs: number,
): { remainingMs: number | null; expiresAt: number | null } => {
  if (!expireTime)
    return ttlS > 0
      ? { remainingMs: ttlS * 1000, expiresAt: nowMs + ttlS * 1000 }
      : { remainingMs: null, expiresAt: null };
  const stated = Date.parse(expireTime);
  const exact = stated - nowMs;
  const skewed = exact < ttlS * 1000 - 1_000 || exact > (ttlS + 2) * 1000;
  const remainingMs = Math.max(0, skewed ? ttlS * 1000 + 500 : exact);
  return { remainingMs, expiresAt: nowMs + remainingMs };
};
