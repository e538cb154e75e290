import { TopicCodec } from '../../../schemas/codec.ts';
import { controlRecord } from '../../../schemas/control.ts';
import type { Alert, Control, Credential, Decision, Effect, Score } from '../../../schemas/generated/index.ts';
import type { SchemaRegistry } from '../../../schemas/registry.ts';
import { topics } from '../../../schemas/topics.ts';
import { FeedFunction } from './feed-function.ts';

/** Where the feed writes. */
export type Publish = (topic: string, key: string, value: Buffer, timestamp: number) => void;

/** Codecs of the topics that a console reads. */
export const openCodecs = async (registry: SchemaRegistry) => ({
  credentials: await TopicCodec.open<Credential>(topics.credentials, registry),
  scores: await TopicCodec.open<Score>(topics.scores, registry),
  decisions: await TopicCodec.open<Decision>(topics.decisions, registry),
  effects: await TopicCodec.open<Effect>(topics.effects, registry),
  alerts: await TopicCodec.open<Alert>(topics.alerts, registry),
  control: await TopicCodec.open<Control>(topics.control, registry),
});

const names = ['checkout', 'invoices', 'search-index', 'thumbnails', 'mail', 'reports', 'stock-sync', 'fraud-check'];
const events = [
  'order-placed',
  'order-paid',
  'catalogue-changed',
  'image-uploaded',
  'mail-queued',
  'report-asked',
  'stock-moved',
  'payment-started',
];

/**
 * A made-up fleet whose records have the shape and the dynamics of the real ones: for tests of the console alone.
 *
 * The numbers come from a seeded generator, so that two runs look alike.
 */
export class Feed {
  readonly functions: FeedFunction[] = [];
  readonly #codecs: Awaited<ReturnType<typeof openCodecs>>;
  readonly #publish: Publish;

  private constructor(codecs: Awaited<ReturnType<typeof openCodecs>>, publish: Publish) {
    this.#codecs = codecs;
    this.#publish = publish;
  }

  static async open(registry: SchemaRegistry, publish: Publish): Promise<Feed> {
    return new Feed(await openCodecs(registry), publish);
  }

  /** Issue credentials to `count` functions at a time, epoch milliseconds. */
  issue(count: number, at: number): void {
    for (let index = 0; index < count; index += 1) {
      const round = Math.floor(index / names.length);
      const name = names[index % names.length]! + (round > 0 ? `-${round + 1}` : '');
      const one = new FeedFunction(name, events[index % events.length]!, this.functions.length + 1, at + index * 450);
      this.functions.push(one);
      this.credential(one.credential, one.credential.issuedAt);
    }
  }

  /** One window of every function. */
  step(at: number): void {
    for (const one of this.functions) {
      const { score, decision, effect, alert } = one.window(at);
      if (score) this.#send('scores', score.subject, score, at);
      if (decision) this.#send('decisions', decision.subject, decision, at + 20);
      if (effect) this.#send('effects', effect.subject, effect, effect.appliedAt);
      if (alert) this.#send('alerts', alert.subject, alert, at + 30);
    }
  }

  /** Say in which mode all pipelines run. */
  mode(mode: 'shadow' | 'enforce', at: number): void {
    this.#send('control', 'mode', controlRecord({ kind: 'mode', value: mode, by: 'feed', reason: '' }, at), at);
  }

  credential(credential: Credential, at: number): void {
    this.#send('credentials', credential.credentialId, credential, at);
  }

  effect(effect: Effect): void {
    this.#send('effects', effect.subject, effect, effect.appliedAt);
  }

  decision(decision: Decision, at: number): void {
    this.#send('decisions', decision.subject, decision, at);
  }

  score(score: Score, at: number): void {
    this.#send('scores', score.subject, score, at);
  }

  #send(topic: keyof Awaited<ReturnType<typeof openCodecs>>, key: string, record: unknown, at: number): void {
    const codec = this.#codecs[topic] as TopicCodec<unknown>;
    this.#publish(codec.topic.name, key, codec.encode(record), at);
  }
}
