import { TopicCodec } from '../../schemas/codec.ts';
import { refusalOf } from '../../schemas/control.ts';
import type { Control, Credential, Decision, Effect, Score } from '../../schemas/generated/index.ts';
import { type TopicSpec, topics } from '../../schemas/topics.ts';
import type { AppContext } from '../context.ts';

/** A credential with what was last decided about it and what Vault last answered. */
export interface RegisteredCredential {
  readonly credential: Credential;
  readonly decision?: Decision;
  readonly effect?: Effect;
}

/**
 * Read topics from their beginning to where they end now, record by record.
 *
 * @param specs - which topics
 * @param each - called for each record with its topic's name; null for a tombstone. What cannot be decoded is left out
 */
export const readToEnd = async (
  { kafka, registry }: AppContext,
  specs: readonly TopicSpec[],
  each: (topic: string, key: string, record: unknown) => void,
): Promise<void> => {
  const codecs = new Map(
    await Promise.all(specs.map(async (spec) => [spec.name, await TopicCodec.open(spec, registry)] as const)),
  );
  const tail = await kafka.tail({ topics: specs.map(({ name }) => name), from: 'beginning' });
  const reading = (async () => {
    for await (const messages of tail.batches())
      for (const { topic, key, value } of messages) {
        if (!key) continue;
        try {
          each(topic, key.toString('utf8'), value ? await codecs.get(topic)?.read(value) : null);
        } catch {}
      }
  })();
  await tail.caughtUp;
  await tail.close();
  await reading;
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

/** The last scores of one subject, oldest first. */
export const readScores = async (context: AppContext, subject: string, count: number): Promise<Score[]> => {
  const scores: Score[] = [];
  await readToEnd(context, [topics.scores], (_, key, record) => {
    if (key !== subject || !record) return;
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
