import type { ProvisionMethod } from '../../schemas/generated/index.ts';
import type { Pair } from './names.ts';

/** What is known of a stored secret without reading it. */
export interface StoredSecret {
  readonly pair: Pair;
  readonly decisionId: string;
  readonly method: ProvisionMethod;
  /** What the issuer calls the credential; may be empty. */
  readonly reference: string;
  /** By what the credential can be ended before its time; may be empty. */
  readonly revocation: string;
  /** The recipient that it is sealed to. */
  readonly recipient: string;
  /** Hash of the user's own SSH key that a certificate was made for; absent or empty where there is none. */
  readonly sshKeyHash?: string | undefined;
  /** By what the stored secret can be destroyed, and not read. */
  readonly accessor: string;
  /** Epoch milliseconds. */
  readonly mintedAt: number;
  /** When the credential ends by itself, epoch milliseconds. */
  readonly expiresAt: number;
}

/** The right to store a secret for a pair; it counts until it runs out or is used. */
export interface Claim {
  readonly pair: Pair;
  readonly decisionId: string;
  /** The store's own fence against those who claimed before or after. */
  readonly fence: number;
  /** The secret that lay there for an earlier decision, and is destroyed by the claim; its credential is to be ended. */
  readonly replaced?: StoredSecret;
}

/** What a claim came to: a right, a secret that this decision has stored before, or somebody else's right. */
export type ClaimOutcome =
  | { readonly kind: 'claimed'; readonly claim: Claim }
  | { readonly kind: 'stored'; readonly stored: StoredSecret }
  | { readonly kind: 'done' }
  | { readonly kind: 'held'; readonly untilMs: number };

/**
 * A secret that was taken out. `sealed` is absent where it had ended by its time, somebody else had taken it, or the store was
 * lost half-way: nobody will get it then, and its credential is to be ended.
 */
export interface Taken {
  readonly stored: StoredSecret;
  readonly sealed?: string;
}

/**
 * Where sealed secrets lie until they are handed over. Vault is the default ({@link VaultSecretStore}); a service that
 * rests on an enclave or a hardware module implements the same eight functions.
 *
 * What an implementation must hold to, across processes: of all concurrent claims on a pair one is granted; of all
 * concurrent {@link take}s one gets the secret, and none gets it twice; a secret is gone after its TTL even if nobody
 * asks; whoever reads the store's own records alone learns no secret. Secrets come sealed to their user, so that the
 * store need not be trusted with their content.
 */
export interface SecretStore {
  /**
   * Claim the right to store a secret for a pair. One claim for a decision is granted only once it has run out, and
   * never after the secret was taken or destroyed (`done`).
   *
   * @param untilMs - when the claim runs out, epoch milliseconds
   * @throws {EbbtideError} where the store is away
   */
  claim(pair: Pair, decisionId: string, untilMs: number): Promise<ClaimOutcome>;
  /**
   * Store a sealed secret.
   *
   * @param ttlMs - after which it is gone, milliseconds, 1000 and up
   * @returns undefined where the claim was lost meanwhile; nothing is left behind then
   */
  put(
    claim: Claim,
    sealed: string,
    facts: Omit<StoredSecret, 'pair' | 'decisionId' | 'accessor'>,
    ttlMs: number,
  ): Promise<StoredSecret | undefined>;
  /** Give a claim back that came to nothing, so that it need not run out. */
  release(claim: Claim): Promise<void>;
  /** What lies there for a pair, without taking it. */
  peek(pair: Pair): Promise<StoredSecret | undefined>;
  /**
   * Take the secret out, once.
   *
   * @returns undefined where there is none, or somebody else was first
   * @throws {EbbtideError} where the store is away, and nothing was taken
   */
  take(pair: Pair): Promise<Taken | undefined>;
  /**
   * Destroy what lies there, unless `spare` says otherwise.
   *
   * @returns what was destroyed; undefined where there was nothing, or somebody else was first
   */
  destroy(pair: Pair, spare?: (stored: StoredSecret) => boolean): Promise<StoredSecret | undefined>;
  /**
   * See whether what ought to lie there does, without taking it.
   *
   * @returns false, once, where it is gone before its time though nobody was handed it; {@link destroy} then tells what it was
   */
  verify(pair: Pair): Promise<boolean>;
  /** Every pair that the store knows; of one user where named. */
  pairs(user?: string): Promise<readonly Pair[]>;
}
