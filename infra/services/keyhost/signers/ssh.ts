import { isEbbtideError } from '../../../../schemas/errors.ts';
import type { Authentication, Credential } from '../../../../schemas/generated/index.ts';
import { Problem } from '../../../http/problem.ts';
import type { VaultClient } from '../../../vault/client.ts';
import { registered, type SignedKey, type Signer } from './signer.ts';
import { readSshCertificate } from './sshCertificate.ts';
import { isSshKey } from './sshKey.ts';

/** Vault counts a certificate's life from its own clock: tries until its end is the one decided, or earlier. */
const tries = 3;

const refused = (): Problem =>
  new Problem(400, 'key-refused', 'The public key is refused; it must be a line of an OpenSSH public key');

/**
 * SSH user certificates of an SSH engine. Vault keeps nothing of them and can revoke none: their key id is that of the
 * register, by which a key revocation list of OpenSSH (`ssh-keygen -k`) denies them.
 */
export class SshSigner implements Signer {
  readonly kind = 'ssh';
  readonly takes = 'publicKey';
  readonly revocable = false;
  readonly #vault: VaultClient;
  readonly #place: { readonly mount: string; readonly role: string };
  readonly #now: () => number;

  constructor(vault: VaultClient, place: { readonly mount: string; readonly role: string }, now: () => number) {
    this.#vault = vault;
    this.#place = place;
    this.#now = now;
  }

  check(publicKey: string): void {
    if (!isSshKey(publicKey)) throw refused();
  }

  async sign(authentication: Authentication, publicKey: string): Promise<SignedKey> {
    const { mount } = this.#place;
    const authority = await this.#vault.read<{ public_key: string }>(`${mount}/config/ca`);
    let late = 0;
    for (let i = 0; i < tries; i++) {
      const ttlS = Math.floor((authentication.expiresAt - this.#now() - late) / 1000);
      if (ttlS < 1) break;
      const { serial_number: serial, signed_key: certificate } = await this.#ask(authentication, publicKey, ttlS);
      late += Math.max(0, readSshCertificate(certificate).validTo - authentication.expiresAt);
      if (readSshCertificate(certificate).validTo <= authentication.expiresAt)
        return { kind: 'ssh', serial, certificate: certificate.trim(), issuingCa: authority.data.public_key.trim() };
    }
    throw new Problem(503, 'key-not-signed', 'Vault signs no key that ends in time; compare its clock with ours');
  }

  /** Vault keeps none of them: one of the same end and key id is as good, and denied along with it. */
  again(authentication: Authentication, publicKey: string): Promise<SignedKey> {
    return this.sign(authentication, publicKey);
  }

  async revoke(): Promise<void> {}

  credentialOf({ serial }: SignedKey, authentication: Authentication): Credential {
    return registered(authentication, { kind: 'key', reference: serial, ...this.#place, shortening: 'none' });
  }

  async #ask({ user, credentialId }: Authentication, publicKey: string, ttlS: number) {
    const { mount, role } = this.#place;
    const body = {
      public_key: publicKey,
      cert_type: 'user',
      valid_principals: user,
      key_id: credentialId,
      ttl: `${ttlS}s`,
      extensions: { 'permit-pty': '' },
    };
    const path = `${mount}/sign/${encodeURIComponent(role)}`;
    const { data } = await this.#vault
      .write<{ serial_number: string; signed_key: string }>(path, body, { operation: 'signKey' })
      .catch((error: unknown) => {
        throw isEbbtideError(error, 'VAULT_REJECTED') ? refused() : error;
      });
    return data;
  }
}
