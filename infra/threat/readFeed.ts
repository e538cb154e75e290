import { EbbtideError } from '../../schemas/errors.ts';
import type { FeedConfig, FeedLimits } from './config.ts';
import type { FeedTable } from './feedTable.ts';
import { Gathering, type LeftOut } from './gathering.ts';
import { listReader, longestLine } from './listFormat.ts';
import { stixReader } from './stixFormat.ts';

/** A feed that has been read. */
export interface ReadFeed {
  readonly table: FeedTable;
  readonly leftOut: Readonly<LeftOut>;
  /** When the first indicator that is not valid yet becomes so, epoch milliseconds; undefined where there is none. */
  readonly nextFrom: number | undefined;
}

/**
 * Read a feed piece by piece. Memory follows the number of indicators, not the size of the text; the event loop is
 * given back between pieces.
 *
 * @param bytes - the feed's text, UTF-8
 * @param nowMs - when the feed confirmed it, epoch milliseconds
 * @throws {EbbtideError} `FEED_INVALID` where it is no text, not of its format, too large, mostly unreadable or empty
 * @example
 * const { table } = await readFeed(createReadStream('drop.txt'), feed, limits, Date.now());
 */
export const readFeed = async (
  bytes: AsyncIterable<Uint8Array>,
  feed: FeedConfig,
  limits: FeedLimits,
  nowMs: number,
): Promise<ReadFeed> => {
  const into = new Gathering(feed, limits, nowMs);
  const refuse = (why: string, cause?: unknown) =>
    new EbbtideError('FEED_INVALID', `Feed ${feed.name} ${why}`, { feed: feed.name }, cause);
  const text = new TextDecoder('utf-8', { fatal: true });
  let stix: ReturnType<typeof stixReader> | undefined;
  let line: ((text: string) => void) | undefined;
  let rest = '';
  let read = 0;

  const takeText = (piece: string) => {
    if (!stix && !line) {
      const begin = piece.trimStart();
      if (begin === '') return;
      const format = feed.format === 'auto' ? (begin.startsWith('{') ? 'stix' : 'list') : feed.format;
      if (begin.startsWith('<')) throw refuse('is a web page or XML, not a list of indicators');
      if (format === 'stix') stix = stixReader(feed.name, into, nowMs);
      else line = listReader(feed, into);
    }
    if (!line) return;
    const lines = (rest + piece).split(/\r?\n/);
    rest = lines.pop()!;
    if (rest.length > longestLine) throw refuse(`has a line of more than ${longestLine} characters`);
    for (const one of lines) line(one);
  };

  for await (const piece of bytes) {
    const at = piece.indexOf(0);
    if (at >= 0) throw refuse(`is not text: byte ${read + at} is zero`);
    read += piece.length;
    if (read > limits.maxBytes) throw refuse(`is larger than ${limits.maxBytes} bytes; raise threat.maxBytes`);
    let decoded: string;
    try {
      decoded = text.decode(piece, { stream: true });
    } catch (cause) {
      throw refuse(`is not text in UTF-8, somewhere before byte ${read}`, cause);
    }
    takeText(decoded);
    stix?.write(piece);
    await new Promise(setImmediate);
  }
  if (line && rest !== '') line(rest);
  stix?.end();
  return { table: await into.finish(), leftOut: into.leftOut, nextFrom: into.nextFrom };
};
