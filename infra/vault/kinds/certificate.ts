import { X509Certificate } from 'node:crypto';
import { isEbbtideError } from '../../../schemas/errors.ts';
import type { RequestOptions, VaultClient } from '../client.ts';
import type { CredentialKind, Life } from './kind.ts';

interface CertificateData {
  readonly certificate: string;
  readonly revocation_time: number;
}

/** Certificates of a PKI engine, by serial number: they have no lease, so they can be revoked and not shortened. */
export class CertificateKind implements CredentialKind {
  readonly #vault: VaultClient;
  readonly #now: () => number;
  readonly #mount: string;

  constructor(vault: VaultClient, now: () => number, mount: string) {
    this.#vault = vault;
    this.#now = now;
    this.#mount = mount;
  }

  async lookup(serial: string, options: RequestOptions = {}): Promise<Life | undefined> {
    try {
      const { data } = await this.#vault.read<CertificateData>(`${this.#mount}/cert/${encodeURIComponent(serial)}`, {
        operation: 'lookupCertificate',
        ...options,
      });
      if (data.revocation_time > 0) return undefined;
      const { validFrom, validTo } = new X509Certificate(data.certificate);
      const expiresAt = Date.parse(validTo);
      if (expiresAt <= this.#now()) return undefined;
      return {
        remainingMs: expiresAt - this.#now(),
        expiresAt,
        issuedAt: Date.parse(validFrom),
        issuedTtlMs: expiresAt - Date.parse(validFrom),
        explicitMaxExpiresAt: expiresAt,
        fixed: 'the expiry of a certificate is signed into it',
        entityId: null,
        role: '',
      };
    } catch (error) {
      if (isEbbtideError(error, 'VAULT_NOT_FOUND')) return undefined;
      throw error;
    }
  }

  async renew(): Promise<void> {
    throw new TypeError('A certificate cannot be renewed; issue another');
  }

  async revoke(serial: string, options: RequestOptions = {}): Promise<void> {
    try {
      await this.#vault.write(
        `${this.#mount}/revoke`,
        { serial_number: serial },
        { operation: 'revokeCertificate', ...options },
      );
    } catch (error) {
      if (!isEbbtideError(error, 'VAULT_REJECTED') || !/already (expired|revoked)/i.test(error.message)) throw error;
    }
  }

  async stretchableBecause(): Promise<string> {
    return '';
  }
}
