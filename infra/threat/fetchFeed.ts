import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { appendFile, readFile, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EbbtideError } from '../../schemas/errors.ts';
import type { Outbound, OutboundAnswer } from '../http/outbound.ts';
import type { FeedConfig } from './config.ts';
import { isEnvelope, pageSeparator, watchPage } from './taxiiPages.ts';

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
  /** Most pages of a TAXII collection. */
  readonly maxPages: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const tooLarge = (name: string) =>
  new EbbtideError('FEED_INVALID', `Feed ${name} is larger than threat.maxBytes allows; raise it`, { feed: name });

/**
 * Fetch a feed into a file, unless it has not changed since; all pages of a TAXII collection.
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
    const hash = createHash('sha256');
    const bytes = await copy(createReadStream(feed.file), feed, to, parts, (piece) => hash.update(piece), 'w');
    return { changed: true, digest: hash.digest('hex'), bytes, validators: { lastModified } };
  }
  return await fetchPages(feed, known, to, parts, unavailable);
};

type Unavailable = (why: string, cause?: unknown) => EbbtideError;

/** Fetch a URL, and where it is a TAXII collection all of its pages, one after the other into the same file. */
const fetchPages = async (
  feed: FeedConfig,
  known: Validators,
  to: string,
  parts: FetchParts,
  unavailable: Unavailable,
): Promise<Fetched> => {
  const invalid = (why: string) => new EbbtideError('FEED_INVALID', `Feed ${feed.name} ${why}`, { feed: feed.name });
  const token = feed.tokenFile === undefined ? undefined : (await readFile(feed.tokenFile, 'utf8')).trim();
  const hash = createHash('sha256');
  const asked = new Set<string>();
  let bytes = 0;
  let validators: Validators = {};
  for (let url = feed.url ?? ''; ; ) {
    asked.add(url);
    const first = asked.size === 1;
    const answer = await request(feed, url, { token, known: first ? known : {} }, parts, unavailable);
    if (answer.status === 304) return { changed: false };
    const page = isEnvelope(answer) ? watchPage(url, answer) : undefined;
    const room = { ...parts, maxBytes: parts.maxBytes - bytes };
    const take = (piece: Uint8Array) => {
      hash.update(piece);
      page?.write(piece);
    };
    try {
      bytes += await copy(answer.body, feed, to, room, take, first ? 'w' : 'a');
    } catch (error) {
      if (error instanceof EbbtideError) throw error;
      throw unavailable((error as Error).message, error);
    }
    if (first) validators = validatorsOf(answer);
    const next = page?.next();
    // That the first page has not changed says nothing of the others
    if (next === undefined)
      return { changed: true, digest: hash.digest('hex'), bytes, validators: first ? validators : {} };
    if (next === 'unnamed') throw invalid('says that it has more pages, and not how to ask for the next');
    if (asked.has(next.href)) throw invalid('names a page as its next that has been read already');
    if (asked.size >= parts.maxPages)
      throw invalid(`has more than ${parts.maxPages} pages; raise threat.maxPages, or narrow its URL by match[type]`);
    await appendFile(to, pageSeparator);
    url = next.href;
  }
};

const request = async (
  feed: FeedConfig,
  url: string,
  { token, known }: { readonly token: string | undefined; readonly known: Validators },
  parts: FetchParts,
  unavailable: Unavailable,
): Promise<OutboundAnswer> => {
  const answer = await parts.outbound
    .request({
      url,
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
  if (answer.status === 200) return answer;
  answer.body.destroy();
  if (answer.status === 304) return answer;
  const { location } = answer.headers;
  // Redirects are not followed: they could lead anywhere, and take the token with them
  if (location !== undefined)
    throw unavailable(
      `the server answered ${answer.status} and points to ${location}; name that as its url if it is right`,
    );
  throw unavailable(`the server answered ${answer.status}`);
};

const validatorsOf = ({ headers }: OutboundAnswer): Validators => {
  const { etag, 'last-modified': lastModified } = headers;
  return {
    ...(typeof etag === 'string' ? { etag } : {}),
    ...(typeof lastModified === 'string' ? { lastModified } : {}),
  };
};

/** @returns bytes written */
const copy = async (
  from: Readable,
  { name }: FeedConfig,
  to: string,
  { maxBytes, signal }: Pick<FetchParts, 'maxBytes' | 'signal'>,
  take: (piece: Uint8Array) => void,
  flags: 'w' | 'a',
): Promise<number> => {
  let bytes = 0;
  const count = new Transform({
    transform(piece: Buffer, _encoding, done) {
      bytes += piece.length;
      take(piece);
      done(bytes > maxBytes ? tooLarge(name) : null, piece);
    },
  });
  await pipeline(from, count, createWriteStream(to, { mode: 0o600, flags }), { signal });
  return bytes;
};
