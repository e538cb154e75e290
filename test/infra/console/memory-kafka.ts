import type { GroupConsumer, Kafka, Message, OutgoingMessage, Producer, Tail } from '../../../infra/kafka/types.ts';

/** Topics in memory, as far as a console reads and writes them; the tests say when each message was written. */
export class MemoryKafka implements Kafka {
  readonly brokers = 'memory';
  readonly messages: Message[] = [];
  /** Names of the topics that somebody follows or has followed. */
  readonly followed = new Set<string>();
  readonly #tails = new Set<(message: Message) => void>();

  /** Write one message as of a time, epoch milliseconds. */
  publish(topic: string, key: string, value: Buffer | null, timestamp: number): void {
    const message: Message = {
      topic,
      partition: 0,
      offset: this.messages.length,
      timestamp,
      key: Buffer.from(key),
      value,
    };
    this.messages.push(message);
    for (const tail of this.#tails) tail(message);
  }

  async producer(): Promise<Producer> {
    return {
      send: async (messages: readonly OutgoingMessage[]) => {
        for (const { topic, key, value } of messages) this.publish(topic, String(key), value, Date.now());
      },
      close: async () => {},
    };
  }

  async tail({ topics, from }: { topics: readonly string[]; from: 'beginning' | 'end' }): Promise<Tail> {
    for (const topic of topics) this.followed.add(topic);
    const waiting: Message[] = from === 'beginning' ? this.messages.filter(({ topic }) => topics.includes(topic)) : [];
    let wake = () => {};
    let closed = false;
    const hear = (message: Message) => {
      if (topics.includes(message.topic)) waiting.push(message);
      wake();
    };
    this.#tails.add(hear);
    let announce = () => {};
    const caughtUp = new Promise<void>((resolve) => {
      announce = resolve;
    });
    async function* batches(): AsyncGenerator<readonly Message[]> {
      while (!closed) {
        if (waiting.length > 0) yield waiting.splice(0);
        else {
          announce();
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    }
    return {
      batches,
      caughtUp,
      mark: async () => () => true,
      close: async () => {
        closed = true;
        this.#tails.delete(hear);
        wake();
      },
    };
  }

  committed(): Promise<never> {
    throw new Error('A console is told how far the archive is');
  }

  unacknowledged(): Promise<never> {
    throw new Error('A console waits for what it writes');
  }

  consumer(): Promise<GroupConsumer> {
    throw new Error('A console joins no group');
  }

  async ensureTopics(): Promise<void> {}
  async partitionsOf(): Promise<number> {
    return 1;
  }
  async close(): Promise<void> {}
}
