import { concatMap, type OperatorFunction } from 'rxjs';
import { schemaIdOf } from '../../schemas/codec.ts';
import { EbbtideError, isEbbtideError } from '../../schemas/errors.ts';
import type { ApiClock, ApiTelemetry } from '../../schemas/generated/index.ts';
import type { InputBatch, Rejected } from '../batch.ts';
import type { CallBatch } from './batch.ts';

/** Reads framed records of `telemetry.api`; a `TopicCodec` is one. */
export interface CallReader {
  /** Fetch what {@link decode} needs to read a schema id. */
  learn(id: number): Promise<void>;
  knows(id: number): boolean;
  decode(bytes: Buffer): ApiTelemetry;
}

/** Errors that say something of a message, not of a server that is away. */
const ofMessage = ['RECORD_MALFORMED', 'RECORD_OUT_OF_RANGE', 'SCHEMA_UNKNOWN', 'SCHEMA_INCOMPATIBLE'] as const;

/** Decode API telemetry. A message that cannot be decoded, or that cannot be true, is rejected alone. */
export const decodeCalls = (reader: CallReader): OperatorFunction<InputBatch, CallBatch> =>
  concatMap(async ({ messages, replayBefore }) => {
    const calls: (ApiTelemetry | undefined)[] = [];
    const clocks = new Map<number, ApiClock>();
    const rejected: Rejected[] = [];
    for (const [i, message] of messages.entries()) {
      let call: ApiTelemetry | undefined;
      try {
        if (!message.value) throw new EbbtideError('RECORD_MALFORMED', 'Message has no value');
        const id = schemaIdOf(message.value);
        if (!reader.knows(id)) await reader.learn(id);
        const record = reader.decode(message.value);
        if (record.frontendCredential === '') {
          if (!record.clock) throw new EbbtideError('RECORD_MALFORMED', 'Record has neither a credential nor a clock');
          clocks.set(i, record.clock);
        } else {
          check(record);
          call = record;
        }
      } catch (error) {
        if (!isEbbtideError(error) || !ofMessage.some((code) => code === error.code)) throw error;
        if (message.offset >= replayBefore) rejected.push({ message, error });
      }
      calls.push(call);
    }
    return { messages, replayBefore, calls, clocks, rejected };
  });

const check = ({ requestBytes, responseBytes, latitude, longitude, threatConfidence }: ApiTelemetry): void => {
  const within = (name: string, value: number | null, low: number, high: number): void => {
    if (value !== null && !(value >= low && value <= high))
      throw new EbbtideError('RECORD_OUT_OF_RANGE', `${name} must lie between ${low} and ${high}, got ${value}`, {
        name,
        value,
      });
  };
  within('requestBytes', requestBytes, 0, Number.MAX_SAFE_INTEGER);
  within('responseBytes', responseBytes, 0, Number.MAX_SAFE_INTEGER);
  within('latitude', latitude, -90, 90);
  within('longitude', longitude, -180, 180);
  within('threatConfidence', threatConfidence, 0, 1);
};
