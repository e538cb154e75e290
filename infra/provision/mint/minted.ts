import type { ProvisionMethod } from '../../../schemas/generated/index.ts';
import type { Target } from '../config.ts';
import type { Pair } from '../names.ts';

/** What is to be made, for whom. */
export interface MintRequest<T extends Target = Target> {
  readonly pair: Pair;
  readonly target: T;
  /** Life of the credential, milliseconds, 1000 and up; whole seconds at Vault. */
  readonly ttlMs: number;
  /** The user's own SSH public key; where there is one, no key pair is made. */
  readonly sshPublicKey: string | undefined;
}

/** What sees to it that what was made half is ended, by its {@link Minted.revocation}. */
export interface Abandoning {
  readonly abandon: (revocation: string) => Promise<void>;
}

/** A fresh credential. It exists in this process alone, until it is sealed. */
export interface Minted {
  readonly method: ProvisionMethod;
  /** What is sealed to the user: members by name, such as `privateKey` or `password`. */
  readonly secret: Readonly<Record<string, unknown>>;
  /** What the issuer calls it; empty where it has no name. */
  readonly reference: string;
  /** By what it can be ended before its time: accessor of the lease's token, id of the password's verifier; else empty. */
  readonly revocation: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/** Whole seconds of a life, 1 and up, never longer than asked for. */
export const wholeSeconds = (ms: number): number => Math.max(1, Math.floor(ms / 1000));

/** Fill `{user}` and `{vm}` in. */
export const filledIn = (template: string, { user, vm }: Pair): string =>
  template.replace(/\{(user|vm)\}/g, (_, key: 'user' | 'vm') => ({ user, vm })[key]);
