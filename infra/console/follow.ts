import { TopicCodec } from '../../schemas/codec.ts';
import { EbbtideError, isEbbtideError } from '../../schemas/errors.ts';
import type { AccessTelemetry } from '../../schemas/generated/AccessTelemetry.ts';
import type { Alert } from '../../schemas/generated/Alert.ts';
import type { AuditEvent } from '../../schemas/generated/AuditEvent.ts';
import type { Control } from '../../schemas/generated/Control.ts';
import type { Credential } from '../../schemas/generated/Credential.ts';
import type { Decision } from '../../schemas/generated/Decision.ts';
import type { Effect } from '../../schemas/generated/Effect.ts';
import type { Investigation } from '../../schemas/generated/Investigation.ts';
import type { Label } from '../../schemas/generated/Label.ts';
import type { Provision } from '../../schemas/generated/Provision.ts';
import type { Score } from '../../schemas/generated/Score.ts';
import { type TopicSpec, topics } from '../../schemas/topics.ts';
import type { AppContext } from '../context.ts';
import { type Patience, readPatiently } from '../kafka/readPatiently.ts';
import type { Message, Tail } from '../kafka/types.ts';
import type { Change, CredentialView } from './view/protocol.ts';

/** Hands on what a record says. */
type Reader = (message: Message, at: number) => Promise<void>;

/** A console's reading of Kafka. */
export interface Following {
  /** Resolves once the register has been read whole. */
  readonly registerRead: Promise<void>;
  /** Rejects when a topic can no longer be read. */
  readonly failed: Promise<never>;
  /** Records that can never be decoded; while the schema registry does not answer, reading waits. */
  readonly malformed: number;
  close(): Promise<void>;
}

/** What following hands on. */
export interface FollowSink {
  change(change: Change): void;
  control(control: Control): void;
  /** A record of the register, with what pages are not told; the change that they are told follows. */
  credential(credential: Credential, at: number): void;
  /** A step of an investigation. */
  step(step: Investigation): void;
  /** Something that somebody did. */
  action(event: AuditEvent): void;
  /** A record was taken in, undefined for a tombstone. */
  heard(record: unknown, message: Message): void;
}

/**
 * Follow the topics that the console shows.
 *
 * @param from - where to begin with scores, decisions, effects and alerts; the register, control, labels, investigations and what people did are read whole
 * @param now - the clock, epoch milliseconds
 */
export const follow = async (
  { kafka, registry, log }: AppContext,
  from: 'beginning' | 'end',
  now: () => number,
  sink: FollowSink,
): Promise<Following> => {
  const stopping = new AbortController();
  // A kill switch that is passed over because the schema registry is away would be missing until the next start
  const readers = await openReaders(registry, sink, {
    signal: stopping.signal,
    onRetry: (err, waitMs) => log.warn({ err, waitMs }, 'Record cannot be read yet'),
  });
  const register = await kafka.tail({
    topics: [topics.credentials, topics.control, topics.labels, topics.investigations, topics.actions].map(
      ({ name }) => name,
    ),
    from: 'beginning',
  });
  const stream = await kafka.tail({
    topics: [topics.scores, topics.decisions, topics.effects, topics.alerts].map(({ name }) => name),
    from,
  });
  // Pages read these out of the archive, and are only told that there is more
  const beside = await kafka
    .tail({ topics: [topics.provisions, topics.telemetryAccess].map(({ name }) => name), from: 'end' })
    .catch((error: unknown) => {
      if (!isEbbtideError(error, 'KAFKA_REJECTED')) throw error;
      log.warn({ err: error }, 'Pages of provisioning are told of decisions alone: the console may not read more');
    });
  const tails = [register, stream, ...(beside ? [beside] : [])];
  const state = { malformed: 0 };
  const read = async (tail: Tail): Promise<never> => {
    for await (const messages of tail.batches())
      for (const message of messages) {
        try {
          // A producer's clock may run ahead of ours, and nothing is drawn in the future
          const at = Math.min(message.timestamp, now());
          if (message.value === null) sink.heard(undefined, message);
          else await readers.get(message.topic)?.(message, at);
        } catch (error) {
          if (stopping.signal.aborted) break;
          state.malformed += 1;
          const { topic, partition, offset } = message;
          log.warn({ err: error, topic, partition, offset }, 'Record left out of the console');
        }
      }
    throw new EbbtideError(
      'KAFKA_UNAVAILABLE',
      'The console can no longer read its topics; restart it when Kafka answers again',
    );
  };
  let closing = false;
  const ended = Promise.race(tails.map(read));
  const failed = ended.catch((error: unknown) => (closing ? new Promise<never>(() => {}) : Promise.reject(error)));
  failed.catch(() => {});
  return {
    registerRead: register.caughtUp,
    failed,
    get malformed() {
      return state.malformed;
    },
    close: async () => {
      closing = true;
      stopping.abort();
      await Promise.all(tails.map((tail) => tail.close()));
    },
  };
};

const openReaders = async (
  registry: AppContext['registry'],
  sink: FollowSink,
  patience: Patience,
): Promise<ReadonlyMap<string, Reader>> => {
  const readers = new Map<string, Reader>();
  const open = async <T>(topic: TopicSpec, take: (record: T, at: number) => void): Promise<void> => {
    const codec = await TopicCodec.open<T>(topic, registry);
    readers.set(topic.name, async (message, at) => {
      const record = await readPatiently(codec, message.value!, patience);
      take(record, at);
      sink.heard(record, message);
    });
  };
  const show = <T>(topic: TopicSpec, toChange: (record: T, at: number) => Change) =>
    open<T>(topic, (record, at) => sink.change(toChange(record, at)));
  await open<Credential>(topics.credentials, (record, at) => {
    sink.credential(record, at);
    sink.change({ type: 'credential', id: record.credentialId, at, credential: shownOf(record) });
  });
  await open<Control>(topics.control, (control) => sink.control(control));
  await open<Investigation>(topics.investigations, (step) => sink.step(step));
  await open<AuditEvent>(topics.actions, (event) => sink.action(event));
  await open<Score>(topics.scores, (score, at) => {
    // What a challenger makes of it beside is for comparison; people see what decides
    if (score.role !== 'challenger') sink.change({ type: 'score', id: score.subject, at, score });
  });
  await show<Decision>(topics.decisions, (decision, at) => ({ type: 'decision', id: decision.subject, at, decision }));
  await show<Effect>(topics.effects, (effect, at) => ({ type: 'effect', id: effect.subject, at, effect }));
  await show<Alert>(topics.alerts, (alert, at) => ({ type: 'alert', id: alert.subject, at, alert }));
  const tellNobody = () => {};
  await open<Provision>(topics.provisions, tellNobody);
  await open<AccessTelemetry>(topics.telemetryAccess, tellNobody);
  await show<Label>(topics.labels, (label, at) => ({ type: 'label', id: label.subject, at, label }));
  return readers;
};

const shownOf = ({ reference: _reference, mount: _mount, entityId: _entityId, ...shown }: Credential): CredentialView =>
  shown;
