import type { AccessTelemetry } from '../../schemas/generated/index.ts';
import { type AccessEvent, vmStates } from './history.ts';
import { type PairEvent, pairOf } from './population.ts';

/** What of a record says something about a pair; `kind` and the rest as in topic `telemetry.access`. */
export type AccessRecord = Pick<
  AccessTelemetry,
  'user' | 'kind' | 'time' | 'vm' | 'vmState' | 'scheduledFor' | 'durationMs' | 'succeeded'
>;

const accessKinds: ReadonlySet<string> = new Set(['login', 'application', 'vmAccess']);

/** What a record says of a machine, whoever uses it. */
export const machineEvent = ({ kind, time, vmState }: AccessRecord): AccessEvent | undefined => {
  const state = vmStates.find((name) => name === vmState);
  return kind === 'vmState' && state ? { kind: 'vmState', timeMs: time, state } : undefined;
};

/**
 * What a record says of its pair of user and machine, in order of time. An access that failed says nothing; one of a
 * machine alone concerns all its users, see {@link machineEvent}.
 */
export const pairEvents = (record: AccessRecord): readonly PairEvent[] => {
  const { user, kind, time, vm, scheduledFor, durationMs, succeeded } = record;
  if (user === '' || !succeeded) return [];
  const pair = pairOf(user, vm);
  if (kind === 'scheduledJob')
    return typeof scheduledFor === 'number'
      ? [{ pair, event: { kind: 'scheduled', timeMs: time, dueMs: scheduledFor } }]
      : [];
  if (kind === 'vmState') {
    const event = machineEvent(record);
    return event ? [{ pair, event }] : [];
  }
  if (!accessKinds.has(kind)) return [];
  const lasts = typeof durationMs === 'number';
  const access: PairEvent = { pair, event: { kind: 'access', timeMs: time, lasts } };
  return lasts ? [access, { pair, event: { kind: 'end', timeMs: time + durationMs } }] : [access];
};
