import { TopicCodec } from '../../schemas/codec.ts';
import { refusalOf } from '../../schemas/control.ts';
import { EbbtideError, isEbbtideError } from '../../schemas/errors.ts';
import type { Control, Credential, Decision, Effect, Score } from '../../schemas/generated/index.ts';
import { type TopicSpec, topics } from '../../schemas/topics.ts';
import type { AppContext } from '../context.ts';
import { readPatiently } from '../kafka/readPatiently.ts';
import type { Message } from '../kafka/types.ts';

/** A credential with what was last decided about it and what Vault last answered. */
export interface RegisteredCredential {
  readonly credential: Credential;
  readonly decision?: Decision;
  readonly effect?: Effect;
}

/** How long a command waits for a schema registry that does not answer, milliseconds. */
const patienceMs = 20_000;

/**
 * Read topics from their beginning to where they end now, record by record. While the schema registry does not answer this
 * waits and tries again; a command must not act upon half of what was ordered.
 *
 * @param specs - which topics
 * @param each - called for each record with its topic's name; null for a tombstone. What can never be decoded is left
 * out, and the log says so
 * @param waitMs - how long to wait for the schema registry. @default 20,000
 * @throws {EbbtideError} `KAFKA_UNAVAILABLE` when the schema registry does not answer for that long
 */
export const readToEnd = async (
  { kafka, registry, log }: AppContext,
  specs: readonly TopicSpec[],
  each: (topic: string, key: string, record: unknown) => void,
  waitMs = patienceMs,
): Promise<void> => {
  const codecs = new Map(
    await Promise.all(specs.map(async (spec) => [spec.name, await TopicCodec.open(spec, registry)] as const)),
  );
  const tail = await kafka.tail({ topics: specs.map(({ name }) => name), from: 'beginning' });
  let last: unknown;
  const decode = async ({ topic, partition, offset, value }: Message): Promise<unknown> => {
    if (!value) return null;
    const signal = AbortSignal.timeout(waitMs);
    const onRetry = (error: unknown): void => {
      last = error;
    };
    try {
      return await readPatiently(codecs.get(topic)!, value, { signal, onRetry });
    } catch (error) {
      if (isEbbtideError(error)) {
        log.warn({ topic, partition, offset, error: error.message }, 'record left out: it can never be read');
        return undefined;
      }
      throw new EbbtideError(
        'KAFKA_UNAVAILABLE',
        `Topic ${topic} cannot be read, for the schema registry does not answer: ${(last as Error | undefined)?.message ?? 'no answer'}; see that it runs and try again`,
        { topic },
        last,
      );
    }
  };
  const reading = (async () => {
    for await (const messages of tail.batches())
      for (const message of messages) {
        if (!message.key) continue;
        const record = await decode(message);
        if (record !== undefined) each(message.topic, message.key.toString('utf8'), record);
      }
  })();
  try {
    await Promise.race([tail.caughtUp, reading]);
  } finally {
    await tail.close();
    await reading;
  }
};

/** Every registered credential by id, with its last decision and effect. */
export const readRegister = async (context: AppContext): Promise<Map<string, RegisteredCredential>> => {
  const credentials = new Map<string, Credential>();
  const decisions = new Map<string, Decision>();
  const effects = new Map<string, Effect>();
  await readToEnd(context, [topics.credentials, topics.decisions, topics.effects], (topic, key, record) => {
    if (topic === topics.decisions.name && record) decisions.set(key, record as Decision);
    else if (topic === topics.effects.name && record) effects.set(key, record as Effect);
    else if (topic === topics.credentials.name && record) credentials.set(key, record as Credential);
    else if (topic === topics.credentials.name) credentials.delete(key);
  });
  return new Map(
    [...credentials].map(([id, credential]) => {
      const decision = decisions.get(id);
      const effect = effects.get(id);
      return [id, { credential, ...(decision ? { decision } : {}), ...(effect ? { effect } : {}) }];
    }),
  );
};

/** The last scores of one subject that decisions rest on, oldest first. */
export const readScores = async (context: AppContext, subject: string, count: number): Promise<Score[]> => {
  const scores: Score[] = [];
  await readToEnd(context, [topics.scores], (_, key, record) => {
    if (key !== subject || !record || (record as Score).role === 'challenger') return;
    scores.push(record as Score);
    if (scores.length > count) scores.shift();
  });
  return scores;
};

/** The last good setting of each key in topic `control`. */
export const readControls = async (context: AppContext): Promise<Map<string, Control>> => {
  const controls = new Map<string, Control>();
  await readToEnd(context, [topics.control], (_, key, record) => {
    if (record && !refusalOf(record as Control)) controls.set(key, record as Control);
    else if (!record) controls.delete(key);
  });
  return controls;
};
