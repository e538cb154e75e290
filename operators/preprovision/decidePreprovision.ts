import { map, type OperatorFunction } from 'rxjs';
import { hourMs } from '../../models/access/calendar.ts';
import { partsOfPair } from '../../models/access/population.ts';
import type { AccessClock } from '../../schemas/generated/index.ts';
import type { PreprovisionPolicy } from '../../schemas/preprovisionPolicy.ts';
import type { DueBatch, PreprovisionBatch, PreprovisionDecision } from './batch.ts';
import type { PreprovisionState } from './partitionState.ts';
import { preprovisionRule } from './preprovisionRule.ts';
import { riskGate, type UserStanding } from './riskGate.ts';

/** What decisions are joined with, as of a time in the stream. */
export interface PreprovisionTopics {
  /** @param pair user and machine, see `partsOfPair`; @param clock how far topics are in force */
  standing(pair: string, timeMs: number, clock: AccessClock): UserStanding;
  policy(timeMs: number, clock: AccessClock): PreprovisionPolicy;
}

/**
 * Decide for which pairs a credential is prepared. What is not worth preparing makes no decision; what would be, and is held
 * back by risk, kill switch, machine or budget, makes one that says so. Nothing is prepared for a pair for which
 * something is; what is prepared is taken back at the next hour at which its gate has closed. A user alone, of whom no
 * machine is known, is foreseen and needs nothing prepared.
 *
 * @param state of the partition
 * @param topics what decisions are joined with
 */
export const decidePreprovision = (
  state: PreprovisionState,
  topics: PreprovisionTopics,
): OperatorFunction<DueBatch, PreprovisionBatch> => {
  const spent = (timeMs: number, { budget }: PreprovisionPolicy): boolean => {
    while (state.budget.length > 0 && state.budget[0]! <= timeMs - budget.perMs) state.budget.shift();
    return state.budget.length >= budget.actions;
  };

  let clock: AccessClock = state.clock;
  let { modelVersion } = state;

  return map((batch) => {
    const decisions: PreprovisionDecision[] = [];
    for (const item of batch.due) {
      const { timeMs } = item;
      const replayed = item.replayed ? ({ replayed: true } as const) : {};
      if (item.kind === 'time') {
        ({ clock, modelVersion } = item);
        for (const { name, timeMs: untilMs } of state.prepared.take(timeMs))
          decisions.push({
            action: 'end',
            pair: name,
            timeMs: untilMs,
            untilMs,
            reason: 'windowEnd',
            policy: topics.policy(timeMs, clock),
            modelVersion,
            ...replayed,
          });
        continue;
      }
      const { pair } = item;
      const preparedUntilMs = state.prepared.dueAt(pair);
      if (item.kind === 'came') {
        if (preparedUntilMs === undefined) continue;
        state.prepared.cancel(pair);
        const policy = topics.policy(timeMs, clock);
        decisions.push({
          action: 'used',
          pair,
          timeMs,
          untilMs: preparedUntilMs,
          reason: '',
          policy,
          modelVersion,
          ...replayed,
        });
        continue;
      }
      if (partsOfPair(pair).vm === null) continue;
      const policy = topics.policy(timeMs, clock);
      const gate = riskGate({ ...topics.standing(pair, timeMs, clock), vmState: item.vmState }, timeMs, policy);
      if (preparedUntilMs !== undefined) {
        if (gate.open) continue;
        state.prepared.cancel(pair);
        const untilMs = preparedUntilMs;
        decisions.push({
          action: 'end',
          pair,
          timeMs,
          untilMs,
          reason: gate.reason,
          policy,
          modelVersion,
          gate,
          ...replayed,
        });
        continue;
      }
      const weighed = preprovisionRule(item.forecast, gate.risk, policy);
      if (!weighed.prepare) continue;
      const untilMs = timeMs + policy.windowHours * hourMs;
      const reason = gate.reason || (spent(timeMs, policy) ? 'budget' : '');
      decisions.push({
        action: reason === '' ? 'prepare' : 'withhold',
        pair,
        timeMs,
        untilMs,
        reason,
        policy,
        modelVersion,
        weighed,
        gate,
        ...replayed,
      });
      if (reason !== '') continue;
      state.budget.push(timeMs);
      state.prepared.set(pair, untilMs);
    }
    state.clock = clock;
    return { ...batch, decisions };
  });
};
