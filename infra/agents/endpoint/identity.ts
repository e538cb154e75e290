import { X509Certificate } from 'node:crypto';
import type { VaultClient } from '../../vault/client.ts';
import { endpointRole, keyhostMounts } from '../../vault/prepareKeyhost.ts';

/** What an endpoint shows the key host, and by what it knows it. */
export interface EndpointIdentity {
  readonly cert: string;
  readonly key: string;
  /** The authority that the key host's certificate must be of. */
  readonly ca: string;
  /** When it is to be replaced, epoch milliseconds: after two thirds of its life. */
  readonly renewAt: number;
}

/**
 * Have Vault issue an endpoint its certificate.
 *
 * @param name - common name, which `keyhost.endpoints` must allow
 * @throws {EbbtideError} what Vault failed with
 */
export const issueEndpointIdentity = async (vault: VaultClient, name: string): Promise<EndpointIdentity> => {
  const { data } = await vault.write<{ certificate: string; private_key: string; issuing_ca: string }>(
    `${keyhostMounts.endpoints}/issue/${endpointRole}`,
    { common_name: name, ttl: '24h' },
    { operation: 'issueEndpointCertificate' },
  );
  const { validFrom, validTo } = new X509Certificate(data.certificate);
  const [from, to] = [Date.parse(validFrom), Date.parse(validTo)];
  return { cert: data.certificate, key: data.private_key, ca: data.issuing_ca, renewAt: from + ((to - from) * 2) / 3 };
};
