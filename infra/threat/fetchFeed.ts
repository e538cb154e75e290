import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EbbtideError } from '../../schemas/errors.ts';
import type { Outbound } from '../http/outbound.ts';
import type { FeedConfig } from './config.ts';

/** What tells whether a feed has changed. */
export interface Validators {
  readonly etag?: string | undefined;
  readonly lastModified?: string | undefined;
}

/** What a poll brought. */
export type Fetched =
  | { readonly changed: false }
  | { readonly changed: true; readonly digest: string; readonly bytes: number; readonly validators: Validators };

/** What {@link fetchFeed} works with. */
export interface FetchParts {
  readonly outbound: Outbound;
  readonly maxBytes: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const tooLarge = (name: string, maxBytes: number) =>
  new EbbtideError('FEED_INVALID', `Feed ${name} is larger than ${maxBytes} bytes; raise threat.maxBytes`, {
    feed: name,
  });

/**
 * Fetch a feed into a file, unless it has not changed since.
 *
 * @param to - file that is written
 * @throws {EbbtideError} `FEED_UNAVAILABLE`, `FEED_INVALID` where it is too large, or `ADDRESS_FORBIDDEN`
 */
export const fetchFeed = async (
  feed: FeedConfig,
  known: Validators,
  to: string,
  parts: FetchParts,
): Promise<Fetched> => {
  const unavailable = (why: string, cause?: unknown) =>
    new EbbtideError('FEED_UNAVAILABLE', `Feed ${feed.name} cannot be had: ${why}`, { feed: feed.name }, cause);
  if (feed.file !== undefined) {
    const found = await stat(feed.file).catch((cause: unknown) => {
      throw unavailable(`${feed.file} cannot be read`, cause);
    });
    if (!found.isFile()) throw unavailable(`${feed.file} is no file`);
    const lastModified = `${found.mtimeMs} ${found.size}`;
    if (lastModified === known.lastModified) return { changed: false };
    return {
      changed: true,
      validators: { lastModified },
      ...(await copy(createReadStream(feed.file), feed, to, parts)),
    };
  }
  const token = feed.tokenFile === undefined ? undefined : (await readFile(feed.tokenFile, 'utf8')).trim();
  const answer = await parts.outbound
    .request({
      url: feed.url ?? '',
      headers: {
        accept:
          'application/stix+json;version=2.1, application/taxii+json;version=2.1, text/plain, text/csv, */*;q=0.1',
        ...(known.etag === undefined ? {} : { 'if-none-match': known.etag }),
        ...(known.lastModified === undefined ? {} : { 'if-modified-since': known.lastModified }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      timeoutMs: parts.timeoutMs,
      signal: AbortSignal.any([parts.signal, AbortSignal.timeout(parts.timeoutMs)]),
      allowHttp: feed.allowHttp,
      allowPrivateAddress: feed.allowPrivateAddress,
    })
    .catch((error: unknown) => {
      if (error instanceof EbbtideError) throw error;
      throw unavailable((error as Error).message, error);
    });
  if (answer.status !== 200) answer.body.destroy();
  if (answer.status === 304) return { changed: false };
  const { location } = answer.headers;
  // Redirects are not followed: they could lead anywhere, and take the token with them
  if (location !== undefined)
    throw unavailable(
      `the server answered ${answer.status} and points to ${location}; name that as its url if it is right`,
    );
  if (answer.status !== 200) throw unavailable(`the server answered ${answer.status}`);
  const { etag, 'last-modified': lastModified } = answer.headers;
  const validators = {
    ...(typeof etag === 'string' ? { etag } : {}),
    ...(typeof lastModified === 'string' ? { lastModified } : {}),
  };
  try {
    return { changed: true, validators, ...(await copy(answer.body, feed, to, parts)) };
  } catch (error) {
    if (error instanceof EbbtideError) throw error;
    throw unavailable((error as Error).message, error);
  }
};

const copy = async (
  from: Readable,
  { name }: FeedConfig,
  to: string,
  { maxBytes, signal }: FetchParts,
): Promise<{ digest: string; bytes: number }> => {
  const hash = createHash('sha256');
  let bytes = 0;
  const count = new Transform({
    transform(piece: Buffer, _encoding, done) {
      bytes += piece.length;
      hash.update(piece);
      done(bytes > maxBytes ? tooLarge(name, maxBytes) : null, piece);
    },
  });
  await pipeline(from, count, createWriteStream(to, { mode: 0o600 }), { signal });
  return { digest: hash.digest('hex'), bytes };
};
