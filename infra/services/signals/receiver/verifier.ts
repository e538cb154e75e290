import { createHash } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, errors, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { z } from 'zod';
import type { SecurityEventClaims } from '../../../../schemas/securityEvents.ts';
import type { Peer, ReceiverConfig } from '../config.ts';
import { SetError } from './setError.ts';

/** A token that has been checked. */
export interface VerifiedSet {
  readonly claims: SecurityEventClaims;
  /** SHA-256 of the token, hexadecimal. */
  readonly digest: string;
  /** URI of its one event. */
  readonly event: string;
}

const claimsSchema = z.looseObject({
  iss: z.string(),
  jti: z.string().min(1).max(500),
  iat: z.number(),
  aud: z.union([z.string(), z.array(z.string()).min(1)]),
  txn: z.string().max(500).optional(),
  sub_id: z.looseObject({ format: z.string().min(1).max(100) }),
  events: z.record(z.string(), z.looseObject({})),
  exp: z.undefined({ error: 'must not be there' }).optional(),
  sub: z.undefined({ error: 'must not be there' }).optional(),
});

const refuse = (err: SetError['err'], description: string) => new SetError(err, description);

/**
 * Check a security event token of a transmitter: its type, signature, issuer, audience, time and form.
 *
 * Source: RFC 8417; RFC 8935, section 2.4; SSF 1.0, section 4.1; CAEP interoperability profile 1.0, section 2
 *
 * @param token - as it was sent
 * @param keys - of the transmitter
 * @param nowMs - epoch milliseconds
 * @throws {SetError} with the code to answer
 */
export const verifySet = async (
  token: string,
  peer: Peer,
  keys: JWTVerifyGetKey,
  config: Pick<ReceiverConfig, 'audience' | 'maxAgeMs' | 'skewMs' | 'maxBytes'>,
  nowMs: number,
): Promise<VerifiedSet> => {
  if (token.length > config.maxBytes) throw refuse('invalid_request', `Token is larger than ${config.maxBytes} bytes`);
  // Issuer first: keys are looked for only where they belong to it
  let issuer: unknown;
  let type: unknown;
  let algorithm: unknown;
  try {
    issuer = decodeJwt(token).iss;
    ({ typ: type, alg: algorithm } = decodeProtectedHeader(token));
  } catch {
    throw refuse('invalid_request', 'The body is not a signed JWT');
  }
  if (issuer !== peer.issuer) throw refuse('invalid_issuer', 'The issuer (iss) is not one whose tokens are taken here');
  if (
    String(type)
      .toLowerCase()
      .replace(/^application\//, '') !== 'secevent+jwt'
  )
    throw refuse('invalid_request', 'The type (typ) must be secevent+jwt');
  if (algorithm !== 'RS256') throw refuse('invalid_key', 'The token must be signed with RS256');
  let payload: unknown;
  try {
    ({ payload } = await jwtVerify(token, keys, { algorithms: ['RS256'], clockTolerance: Number.MAX_SAFE_INTEGER }));
  } catch (error) {
    throw signatureError(error);
  }
  const parsed = claimsSchema.safeParse(payload);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw refuse('invalid_request', `Claim ${issue?.path.join('.')}: ${issue?.message}`);
  }
  const claims = parsed.data as unknown as SecurityEventClaims;
  const audience = [claims.aud].flat();
  if (!audience.some((one) => config.audience.includes(one as string)))
    throw refuse('invalid_audience', 'The audience (aud) is not this receiver');
  const ageMs = nowMs - claims.iat * 1000;
  if (ageMs > config.maxAgeMs + config.skewMs)
    throw refuse('invalid_request', 'The token was issued (iat) too long ago');
  if (ageMs < -config.skewMs) throw refuse('invalid_request', 'The token was issued (iat) in the future');
  const types = Object.keys(claims.events);
  if (types.length !== 1) throw refuse('invalid_request', `There must be one event, got ${types.length}`);
  return { claims, digest: createHash('sha256').update(token).digest('hex'), event: types[0]! };
};

const signatureError = (error: unknown): unknown => {
  if (error instanceof errors.JWSSignatureVerificationFailed || error instanceof errors.JWKSNoMatchingKey)
    return refuse('invalid_key', 'The signature does not fit any key of the issuer');
  if (error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired)
    return refuse('invalid_request', `Claim ${error.claim} is wrong`);
  if (error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout))
    return refuse('invalid_request', 'The body is not a signed JWT that can be read');
  // The issuer's keys cannot be had: the sender is to try again
  return error;
};
