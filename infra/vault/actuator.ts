import { EbbtideError, isEbbtideError } from '../../schemas/errors.ts';
import type { Credential, Effect } from '../../schemas/generated/index.ts';
import type { RequestOptions, VaultClient } from './client.ts';
import { CertificateKind } from './kinds/certificate.ts';
import type { CredentialKind, Life } from './kinds/kind.ts';
import { LeaseKind } from './kinds/lease.ts';
import { TokenKind } from './kinds/token.ts';

/** What is to become of a credential's life. */
export interface Intent {
  readonly action: 'extend' | 'shorten' | 'revoke';
  /** Remaining life wanted, milliseconds, 0 and up; not used to revoke. */
  readonly ttlMs: number;
  /**
   * When the decision was written, epoch milliseconds. An extension counts from here, so that applying it twice, or
   * late, never gives more than was decided. A shortening counts from its application: while Vault was away the
   * credential opened nothing.
   */
  readonly writtenAt: number;
}

/** What became of it. */
export interface Application {
  readonly outcome: Effect['outcome'];
  /** Why, in a sentence for people. */
  readonly detail: string;
  /** Why it was skipped; empty otherwise. */
  readonly skipped: '' | 'late';
  readonly remainingMs: number | null;
  readonly expiresAt: number | null;
  /** Vault no longer has the credential. */
  readonly ended: boolean;
}

/** Vault keeps whole seconds, and its answer takes time. */
const roundingMs = 1_500;

/**
 * Changes the life of credentials at Vault and reads back what Vault really did.
 *
 * Every action is idempotent: it looks first, and does nothing where what is wanted already holds.
 */
export class Actuator {
  readonly #vault: VaultClient;
  readonly #now: () => number;

  constructor(vault: VaultClient, now: () => number = Date.now) {
    this.#vault = vault;
    this.#now = now;
  }

