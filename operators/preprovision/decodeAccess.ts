import { concatMap, type OperatorFunction } from 'rxjs';
import { type AccessRecord, machineEvent, pairEvents } from '../../models/access/records.ts';
import { EbbtideError, isEbbtideError } from '../../schemas/errors.ts';
import type { AccessTelemetry } from '../../schemas/generated/index.ts';
import type { InputBatch, InputMessage, Rejected } from '../batch.ts';
import type { AccessBatch, AccessItem } from './batch.ts';

/** Reads framed records of `telemetry.access`; a `TopicCodec` is one. */
export interface AccessReader {
  read(bytes: Buffer): Promise<AccessTelemetry>;
}

/** Times that a record may have: the years 1990 to 2100. */
const plausible = { fromMs: 631_152_000_000, toMs: 4_102_444_800_000 } as const;
/** How far the sender's clock may be ahead of the broker's. */
const aheadMs = 3_600_000;

const check = (timeMs: number, what: string): void => {
  if (timeMs > plausible.fromMs && timeMs < plausible.toMs) return;
  throw new EbbtideError(
    'RECORD_TIME_IMPLAUSIBLE',
    `${what} ${timeMs} is not an epoch millisecond between the years 1990 and 2100; check the sender's clock and units`,
    { time: timeMs },
  );
};

const checkAhead = (timeMs: number, receivedMs: number): void => {
  if (receivedMs <= 0 || timeMs <= receivedMs + aheadMs) return;
  throw new EbbtideError(
    'RECORD_TIME_IMPLAUSIBLE',
    `Time ${timeMs} is more than an hour after the broker received it; set the sender's clock`,
    { time: timeMs },
  );
};

/**
 * What a record says, for the chain.
 *
 * @throws {EbbtideError} `RECORD_TIME_IMPLAUSIBLE`
 */
export const accessItems = (
  record: AccessRecord & Pick<AccessTelemetry, 'clock'>,
  message: InputMessage,
): AccessItem[] => {
  const { clock, user, vm } = record;
  if (clock) {
    check(clock.time, 'Clock');
    return [{ kind: 'clock', clock }];
  }
  check(record.time, 'Time');
  checkAhead(record.time, message.timestamp);
  const event = user === '' ? machineEvent(record) : undefined;
  if (event && vm) return [{ kind: 'machine', vm, event, message }];
  return pairEvents(record).map(({ pair, event }) => ({ kind: 'event', pair, event, message }));
};

/**
 * Decode access telemetry into what happened to pairs and machines, and the time. A message that cannot be decoded is
 * rejected alone.
 *
 * @param reader knows the writers' schemas
 */
export const decodeAccess = (reader: AccessReader): OperatorFunction<InputBatch, AccessBatch> =>
  concatMap(async (source) => {
    const items: AccessItem[] = [];
    const rejected: Rejected[] = [];
    for (const message of source.messages) {
      const replayed = message.offset < source.replayBefore;
      try {
        if (!message.value) throw new EbbtideError('RECORD_MALFORMED', 'Message has no value');
        for (const item of accessItems(await reader.read(message.value), message))
          items.push(replayed ? { ...item, replayed } : item);
      } catch (error) {
        if (!isEbbtideError(error)) throw error;
        if (!replayed) rejected.push({ message, error });
      }
    }
    return { source, items, rejected };
  });
