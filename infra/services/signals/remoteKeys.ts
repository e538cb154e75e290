import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose';
import { EbbtideError } from '../../../schemas/errors.ts';
import { type Outbound, type Reach, textOf } from '../../http/outbound.ts';

const largestDocument = 256_000;
const timeoutMs = 10_000;
/** Least time between two fetches for keys that are not there: whoever makes up key ids must not cost more. */
const cooldownMs = 5_000;

/** Get a JSON document of another party. @throws {EbbtideError} `REQUEST_INVALID` for another answer than 200 */
export const getDocument = async (
  url: string,
  { allowHttp, allowPrivateAddress }: Reach,
  outbound: Outbound,
): Promise<string> => {
  const answer = await outbound.request({ url, timeoutMs, allowHttp, allowPrivateAddress });
  const text = await textOf(answer.body, largestDocument);
  if (answer.status !== 200)
    throw new EbbtideError('REQUEST_INVALID', `${url} answered ${answer.status}`, { url, status: answer.status });
  return text;
};

/** Keys at an address: fetched when first needed, kept, and fetched anew for a key that is not among them. */
export const remoteKeys = (uri: string, reach: Reach, outbound: Outbound): JWTVerifyGetKey =>
  createRemoteJWKSet(new URL(uri), {
    cooldownDuration: cooldownMs,
    [customFetch]: async (url: string) =>
      new Response(await getDocument(url, reach, outbound), {
        status: 200,
        headers: { 'content-type': 'application/json' },
      }),
  });
