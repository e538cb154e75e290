import { isEbbtideError } from '../../../../schemas/errors.ts';
import type { Authentication, Credential } from '../../../../schemas/generated/index.ts';
import { Problem } from '../../../http/problem.ts';
import type { VaultClient } from '../../../vault/client.ts';
import { CertificateKind } from '../../../vault/kinds/certificate.ts';
import { isCertificateRequest } from './certificateRequest.ts';
import { registered, type SignedKey, type Signer } from './signer.ts';

const refused = (): Problem =>
  new Problem(400, 'csr-refused', 'The certificate request is refused; it must be sound, of an EC, Ed25519 or RSA key');

/** Client certificates of a PKI engine: Vault keeps and revokes them by their serial number. */
export class CertificateSigner implements Signer {
  readonly kind = 'certificate';
  readonly takes = 'csr';
  readonly revocable = true;
  readonly #vault: VaultClient;
  readonly #place: { readonly mount: string; readonly role: string };
  readonly #kept: CertificateKind;

  constructor(vault: VaultClient, place: { readonly mount: string; readonly role: string }, now: () => number) {
    this.#vault = vault;
    this.#place = place;
    this.#kept = new CertificateKind(vault, now, place.mount);
  }

  check(csr: string): void {
    if (!isCertificateRequest(csr)) throw refused();
  }

  async sign({ user, credentialId, expiresAt }: Authentication, csr: string): Promise<SignedKey> {
    const { data } = await this.#vault
      .write<{ certificate: string; issuing_ca: string; serial_number: string }>(
        `${this.#place.mount}/sign/${encodeURIComponent(this.#place.role)}`,
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
        throw isEbbtideError(error, 'VAULT_REJECTED') ? refused() : error;
      });
    return {
      kind: 'certificate',
      serial: data.serial_number,
      certificate: data.certificate,
      issuingCa: data.issuing_ca,
    };
  }

  async again({ serial }: Authentication): Promise<SignedKey | undefined> {
    if (!(await this.#kept.lookup(serial))) return undefined;
    const read = (name: string) =>
      this.#vault.read<{ certificate: string }>(`${this.#place.mount}/cert/${encodeURIComponent(name)}`);
    const [own, ca] = await Promise.all([read(serial), read('ca')]);
    return { kind: 'certificate', serial, certificate: own.data.certificate, issuingCa: ca.data.certificate };
  }

  revoke(serial: string): Promise<void> {
    return this.#kept.revoke(serial);
  }

  credentialOf({ serial }: SignedKey, authentication: Authentication): Credential {
    const { mount, role } = this.#place;
    return registered(authentication, { kind: 'certificate', reference: serial, mount, role, shortening: 'revocable' });
  }
}
