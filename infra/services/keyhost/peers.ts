import type { TLSSocket } from 'node:tls';
import { LastSeen } from '../../../operators/actuate/lastSeen.ts';
import { Problem } from '../../http/problem.ts';
import type { VaultClient } from '../../vault/client.ts';
import { CertificateKind } from '../../vault/kinds/certificate.ts';
import { fits } from '../token/callers.ts';

const remembered = 10_000;

/** Tells which endpoint is at the other end of a connection, and whether its certificate still counts. */
export class Peers {
  readonly #certificates: CertificateKind;
  readonly #allowed: readonly string[];
  readonly #recheckMs: number;
  readonly #now: () => number;
  readonly #sound = new LastSeen<string, number>(remembered);

  /** @param now - epoch milliseconds */
  constructor(
    vault: VaultClient,
    options: { readonly mount: string; readonly allowed: readonly string[]; readonly recheckMs: number },
    now: () => number,
  ) {
    this.#certificates = new CertificateKind(vault, now, options.mount);
    this.#allowed = options.allowed;
    this.#recheckMs = options.recheckMs;
    this.#now = now;
  }

  /**
   * The common name of the endpoint. TLS has verified the certificate when the connection began; a connection may outlive
   * it, so that expiry and revocation are looked at again.
   *
   * @throws {Problem} 401 for a certificate that has ended or was revoked, 403 for an endpoint that may not ask
   * @throws {EbbtideError} where Vault does not say whether a certificate was revoked: in doubt nobody is let in
   */
  async identify(socket: TLSSocket): Promise<string> {
    const { subject, serialNumber, valid_to: validTo } = socket.getPeerCertificate();
    if (!socket.authorized || !serialNumber)
      throw new Problem(401, 'certificate-required', 'Connect with a client certificate of the endpoints’ authority');
    const ended = () => new Problem(401, 'certificate-ended', 'The client certificate has ended or was revoked');
    if (Date.parse(validTo) <= this.#now()) throw ended();
    const name = [subject.CN].flat()[0] ?? '';
    if (!fits(this.#allowed, name)) throw new Problem(403, 'forbidden', `Endpoint "${name}" may not ask for keys`);
    const serial = serialNumber.toLowerCase().match(/../g)!.join(':');
    const soundAt = this.#sound.get(serial);
    if (soundAt !== undefined && this.#now() - soundAt < this.#recheckMs) return name;
    if (!(await this.#certificates.lookup(serial))) throw ended();
    this.#sound.set(serial, this.#now());
    return name;
  }
}
