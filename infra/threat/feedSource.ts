import { createReadStream } from 'node:fs';
import { EbbtideError, isEbbtideError } from '../../schemas/errors.ts';
import { withRetry } from '../vault/retry.ts';
import type { FeedConfig, ThreatConfig } from './config.ts';
import { type FetchParts, fetchFeed } from './fetchFeed.ts';
import type { FeedNote, KeptFeed } from './keptFeed.ts';
import { type ReadFeed, readFeed } from './readFeed.ts';

/** A version of a feed that is to be in force. */
export interface FeedVersion extends ReadFeed {
  readonly feed: string;
  readonly version: string;
}

/** What came of looking for something new. */
export type PollOutcome =
  | { readonly kind: 'unchanged'; readonly feed: string }
  | ({ readonly kind: 'version' } & FeedVersion)
  | { readonly kind: 'failed'; readonly feed: string; readonly error: EbbtideError; readonly lastGoodAt: number };

/** The head of the version of a feed that is in force on Kafka. */
export interface FeedHead {
  readonly version: string;
  /** Indicators. */
  readonly total: number;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** What {@link FeedSource} works with. */
export interface FeedSourceParts extends Omit<FetchParts, 'maxBytes' | 'maxPages' | 'timeoutMs'> {
  readonly kept: KeptFeed;
  readonly config: ThreatConfig;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Smaller feeds may change as they like. */
const shrinkMatters = 10;

/** One feed: looks for something new, and keeps the last good version. */
export class FeedSource {
  readonly feed: FeedConfig;
  readonly #parts: FeedSourceParts;
  readonly #head: FeedHead | undefined;
  #note: FeedNote | undefined;

  private constructor(feed: FeedConfig, parts: FeedSourceParts, head?: FeedHead, note?: FeedNote) {
    this.feed = feed;
    this.#parts = parts;
    this.#head = head;
    this.#note = note;
  }

  /** @param head - what a new version is measured by where the disk has lost the last good one */
  static async open(feed: FeedConfig, parts: FeedSourceParts, head?: FeedHead): Promise<FeedSource> {
    return new FeedSource(feed, parts, head, await parts.kept.note());
  }

  /**
   * The last good version, where it is not the one in force: after a restart with other brokers, or in the middle of
   * putting it in force.
   */
  async restore(): Promise<PollOutcome> {
    const unchanged = { kind: 'unchanged', feed: this.feed.name } as const;
    const note = this.#note;
    if (!note || note.version === this.#head?.version) return unchanged;
    try {
      return await this.#again(note, note.confirmedAt);
    } catch (error) {
      if (!(error instanceof EbbtideError)) throw error;
      return unchanged;
    }
  }

  /** Look for something new. Never throws for what is wrong with the feed: the last good version stays. */
  async poll(): Promise<PollOutcome> {
    const { name } = this.feed;
    try {
      return await this.#poll();
    } catch (error) {
      await this.#parts.kept.discard();
      if (!(error instanceof EbbtideError)) throw error;
      return { kind: 'failed', feed: name, error, lastGoodAt: this.#note?.confirmedAt ?? this.#head?.at ?? 0 };
    }
  }

  async #poll(): Promise<PollOutcome> {
    const { config, kept, now, signal } = this.#parts;
    const note = this.#note;
    const fetched = await withRetry(
      () => fetchFeed(this.feed, note ?? {}, kept.candidatePath, { ...this.#parts, ...config }),
      { retries: config.tries - 1, backoffMs: 500, maxBackoffMs: 10_000 },
      (error) => isEbbtideError(error, 'FEED_UNAVAILABLE'),
      signal,
    );
    const nowMs = now();
    const validators = fetched.changed ? fetched.validators : {};
    if (note && (!fetched.changed || fetched.digest === note.digest)) {
      await kept.discard();
      this.#note = { ...note, ...validators, confirmedAt: nowMs };
      await kept.write(this.#note);
      // Ends that the feed does not state itself move on with its confirmations
      const ageing = nowMs - note.publishedAt >= this.feed.maxAgeMs / 2;
      const begun = note.nextFrom !== undefined && note.nextFrom <= nowMs;
      if (!ageing && !begun) return { kind: 'unchanged', feed: this.feed.name };
      return this.#again(this.#note, nowMs);
    }
    if (!fetched.changed)
      throw new EbbtideError('FEED_UNAVAILABLE', `Feed ${this.feed.name} has not changed since a version that is lost`);
    const read = await readFeed(createReadStream(kept.candidatePath), this.feed, config, nowMs);
    this.#checkSize(read.table.size);
    const { digest } = fetched;
    const version = versionOf(digest, nowMs);
    const { nextFrom } = read;
    const total = read.table.size;
    this.#note = { digest, ...validators, total, nextFrom, confirmedAt: nowMs, version, publishedAt: nowMs };
    await kept.accept(this.#note);
    return { kind: 'version', feed: this.feed.name, version, ...read };
  }

  #checkSize(total: number): void {
    const before = this.#note?.total ?? this.#head?.total ?? 0;
    const { name, maxShrink } = this.feed;
    if (before < shrinkMatters || total >= before * (1 - maxShrink)) return;
    throw new EbbtideError(
      'FEED_SHRUNK',
      `Feed ${name} shrank from ${before} to ${total} indicators, by more than ${Math.round(maxShrink * 100)} %; the last good version stays. If this is right, raise maxShrink of the feed until it is taken in`,
      { feed: name, before, total },
    );
  }

  /** The kept version once more, under a new name. */
  async #again(note: FeedNote, confirmedAt: number): Promise<PollOutcome> {
    const { config, kept, now } = this.#parts;
    const { name } = this.feed;
    const read = await readFeed(createReadStream(kept.path), this.feed, config, confirmedAt).catch((cause: unknown) => {
      // The next poll fetches it anew, whether it has changed or not
      this.#note = { ...note, digest: '', etag: undefined, lastModified: undefined };
      if (cause instanceof EbbtideError) throw cause;
      throw new EbbtideError('FEED_INVALID', `Feed ${name} cannot be read again from ${kept.path}`, {}, cause);
    });
    const nowMs = now();
    const version = versionOf(note.digest, nowMs);
    this.#note = { ...note, total: read.table.size, nextFrom: read.nextFrom, version, publishedAt: nowMs };
    await kept.write(this.#note);
    return { kind: 'version', feed: this.feed.name, version, ...read };
  }
}

const versionOf = (digest: string, nowMs: number): string => `${digest.slice(0, 12)}-${nowMs}`;
