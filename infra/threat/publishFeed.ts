import type { TopicCodec } from '../../schemas/codec.ts';
import type { ThreatIndicator, ThreatIndicators } from '../../schemas/generated/index.ts';
import type { OutgoingMessage } from '../kafka/types.ts';
import type { FeedVersion } from './feedSource.ts';

/** Indicators in one record: some 15 KB, and less than a millisecond for a reader. */
const partSize = 500;
const recordsAtOnce = 40;

/** Puts versions of feeds in force on topic `threat-indicators`. */
export class FeedPublisher {
  readonly #send: (messages: readonly OutgoingMessage[]) => Promise<void>;
  readonly #codec: TopicCodec<ThreatIndicators>;
  readonly #now: () => number;
  /** Keys on the topic that are no tombstones, by feed. */
  readonly #keys = new Map<string, Set<string>>();

  /** @param send - writes messages and waits until Kafka has them */
  constructor(
    send: (messages: readonly OutgoingMessage[]) => Promise<void>,
    codec: TopicCodec<ThreatIndicators>,
    now: () => number,
  ) {
    this.#send = send;
    this.#codec = codec;
    this.#now = now;
  }

  /** Take in what is on the topic already. */
  recall(key: string, record: ThreatIndicators | undefined): void {
    const feed = key.split('/')[0]!;
    const keys = this.#keys.get(feed) ?? new Set();
    this.#keys.set(feed, keys);
    if (record) keys.add(key);
    else keys.delete(key);
  }

  /** Write the parts of a version, then its head, then tombstones for what is out of force by that. */
  async publish({ feed, version, table }: FeedVersion): Promise<void> {
    const at = this.#now();
    const total = table.size;
    const parts = Math.ceil(total / partSize);
    const record = (part: number, indicators: ThreatIndicator[]): OutgoingMessage => {
      const key = part < 0 ? feed : `${feed}/${version}/${part}`;
      this.recall(key, {} as ThreatIndicators);
      const value = this.#codec.encode({ key, feed, version, part, parts, total, indicators, at });
      return { topic: this.#codec.topic.name, partition: 0, key, value };
    };
    let part = 0;
    let indicators: ThreatIndicator[] = [];
    let messages: OutgoingMessage[] = [];
    for (const indicator of table.indicators()) {
      indicators.push(indicator);
      if (indicators.length < partSize) continue;
      messages.push(record(part++, indicators));
      indicators = [];
      if (messages.length < recordsAtOnce) continue;
      await this.#send(messages);
      messages = [];
    }
    if (indicators.length > 0) messages.push(record(part, indicators));
    await this.#send(messages);
    await this.#send([record(-1, [])]);
    await this.#bury(feed, (key) => key !== feed && !key.startsWith(`${feed}/${version}/`));
  }

  /** Put feeds out of force that are configured no longer. */
  async forgetAllBut(feeds: readonly string[]): Promise<void> {
    for (const feed of this.#keys.keys()) if (!feeds.includes(feed)) await this.#bury(feed, () => true);
  }

  async #bury(feed: string, dead: (key: string) => boolean): Promise<void> {
    const keys = this.#keys.get(feed);
    const buried = [...(keys ?? [])].filter(dead);
    await this.#send(buried.map((key) => ({ topic: this.#codec.topic.name, partition: 0, key, value: null })));
    for (const key of buried) keys?.delete(key);
  }
}
