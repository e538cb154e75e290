import { z } from 'zod';
import { isEbbtideError } from '../../../schemas/errors.ts';
import { type Batch, readBatch } from '../../agents/browser/batch.ts';
import { Problem } from '../../http/problem.ts';

const identifier = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._:-]{7,127}$/,
    'expected 8 to 128 letters, digits, dots, colons, dashes or underscores',
  );
const csr = z
  .string()
  .max(8_192)
  .regex(/^-----BEGIN CERTIFICATE REQUEST-----/, 'expected a certificate request in PEM form');
const publicKey = z
  .string()
  .max(8_192)
  .regex(
    /^(ssh-|sk-|ecdsa-|-----BEGIN PUBLIC KEY-----)/,
    'expected a line of an OpenSSH public key, or a public key in PEM form',
  );
/** What is signed: a certificate request where keys are certificates, else a public key. */
const material = { csr: csr.optional(), publicKey: publicKey.optional() };
const batch = z.string().min(2).describe('A batch of the browser agent, as it came');

/** Body of `POST /v1/authentications`. */
export const authenticationRequest = z.strictObject({
  /** Made by the endpoint; repeating a request with it gives the same key. */
  requestId: identifier,
  /** Whoever signs in, as the endpoint calls them; kept nowhere but as a keyed hash. */
  user: z.string().min(1).max(256),
  ...material,
  /** Absent where the user gave no consent: nothing is kept then. */
  batch: batch.optional(),
  /** Whether the user has shown by strong means who they are, such as a second factor. */
  strong: z.boolean().default(false),
  /** Begin to learn this person anew, of which strong authentication is a condition. */
  enrol: z.boolean().default(false),
});
export type AuthenticationRequest = z.output<typeof authenticationRequest>;

/** Body of `POST /v1/keys/:id/reissue`. */
export const reissueRequest = z.strictObject({ requestId: identifier, ...material });
export type ReissueRequest = z.output<typeof reissueRequest>;

/** Body of `POST /v1/keys/:id/behaviour`. */
export const behaviourRequest = z.strictObject({ batch });

/**
 * What of a request is to be signed.
 *
 * @param takes - member that keys of the configured kind are made of
 * @throws {Problem} 400 for a request with another
 */
export const materialOf = (
  request: { readonly csr?: string | undefined; readonly publicKey?: string | undefined },
  takes: 'csr' | 'publicKey',
): string => {
  const other = takes === 'csr' ? 'publicKey' : 'csr';
  const given = request[takes];
  if (given !== undefined && request[other] === undefined) return given;
  throw new Problem(400, 'request-invalid', `This key host signs keys of another kind: send ${takes}, and no ${other}`);
};

/**
 * Read a batch that an endpoint passes on.
 *
 * @throws {Problem} 400 or 413 in the words of the reader
 */
export const batchOf = (text: string, receivedAt: number): Batch => {
  try {
    return readBatch(text, receivedAt);
  } catch (error) {
    if (isEbbtideError(error, 'RECORD_TIME_IMPLAUSIBLE')) throw new Problem(400, 'time-implausible', error.message);
    if (isEbbtideError(error, 'REQUEST_INVALID'))
      throw error.details.bytes === undefined
        ? new Problem(400, 'batch-invalid', error.message)
        : new Problem(413, 'batch-too-large', error.message);
    throw error;
  }
};
