import { concatMap, type OperatorFunction } from 'rxjs';
import { EbbtideError, isEbbtideError } from '../schemas/errors.ts';
import type { Clock, ResourceTelemetry } from '../schemas/generated/index.ts';
import { type RefusedSample, type SampleReader, SampleTable } from '../schemas/samples.ts';
import type { DecodedBatch, InputBatch, Rejected } from './batch.ts';

/** What decoding needs to know of the topic; `schemas/telemetry.ts` makes one. */
export interface TelemetryReader {
  readonly metrics: number;
  /** The reader of a framed message, undefined where its schema has to be learned first. */
  readerOf(bytes: Buffer): SampleReader | undefined;
  /** Fetch what {@link readerOf} lacks. */
  learn(bytes: Buffer): Promise<void>;
  /** The whole record, for messages without samples. */
  decode(bytes: Buffer): ResourceTelemetry;
}

const frameBytes = 5;

/**
 * Decode telemetry messages into one table of samples a batch. A message that cannot be decoded is rejected alone;
 * of one with samples that cannot be true (NaN, infinite, negative), the others go on.
 *
 * The table is used again for the next batch, once this one has left the chain.
 *
 * @param reader - knows the writers' schemas
 */
export const decodeTelemetry = (reader: TelemetryReader): OperatorFunction<InputBatch, DecodedBatch> => {
  const samples = new SampleTable(reader.metrics);

  const decode = (batch: InputBatch): DecodedBatch => {
    const subjects: string[] = [];
    const firstRow: number[] = [];
    const clocks = new Map<number, Clock>();
    const rejected: Rejected[] = [];
    let refusedSamples = 0;
    samples.rows = 0;
    for (let i = 0; i < batch.messages.length; i++) {
      const message = batch.messages[i]!;
      const row = samples.rows;
      firstRow.push(row);
      try {
        if (!message.value) throw new EbbtideError('RECORD_MALFORMED', 'Message has no value');
        const read = reader.readerOf(message.value);
        if (!read) throw new EbbtideError('SCHEMA_UNKNOWN', 'The schema of the message is not known');
        const subject = read(message.value, frameBytes, samples);
        if (subject === '') {
          const { clock } = reader.decode(message.value);
          if (!clock) throw new EbbtideError('RECORD_MALFORMED', 'Record has neither a credential nor a clock');
          clocks.set(i, clock);
        }
        subjects.push(subject);
        if (samples.refused.length > 0 && message.offset >= batch.replayBefore) {
          refusedSamples += samples.refused.length;
          rejected.push({ message, error: outOfRange(samples.refused) });
        }
      } catch (error) {
        if (!isEbbtideError(error)) throw error;
        samples.rows = row;
        subjects.push('');
        if (message.offset >= batch.replayBefore) rejected.push({ message, error });
      }
    }
    firstRow.push(samples.rows);
    return {
      messages: batch.messages,
      replayBefore: batch.replayBefore,
      subjects,
      firstRow,
      samples,
      clocks,
      rejected,
      refusedSamples,
    };
  };

  const learnAll = async (batch: InputBatch) => {
    for (const { value } of batch.messages) {
      if (!value) continue;
      try {
        if (!reader.readerOf(value)) await reader.learn(value);
      } catch (error) {
        if (!isEbbtideError(error, 'RECORD_MALFORMED')) throw error;
      }
    }
  };

  return concatMap(async (batch) => {
    await learnAll(batch);
    return decode(batch);
  });
};

const named = 5;

const outOfRange = (refused: readonly RefusedSample[]): EbbtideError => {
  const each = refused.slice(0, named).map(({ index, field, value }) => `sample ${index}: ${field} is ${value}`);
  const more = refused.length > named ? ` and ${refused.length - named} more` : '';
  return new EbbtideError(
    'RECORD_OUT_OF_RANGE',
    `Samples left out, expected finite numbers, 0 and up: ${each.join(', ')}${more}`,
    { samples: refused.map(({ index }) => index) },
  );
};
