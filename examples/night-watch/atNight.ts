import type { BatchRecord, Decision, RecordBatch } from 'ebbtide';
import { map, type OperatorFunction } from 'rxjs';
import type { Finding } from './findings.ts';

/** Which hours are night. */
export interface Night {
  /** First hour of the night in UTC, 0 to 23. */
  readonly from: number;
  /** First hour of the day in UTC, 0 to 23. */
  readonly to: number;
}

const harsh: ReadonlySet<string> = new Set(['shorten', 'revoke']);

/**
 * Decisions that end or shorten a credential's life at night, by the end of the window that they rest on. An operator knows
 * no other clock: the past gives the same findings again.
 */
export const atNight = ({ from, to }: Night): OperatorFunction<RecordBatch<Decision>, RecordBatch<Finding>> => {
  const isNight = (hour: number): boolean => (from <= to ? hour >= from && hour < to : hour >= from || hour < to);
  return map(({ source, records, rejected }) => ({
    source,
    rejected,
    records: records.flatMap(({ message, value }): BatchRecord<Finding>[] => {
      const { subject, decisionId, action, reason, windowEnd } = value;
      const hour = new Date(windowEnd).getUTCHours();
      return harsh.has(action) && isNight(hour)
        ? [{ message, value: { subject, decisionId, action, hour, reason } }]
        : [];
    }),
  }));
};
