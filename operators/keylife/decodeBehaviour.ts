import { concatMap, type OperatorFunction } from 'rxjs';
import { schemaIdOf } from '../../schemas/codec.ts';
import { EbbtideError, isEbbtideError } from '../../schemas/errors.ts';
import type { BehaviourClock, BiometricTelemetry } from '../../schemas/generated/index.ts';
import type { InputBatch, InputMessage, Rejected } from '../batch.ts';
import type { KeylifeBatch, KeylifeCounts, KeylifeItem } from './batch.ts';

/** Reads framed records of `telemetry.biometric`; a `TopicCodec` is one. */
export interface BehaviourReader {
  learn(id: number): Promise<void>;
  knows(id: number): boolean;
  decode(bytes: Buffer): BiometricTelemetry;
}

/** What decoding takes from outside. */
export interface BehaviourDecoding {
  readonly reader: BehaviourReader;
  /** Open features that are sealed; undefined where their user was erased. */
  open(user: string, sealed: Uint8Array): Promise<Uint8Array | undefined>;
  /** Name of the specification of a hash; undefined for one of another version. */
  specificationOf(hash: string): string | undefined;
}

/** Errors that say something of a message, not of a server that is away. */
const ofMessage: readonly string[] = [
  'RECORD_MALFORMED',
  'RECORD_OUT_OF_RANGE',
  'RECORD_TIME_IMPLAUSIBLE',
  'SCHEMA_UNKNOWN',
  'SCHEMA_INCOMPATIBLE',
  'STATE_CORRUPT',
];
/** The key host puts times on its own clock; what lies further ahead, or back, it did not write. */
const maxAheadMs = 60_000;
const maxPastMs = 7 * 86_400_000;

/**
 * Features of a burst, opened where they are sealed.
 *
 * @returns undefined where their user was erased
 * @throws {EbbtideError} `RECORD_MALFORMED` for what is sealed and no features, or what opening failed with
 */
export const openFeatures = async (
  { user, features, sealed }: Pick<BiometricTelemetry, 'user' | 'features' | 'sealed'>,
  open: BehaviourDecoding['open'],
): Promise<Readonly<Record<string, number>> | undefined> => {
  if (!sealed) return features;
  const opened = await open(user, sealed);
  if (!opened) return undefined;
  try {
    return JSON.parse(Buffer.from(opened).toString('utf8')) as Record<string, number>;
  } catch (cause) {
    throw new EbbtideError('RECORD_MALFORMED', 'What is sealed is no features', {}, cause);
  }
};

/** Decode behaviour. A message that cannot be decoded, or that cannot be true, is rejected alone. */
export const decodeBehaviour = (
  { reader, open, specificationOf }: BehaviourDecoding,
  counts: KeylifeCounts,
): OperatorFunction<InputBatch, KeylifeBatch> => {
  const read = async (message: InputMessage): Promise<KeylifeItem | undefined> => {
    if (!message.value) throw new EbbtideError('RECORD_MALFORMED', 'Message has no value');
    const id = schemaIdOf(message.value);
    if (!reader.knows(id)) await reader.learn(id);
    const record = reader.decode(message.value);
    const { user, session, time, featureHash, issued, clock, batch, place } = record;
    if (user === '') {
      if (!clock) throw new EbbtideError('RECORD_MALFORMED', 'Record has neither a user nor a clock');
      return { kind: 'clock', message, clock };
    }
    if (time > message.timestamp + maxAheadMs || time < message.timestamp - maxPastMs)
      throw new EbbtideError(
        'RECORD_TIME_IMPLAUSIBLE',
        `Behaviour of epoch ms ${time} was received at ${message.timestamp}; check the clock of the key host`,
        { time, received: message.timestamp },
      );
    if (issued) return { kind: 'issued', message, user, session, time, issued };
    const specification = specificationOf(featureHash);
    if (!specification)
      throw new EbbtideError('RECORD_MALFORMED', `No feature specification has hash ${featureHash.slice(0, 12)}`);
    const features = await openFeatures(record, open);
    if (!features) {
      counts.erased++;
      return undefined;
    }
    return {
      kind: 'behaviour',
      message,
      batch,
      place,
      event: { user, session, time, specification, features, ...(record.sealed && { sealed: record.sealed }) },
    };
  };

  return concatMap(async ({ messages, replayBefore }) => {
    const items: KeylifeItem[] = [];
    const clocks = new Map<number, BehaviourClock>();
    const rejected: Rejected[] = [];
    for (const [i, message] of messages.entries()) {
      try {
        const item = await read(message);
        if (item) items.push(item);
        if (item?.kind === 'clock') clocks.set(i, item.clock);
      } catch (error) {
        if (!isEbbtideError(error) || !ofMessage.includes(error.code)) throw error;
        counts.rejected++;
        rejected.push({ message, error });
      }
    }
    return { messages, replayBefore, items, clocks, rejected };
  });
};
