import { X509Certificate } from 'node:crypto';
import type { SecureContextOptions } from 'node:tls';
import type { Logger } from '../../log.ts';
import type { VaultClient } from '../../vault/client.ts';
import type { KeyhostConfig } from './config.ts';

const retryMs = 30_000;

/** The key host's own certificate, with its key, and the authority that endpoints must be of. */
export interface ServerCertificate {
  readonly context: SecureContextOptions;
  readonly serial: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/** Have Vault issue the key host a certificate. @throws {EbbtideError} what Vault failed with */
export const issueServerCertificate = async (vault: VaultClient, config: KeyhostConfig): Promise<ServerCertificate> => {
  const { tls, names, addresses } = config;
  const { data } = await vault.write<{
    certificate: string;
    issuing_ca: string;
    ca_chain?: string[];
    private_key: string;
    serial_number: string;
  }>(
    `${tls.mount}/issue/${encodeURIComponent(tls.role)}`,
    {
      common_name: names[0],
      alt_names: names.join(','),
      ip_sans: addresses.join(','),
      ttl: `${Math.ceil(tls.ttlMs / 1000)}s`,
    },
    { operation: 'issueServerCertificate' },
  );
  return {
    context: {
      cert: [data.certificate, ...(data.ca_chain ?? [])].join('\n'),
      key: data.private_key,
      ca: data.ca_chain?.length ? data.ca_chain : [data.issuing_ca],
      minVersion: 'TLSv1.3',
    },
    serial: data.serial_number,
    expiresAt: Date.parse(new X509Certificate(data.certificate).validTo),
  };
};

/** Keeps a server's certificate fresh: connections that are open stay open, new ones get the new certificate. */
export class CertificateRotation {
  current: ServerCertificate;
  readonly #renew: () => Promise<ServerCertificate>;
  readonly #use: (certificate: ServerCertificate) => void;
  readonly #log: Logger;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param use - puts a certificate to use, without ending connections */
  constructor(
    first: ServerCertificate,
    renew: () => Promise<ServerCertificate>,
    use: (certificate: ServerCertificate) => void,
    log: Logger,
  ) {
    this.current = first;
    this.#renew = renew;
    this.#use = use;
    this.#log = log;
    this.#schedule();
  }

  /** Replace the certificate now. */
  async rotate(): Promise<void> {
    const next = await this.#renew();
    this.#use(next);
    this.current = next;
    this.#log.info({ serial: next.serial, expiresAt: next.expiresAt }, 'server certificate replaced');
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  /** After two thirds of its life, and after a failure again soon. */
  #schedule(failed = false): void {
    if (this.#closed) return;
    const leftMs = this.current.expiresAt - Date.now();
    const inMs = failed ? Math.min(retryMs, Math.max(1_000, leftMs / 10)) : Math.max(1_000, (leftMs * 2) / 3);
    this.#timer = setTimeout(() => {
      this.rotate().then(
        () => this.#schedule(),
        (error: Error) => {
          this.#log.error({ error: error.message }, 'server certificate could not be replaced');
          this.#schedule(true);
        },
      );
    }, inMs);
    this.#timer.unref();
  }
}
