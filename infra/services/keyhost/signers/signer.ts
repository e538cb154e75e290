import type { Authentication, Credential } from '../../../../schemas/generated/index.ts';

/** Kinds of key that the key host has Vault sign. */
export const keyKinds = ['certificate', 'ssh', 'jwt'] as const;
/** See {@link keyKinds}. */
export type KeyKind = (typeof keyKinds)[number];

/** A key as its holder gets it; the private half never left them. */
export interface SignedKey {
  readonly kind: KeyKind;
  /** By which it is revoked, or denied. */
  readonly serial: string;
  /** What was signed: a certificate in PEM form, a line of an OpenSSH certificate, or a JWT. */
  readonly certificate: string;
  /** What it is verified by: a certificate in PEM form, a line of an OpenSSH public key, or a public key in PEM form. */
  readonly issuingCa: string;
}

/** Has Vault sign users' keys of one kind. */
export interface Signer {
  readonly kind: KeyKind;
  /** Member of a request that holds what is signed. */
  readonly takes: 'csr' | 'publicKey';
  /** Whether Vault can revoke what was signed. */
  readonly revocable: boolean;
  /**
   * Look at what would be signed, without Vault: what is refused must change nothing.
   *
   * @throws {Problem} 400 where the material is refused
   */
  check(material: string): void;
  /**
   * A key whose end is the one decided, or earlier by what its form rounds, whenever it is signed.
   *
   * @param material - certificate request, or public key
   * @throws {Problem} 400 where the material is refused
   * @throws {EbbtideError} what else Vault failed with
   */
  sign(authentication: Authentication, material: string): Promise<SignedKey>;
  /** The key that was signed before, or one like it with the same end; undefined where it was revoked. */
  again(authentication: Authentication, material: string): Promise<SignedKey | undefined>;
  /** Revoke at Vault; does nothing where it cannot. */
  revoke(serial: string): Promise<void>;
  /** The key's entry in the register. */
  credentialOf(signed: SignedKey, authentication: Authentication): Credential;
}

/** The key's entry in the register. @param how - what Vault calls it, and whether it can be revoked there */
export const registered = (
  { credentialId, user, session, endpoint, decidedAt, expiresAt }: Authentication,
  how: Pick<Credential, 'kind' | 'reference' | 'mount' | 'role' | 'shortening'>,
): Credential => {
  const ttlMs = Math.max(1, expiresAt - decidedAt);
  return {
    credentialId,
    ...how,
    entityId: null,
    function: endpoint,
    instance: user,
    event: session,
    issuedAt: decidedAt,
    expiresAt,
    ttlMs,
    maxTtlMs: ttlMs,
    explicitMaxExpiresAt: expiresAt,
    status: 'active',
  };
};
