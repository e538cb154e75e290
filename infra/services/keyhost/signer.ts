import { isEbbtideError } from '../../../schemas/errors.ts';
import type { Authentication, Credential } from '../../../schemas/generated/index.ts';
import { Problem } from '../../http/problem.ts';
import type { VaultClient } from '../../vault/client.ts';
import { CertificateKind } from '../../vault/kinds/certificate.ts';
import type { KeyhostConfig } from './config.ts';

/** A certificate as its holder gets it. */
export interface SignedKey {
  readonly serial: string;
  readonly certificate: string;
  readonly issuingCa: string;
}

/** Has Vault sign users' keys. */
export class Signer {
  readonly #vault: VaultClient;
  readonly #keys: KeyhostConfig['keys'];
  readonly #kind: CertificateKind;

  constructor(vault: VaultClient, keys: KeyhostConfig['keys'], now: () => number) {
    this.#vault = vault;
    this.#keys = keys;
    this.#kind = new CertificateKind(vault, now, keys.mount);
  }

  /**
   * A certificate for the public key of a request, whose end is the one decided, whenever it is signed.
   *
   * @throws {Problem} 400 where Vault refuses the request
   * @throws {EbbtideError} what else Vault failed with
   */
  async sign({ user, credentialId, expiresAt }: Authentication, csr: string): Promise<SignedKey> {
    const { data } = await this.#vault
      .write<{ certificate: string; issuing_ca: string; serial_number: string }>(
        `${this.#keys.mount}/sign/${encodeURIComponent(this.#keys.role)}`,
        {
          csr,
          common_name: user,
          exclude_cn_from_sans: true,
          uri_sans: `ebbtide:key:${credentialId}`,
          not_after: new Date(expiresAt).toISOString().replace(/\.\d+Z$/, 'Z'),
        },
        { operation: 'signKey' },
      )
      .catch((error: unknown) => {
        if (!isEbbtideError(error, 'VAULT_REJECTED')) throw error;
        throw new Problem(
          400,
          'csr-refused',
          'The certificate request is refused; it must be sound, of an EC or RSA key',
        );
      });
    return { serial: data.serial_number, certificate: data.certificate, issuingCa: data.issuing_ca };
  }

  /** What was signed before; undefined where it has ended or was revoked. */
  async fetch(serial: string): Promise<SignedKey | undefined> {
    if (!(await this.#kind.lookup(serial))) return undefined;
    const read = (name: string) =>
      this.#vault.read<{ certificate: string }>(`${this.#keys.mount}/cert/${encodeURIComponent(name)}`);
    const [own, ca] = await Promise.all([read(serial), read('ca')]);
    return { serial, certificate: own.data.certificate, issuingCa: ca.data.certificate };
  }

  revoke(serial: string): Promise<void> {
    return this.#kind.revoke(serial);
  }

  /** The key's entry in the register. */
  credentialOf({ serial }: SignedKey, authentication: Authentication): Credential {
    const { credentialId, user, session, endpoint, decidedAt, expiresAt } = authentication;
    const ttlMs = Math.max(1, expiresAt - decidedAt);
    return {
      credentialId,
      kind: 'certificate',
      reference: serial,
      mount: this.#keys.mount,
      role: this.#keys.role,
      entityId: null,
      function: endpoint,
      instance: user,
      event: session,
      issuedAt: decidedAt,
      expiresAt,
      ttlMs,
      maxTtlMs: ttlMs,
      explicitMaxExpiresAt: expiresAt,
      shortening: 'revocable',
      status: 'active',
    };
  }
}
