import { TopicCodec } from '../../../schemas/codec.ts';
import { type FindSetting, refusalOf } from '../../../schemas/control.ts';
import type {
  ApiToken,
  Approval,
  Control,
  Credential,
  Effect,
  ScopeOverride,
} from '../../../schemas/generated/index.ts';
import { type TopicSpec, topics } from '../../../schemas/topics.ts';
import type { AppContext } from '../../context.ts';
import { type Follower, follow } from '../../kafka/follow.ts';
import type { Message } from '../../kafka/types.ts';
import { Register } from '../../vault/register.ts';
import type { Approvals } from '../people/approvals.ts';
import type { ApiTokens } from '../people/tokens.ts';
import { Outcomes } from './outcomes.ts';

/** What the console must know to act: the register, what was set, overrides of scope, and what became of decisions. */
export interface Knowledge {
  readonly register: Register;
  readonly overrides: ReadonlyMap<string, ScopeOverride>;
  readonly settings: FindSetting;
  readonly outcomes: Outcomes;
  /** Resolves once everything that was there at the start is known. */
  readonly complete: Promise<unknown>;
  /** Rejects when a topic can no longer be read. */
  readonly failed: Promise<never>;
  close(): Promise<unknown>;
}

/**
 * Gather it from Kafka, from now on; tokens and approvals take in their own topics.
 *
 * @param heard - told of each record of the topics that nobody else here follows, once it was taken in
 */
export const gatherKnowledge = async (
  { kafka, registry, log }: AppContext,
  tokens: ApiTokens,
  approvals: Approvals,
  heard: (record: unknown, message: Message) => void,
): Promise<Knowledge> => {
  const register = new Register();
  const overrides = new Map<string, ScopeOverride>();
  const settings = new Map<string, Control>();
  const outcomes = new Outcomes();
  const followers: Follower[] = [];
  const take = async <T>(
    topic: TopicSpec,
    apply: (key: string, record: T | undefined, message: Message) => void,
    from: 'beginning' | 'end' = 'beginning',
  ): Promise<void> => {
    const codec = await TopicCodec.open<T>(topic, registry);
    followers.push(
      await follow(kafka, codec, (record, message) => apply(String(message.key), record, message), log, from),
    );
  };
  await take<ApiToken>(topics.tokens, (key, record, message) => {
    tokens.apply(key, record);
    heard(record, message);
  });
  await take<Approval>(topics.approvals, (_, record) => record && approvals.apply(record));
  await take<Credential>(topics.credentials, (key, record) => register.apply(key, record));
  await take<ScopeOverride>(topics.scopeOverrides, (key, record, message) => {
    if (record) overrides.set(key, record);
    else overrides.delete(key);
    heard(record, message);
  });
  await take<Control>(topics.control, (key, record) => {
    if (!record) settings.delete(key);
    else if (refusalOf(record) === undefined) settings.set(key, record);
  });
  await take<Effect>(topics.effects, (_, record) => record && outcomes.apply(record), 'end');
  const failed = Promise.race(followers.map((follower) => follower.failed));
  failed.catch(() => {});
  return {
    register,
    overrides,
    settings: (key) => settings.get(key),
    outcomes,
    complete: Promise.all(followers.map(({ caughtUp }) => caughtUp)),
    failed,
    close: () => Promise.all(followers.map((follower) => follower.close())),
  };
};
