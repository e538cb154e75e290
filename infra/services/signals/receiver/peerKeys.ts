import type { JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import { EbbtideError } from '../../../../schemas/errors.ts';
import type { Outbound } from '../../../http/outbound.ts';
import type { Peer } from '../config.ts';
import { getDocument, remoteKeys } from '../remoteKeys.ts';

const metadataSchema = z.looseObject({
  issuer: z.string(),
  jwks_uri: z.url().optional(),
  configuration_endpoint: z.url().optional(),
  verification_endpoint: z.url().optional(),
});

/** What a transmitter says of itself (SSF 1.0, section 7.1). */
export type TransmitterMetadata = z.output<typeof metadataSchema>;

/** Where a transmitter's configuration is, by its issuer (SSF 1.0, section 7.2). */
export const metadataUrl = (issuer: string): string => {
  const { origin, pathname } = new URL(issuer);
  return `${origin}/.well-known/ssf-configuration${pathname.replace(/\/$/, '')}`;
};

/**
 * The configuration of a transmitter.
 *
 * @throws {EbbtideError} `REQUEST_INVALID` where it is another issuer's
 */
export const getMetadata = async (peer: Peer, outbound: Outbound): Promise<TransmitterMetadata> => {
  const url = metadataUrl(peer.issuer);
  const metadata = metadataSchema.parse(JSON.parse(await getDocument(url, peer, outbound)));
  if (metadata.issuer !== peer.issuer)
    throw new EbbtideError(
      'REQUEST_INVALID',
      `${url} is the configuration of ${metadata.issuer}, not of ${peer.issuer}`,
    );
  return metadata;
};

/** The keys of a transmitter: fetched when first needed, kept, and fetched anew for a key that is not among them. */
export const peerKeys = (peer: Peer, outbound: Outbound): JWTVerifyGetKey => {
  let keys: Promise<JWTVerifyGetKey> | undefined;
  const open = async (): Promise<JWTVerifyGetKey> => {
    const uri = peer.jwksUri ?? (await getMetadata(peer, outbound)).jwks_uri;
    if (uri === undefined) throw new EbbtideError('REQUEST_INVALID', `${peer.issuer} publishes no keys (jwks_uri)`);
    return remoteKeys(uri, peer, outbound);
  };
  return async (header, token) => {
    keys ??= open();
    try {
      return await (await keys)(header, token);
    } catch (error) {
      if (error instanceof EbbtideError) keys = undefined;
      throw error;
    }
  };
};
