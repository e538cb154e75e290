import { EbbtideError } from '../../schemas/errors.ts';
import type { IndicatorKind } from '../../schemas/generated/index.ts';
import { type Network, networkOf, rangeOf, unfitNetwork } from './address.ts';
import type { FeedConfig, FeedLimits } from './config.ts';
import { FeedTable } from './feedTable.ts';
import { NetworkColumns } from './networkColumns.ts';

/** What was left out of a feed, by reason. */
export interface LeftOut {
  /** Rows that could not be read. */
  malformed: number;
  /** Patterns and kinds of indicators that are not understood. */
  notUnderstood: number;
  /** Networks that take in too much to mean anything. */
  tooWide: number;
  /** Private and reserved networks. */
  notPublic: number;
  /** Indicators that had ended before they came. */
  ended: number;
  /** Indicators that are not valid yet. */
  later: number;
}

/** What a feed says of one indicator. */
export interface Statement {
  readonly kind: Exclude<IndicatorKind, 'unknown'>;
  readonly value: string;
  /** 0 to 100; the feed's own when absent. */
  readonly confidence?: number | undefined;
  /** Epoch milliseconds; some time after now when absent. */
  readonly validUntil?: number | undefined;
}

const longestName = 253;
/** As much of a user agent as API telemetry keeps. */
export const longestUserAgent = 256;

/** Takes in the statements of a feed as they are read, and makes a table of them. */
export class Gathering {
  readonly leftOut: LeftOut = { malformed: 0, notUnderstood: 0, tooWide: 0, notPublic: 0, ended: 0, later: 0 };
  readonly #feed: FeedConfig;
  readonly #limits: FeedLimits;
  readonly #nowMs: number;
  readonly #v4 = new NetworkColumns(1);
  readonly #v6 = new NetworkColumns(4);
  readonly #names: FeedTable;
  #rows = 0;
  #nextFrom: number | undefined;

  /** @param nowMs - when the feed confirmed what it says, epoch milliseconds */
  constructor(feed: FeedConfig, limits: FeedLimits, nowMs: number) {
    this.#feed = feed;
    this.#limits = limits;
    this.#nowMs = nowMs;
    this.#names = new FeedTable(feed.name);
  }

  /** Count a row that could not be read. */
  malformed(): void {
    this.#rows++;
    this.leftOut.malformed++;
  }

  notUnderstood(): void {
    this.leftOut.notUnderstood++;
  }

  /** Leave out an indicator that becomes valid later, epoch milliseconds. */
  later(validFrom: number): void {
    this.leftOut.later++;
    this.#nextFrom = Math.min(this.#nextFrom ?? validFrom, validFrom);
  }

  /** When the first of those becomes valid, epoch milliseconds. */
  get nextFrom(): number | undefined {
    return this.#nextFrom;
  }

  /**
   * @returns whether the value is an indicator of its kind, even where it is left out
   * @throws {EbbtideError} `FEED_INVALID` beyond the largest number of indicators
   */
  add({ kind, value, confidence = this.#feed.confidence, validUntil }: Statement): boolean {
    const networks = kind === 'address' ? networksOf(value) : undefined;
    if (kind === 'address' ? !networks : !isName(kind, value)) return false;
    if (!(confidence >= 0 && confidence <= 100)) return false;
    this.#rows++;
    // Without an end of its own, as long as the feed goes on confirming it
    const end = validUntil ?? this.#nowMs + this.#feed.maxAgeMs;
    if (!(end > this.#nowMs)) {
      this.leftOut.ended++;
      return true;
    }
    const rest = { confidence: Math.round(confidence), validUntil: end };
    if (networks) for (const network of networks) this.#network({ ...network, ...rest });
    else
      this.#names.add({
        kind,
        value: kind === 'domain' ? value.toLowerCase().replace(/\.$/, '') : value.slice(0, longestUserAgent),
        ...rest,
      });
    const size = this.#v4.size + this.#v6.size + this.#names.size;
    if (size > this.#limits.maxIndicators)
      throw new EbbtideError(
        'FEED_INVALID',
        `Feed ${this.#feed.name} has more than ${this.#limits.maxIndicators} indicators; raise threat.maxIndicators, or take a smaller feed`,
        { feed: this.#feed.name },
      );
    return true;
  }

  #network(entry: Network & { confidence: number; validUntil: number }): void {
    const unfit = unfitNetwork(entry);
    if (unfit === 'tooWide' || (unfit && !this.#feed.allowPrivate)) this.leftOut[unfit]++;
    else (entry.words.length === 1 ? this.#v4 : this.#v6).push(entry);
  }

  /**
   * The table of everything that was taken in.
   *
   * @throws {EbbtideError} `FEED_INVALID` where too many rows were malformed, or nothing is left
   */
  async finish(): Promise<FeedTable> {
    const { name } = this.#feed;
    const { malformed } = this.leftOut;
    if (malformed > this.#limits.maxMalformed * this.#rows)
      throw new EbbtideError(
        'FEED_INVALID',
        `Feed ${name} has ${malformed} unreadable rows of ${this.#rows}; see that its address and its format are right`,
        { feed: name, malformed, rows: this.#rows },
      );
    const table = this.#names;
    const sets = table.networkSets;
    await this.#v4.addTo(sets.v4);
    await this.#v6.addTo(sets.v6);
    if (table.size > 0) return table;
    const why = Object.entries(this.leftOut).filter(([, count]) => count > 0);
    const detail = why.length === 0 ? 'it is empty' : why.map(([reason, count]) => `${count} ${reason}`).join(', ');
    throw new EbbtideError('FEED_INVALID', `Feed ${name} holds no indicator that can be used: ${detail}`, {
      feed: name,
    });
  }
}

const networksOf = (value: string): readonly Network[] | undefined => {
  const network = networkOf(value);
  if (network) return [network];
  const dash = value.indexOf('-');
  return dash < 0 ? undefined : rangeOf(value.slice(0, dash).trim(), value.slice(dash + 1).trim());
};

const isName = (kind: IndicatorKind, value: string): boolean =>
  kind === 'userAgent'
    ? value.trim() !== ''
    : value.length <= longestName && /^(?=.*[a-z])[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})+\.?$/i.test(value);
