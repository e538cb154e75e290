import type { ThreatIndicator } from '../../schemas/generated/index.ts';
import type { ThreatMatch } from '../../schemas/threat.ts';
import { addressWords, networkOf, networkText } from './address.ts';
import { NetworkSet } from './networkSet.ts';

/** What of a call can be recognised. */
export interface CallTraits {
  readonly address?: string | null;
  readonly userAgent?: string;
  /** Domain that the caller comes from, where whoever observed the call knows one. */
  readonly domain?: string;
}

interface Named {
  readonly confidence: number;
  readonly validUntil: number;
}

/**
 * The indicators of one version of one feed, to be looked up.
 *
 * @example
 * table.add({ kind: 'address', value: '192.0.2.0/24', confidence: 90, validUntil });
 * table.matches({ address: '192.0.2.7' }, Date.now()); // [{ feed, indicator: '192.0.2.0/24', confidence: 90 }]
 */
export class FeedTable {
  readonly feed: string;
  readonly #v4 = new NetworkSet(1);
  readonly #v6 = new NetworkSet(4);
  readonly #domains = new Map<string, Named>();
  readonly #userAgents = new Map<string, Named>();

  constructor(feed: string) {
    this.feed = feed;
  }

  /** The networks, for whoever has them in order. */
  get networkSets(): { readonly v4: NetworkSet; readonly v6: NetworkSet } {
    return { v4: this.#v4, v6: this.#v6 };
  }

  get size(): number {
    return this.#v4.size + this.#v6.size + this.#domains.size + this.#userAgents.size;
  }

  /**
   * Add an indicator; networks must come in order of {@link NetworkSet.add}, IPv4 and IPv6 each for themselves.
   *
   * @throws {RangeError} for a network that is none or is out of order
   */
  add({ kind, value, confidence, validUntil }: ThreatIndicator): void {
    if (kind === 'address') {
      const network = networkOf(value);
      if (!network) throw new RangeError(`Indicator ${value} is no network`);
      (network.words.length === 1 ? this.#v4 : this.#v6).add({ ...network, confidence, validUntil });
    } else if (kind !== 'unknown') {
      const named = kind === 'domain' ? this.#domains : this.#userAgents;
      const key = kind === 'domain' ? value.toLowerCase() : value;
      const before = named.get(key);
      if (!before || before.confidence <= confidence) named.set(key, { confidence, validUntil });
    }
  }

  /**
   * What a call matches of this feed. A domain matches its subdomains too; a user agent matches as a whole.
   *
   * @param atMs - when the call arrived, epoch milliseconds
   */
  matches({ address, userAgent, domain }: CallTraits, atMs: number): ThreatMatch[] {
    const found: ThreatMatch[] = [];
    const words = address ? addressWords(address) : undefined;
    if (words)
      (words.length === 1 ? this.#v4 : this.#v6).find(words, atMs, (entry) =>
        found.push({ feed: this.feed, indicator: networkText(entry), confidence: entry.confidence }),
      );
    const take = (named: ReadonlyMap<string, Named>, key: string) => {
      const entry = named.get(key);
      if (entry && atMs < entry.validUntil)
        found.push({ feed: this.feed, indicator: key, confidence: entry.confidence });
    };
    if (userAgent && this.#userAgents.size > 0) take(this.#userAgents, userAgent);
    if (domain && this.#domains.size > 0) {
      const labels = domain.toLowerCase().replace(/\.$/, '').split('.');
      for (let at = 0; at < labels.length - 1; at++) take(this.#domains, labels.slice(at).join('.'));
    }
    return found;
  }

  /** All indicators, in an order in which {@link add} takes them. */
  *indicators(): IterableIterator<ThreatIndicator> {
    for (const set of [this.#v4, this.#v6])
      for (const entry of set.entries())
        yield {
          kind: 'address',
          value: networkText(entry),
          confidence: entry.confidence,
          validUntil: entry.validUntil,
        };
    for (const [kind, named] of [
      ['domain', this.#domains],
      ['userAgent', this.#userAgents],
    ] as const)
      for (const [value, entry] of named) yield { kind, value, ...entry };
  }
}