  /** How this kind of credential is looked up, renewed and revoked; undefined where Vault keeps nothing of it. */
  kindOf(credential: Pick<Credential, 'kind' | 'mount'>): CredentialKind | undefined {
    if (credential.kind === 'token') return new TokenKind(this.#vault, this.#now);
    if (credential.kind === 'lease') return new LeaseKind(this.#vault, this.#now);
    if (credential.kind === 'certificate') return new CertificateKind(this.#vault, this.#now, credential.mount);
    return undefined;
  }

  /** What Vault says of the credential's life; undefined when it has ended, or Vault knows nothing of this kind. */
  async lookup(credential: Credential, options?: RequestOptions): Promise<Life | undefined> {
    return this.kindOf(credential)?.lookup(credential.reference, options);
  }

  /**
   * Carry out an intent, and say what Vault really did.
   *
   * @throws {EbbtideError} of Vault, where it is away, sealed, limits the rate, forbids or fails; nothing is certain then
   */
  async apply(credential: Credential, intent: Intent, options: RequestOptions = {}): Promise<Application> {
    const kind = this.kindOf(credential);
    if (!kind)
      return impossible(
        `Vault keeps no life of a credential of kind ${credential.kind}: replace it at its engine`,
        null,
      );
    if (intent.action === 'revoke') return this.#revoke(kind, credential, options);
    const life = await kind.lookup(credential.reference, options);
    if (!life) return { ...impossible('Vault does not know it: it has ended, or never existed', null), ended: true };
    return intent.action === 'extend'
      ? this.#extend(kind, credential, life, intent, options)
      : this.#shorten(kind, credential, life, intent, options);
  }

  async #extend(kind: CredentialKind, credential: Credential, life: Life, intent: Intent, options: RequestOptions) {
    // At a renewal the explicit maximum of a token's role replaces its own, so ours has to be kept here
    const latest = Math.min(credential.explicitMaxExpiresAt ?? Infinity, life.explicitMaxExpiresAt ?? Infinity);
    const decidedMs = intent.writtenAt + Math.min(intent.ttlMs, credential.maxTtlMs) - this.#now();
    const wantedMs = Math.min(decidedMs, latest - this.#now());
    if (decidedMs < 1_000)
      return {
        ...enforced('The extension would have run out by now', life),
        outcome: 'skipped',
        skipped: 'late',
      } as const;
    if (life.remainingMs === null || life.remainingMs >= wantedMs - 1_000)
      return enforced(
        wantedMs < decidedMs ? 'It already lives as long as its maximum allows' : 'It already lives at least that long',
        life,
      );
    if (life.fixed) return impossible(`It cannot be extended: ${life.fixed}`, life);
    const whole = wantedMs < decidedMs ? Math.floor(wantedMs / 1000) : Math.ceil(wantedMs / 1000);
    const after = await renewed(kind, credential.reference, whole, options);
    if (!after) return { ...impossible('It ended while it was being extended', null), ended: true };
    if (after.remainingMs !== null && after.remainingMs < decidedMs - roundingMs)
      return enforced(`Extended as far as its maximum allows, to ${seconds(after)} left`, after);
    return enforced(`Extended to ${seconds(after)} left`, after);
  }

  async #shorten(kind: CredentialKind, credential: Credential, life: Life, intent: Intent, options: RequestOptions) {
    const fits = (found: Life) => found.remainingMs !== null && found.remainingMs <= intent.ttlMs + roundingMs;
    if (life.remainingMs !== null && life.remainingMs <= intent.ttlMs)
      return this.#grade(kind, credential, life, 'It already ends sooner', options);
    if (life.fixed) return impossible(`It cannot be shortened: ${life.fixed}; revoking it is possible`, life);
    const whole = Math.max(1, Math.floor(intent.ttlMs / 1000));
    const after = await renewed(kind, credential.reference, whole, options);
    if (!after) return { ...enforced('Shortened, and it has ended', undefined), ended: true };
    if (!fits(after)) return impossible(`Vault kept ${seconds(after)} of its life; revoking it is possible`, after);
    return this.#grade(kind, credential, after, `Shortened to ${seconds(after)} left`, options);
  }

  /** enforced, or advisory where the holder could undo it. */
  async #grade(
    kind: CredentialKind,
    credential: Credential,
    life: Life,
    done: string,
    options: RequestOptions,
  ): Promise<Application> {
    if (life.fixed) return enforced(done, life);
    const because = await kind.stretchableBecause(credential.reference, options);
    if (because === '') return enforced(done, life);
    return { ...enforced(`${done}, but its holder can undo that: ${because}`, life), outcome: 'advisory' };
  }

  async #revoke(kind: CredentialKind, credential: Credential, options: RequestOptions): Promise<Application> {
    try {
      await kind.revoke(credential.reference, options);
    } catch (error) {
      if (!isUnknown(error)) throw error;
      return impossible(`It cannot be revoked: ${(error as Error).message}`, null);
    }
    const after = await kind.lookup(credential.reference, options);
    if (after)
      throw new EbbtideError('VAULT_UNAVAILABLE', 'Vault still has a credential that it revoked', {
        status: 200,
        onlyThis: true,
      });
    return { ...enforced('Revoked: Vault no longer accepts it', undefined), ended: true };
  }
}

/** Its life after it was renewed; undefined when it ended meanwhile. */
const renewed = async (
  kind: CredentialKind,
  reference: string,
  incrementS: number,
  options: RequestOptions,
): Promise<Life | undefined> => {
  try {
    await kind.renew(reference, incrementS, options);
  } catch (error) {
    if (!isEbbtideError(error, 'VAULT_NOT_FOUND')) throw error;
  }
  return kind.lookup(reference, options);
};

/** Vault cannot revoke what it never stored (`no_store`). */
const isUnknown = (error: unknown): boolean =>
  error instanceof EbbtideError && (error.code === 'VAULT_NOT_FOUND' || error.code === 'VAULT_REJECTED');

const seconds = (life: Life): string =>
  life.remainingMs === null ? 'no end' : `${Math.round(life.remainingMs / 1000)} s`;

const enforced = (detail: string, life: Life | undefined): Application => ({
  outcome: 'enforced',
  detail,
  skipped: '',
  remainingMs: life ? life.remainingMs : 0,
  expiresAt: life ? life.expiresAt : null,
  ended: false,
});

const impossible = (detail: string, life: Life | null): Application => ({
  outcome: 'impossible',
  detail,
  skipped: '',
  remainingMs: life ? life.remainingMs : null,
  expiresAt: life ? life.expiresAt : null,
  ended: false,
});
