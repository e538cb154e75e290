import type { Encoders } from '../../operators/toOutput.ts';
import { TopicCodec } from '../../schemas/codec.ts';
import type { SchemaRegistry } from '../../schemas/registry.ts';
import { topics } from '../../schemas/topics.ts';

/** Codecs of all that the lifecycle pipeline writes. */
export const openEncoders = async (registry: SchemaRegistry): Promise<Encoders> => ({
  scores: await TopicCodec.open(topics.scores, registry),
  decisions: await TopicCodec.open(topics.decisions, registry),
  alerts: await TopicCodec.open(topics.alerts, registry),
  deadLetters: await TopicCodec.open(topics.deadLetters, registry),
  state: await TopicCodec.open(topics.stateLifecycle, registry),
});
