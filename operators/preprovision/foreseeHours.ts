import { concatMap, type OperatorFunction } from 'rxjs';
import { hourMs } from '../../models/access/calendar.ts';
import type { GuardedForecast } from '../../models/access/guarded.ts';
import { historyLayout, hourOf, vmStates } from '../../models/access/history.ts';
import { type Population, partsOfPair } from '../../models/access/population.ts';
import { EbbtideError } from '../../schemas/errors.ts';
import type { AccessClock } from '../../schemas/generated/index.ts';
import type { Rejected } from '../batch.ts';
import type { ModelChoice } from '../modelChoice.ts';
import type { AccessBatch, DueBatch, DueItem, MachineChange } from './batch.ts';
import { type Compared, ForeseesBeside } from './foreseeBeside.ts';
import type { PreprovisionState } from './partitionState.ts';

/** Predicts for all pairs of a partition at the beginning of an hour. */
export interface HourlyPredictor {
  /** As decisions name it; empty for the statistics. */
  readonly version: string;
  /** Floats that it carries for each pair, and for all. */
  readonly carried: { readonly pair: number; readonly all: number };
  forecast(population: Population, pairs: readonly string[]): Promise<readonly GuardedForecast[]>;
}

/** Hours that are caught up one by one, with a forecast each, after time has leapt; what lies before is only closed. */
const caughtUpHours = 24;

/**
 * Take in what pairs do, and foresee, as event time passes and without any event, at the beginning of each hour what every
 * pair will do, all in one batch. Time that goes back is not followed. Before the first clock record, events say how late
 * it is. An event that is dated beyond the hour after the open one is rejected: its pair would otherwise seem to have come
 * in the future for as long.
 *
 * @param state of the partition
 * @param models which model predicts from where on; another one takes over at the clock record that says so. A challenger
 *   foresees beside it, and nothing comes of that
 * @param compared told how a challenger met each hour that is not read again
 */
export const foreseeHours = (
  state: PreprovisionState,
  models: ModelChoice<HourlyPredictor>,
  compared: (how: Compared) => void = () => undefined,
): OperatorFunction<AccessBatch, DueBatch> => {
  const { population } = state;
  let clocked = state.clock.time > 0;
  let { modelSequence } = state.clock;

  let beside: ForeseesBeside | undefined;
  const challenge = async (
    challenger: HourlyPredictor | undefined,
    pairs: readonly string[],
    forecasts: readonly GuardedForecast[],
  ): Promise<Compared | undefined> => {
    if (beside?.version !== challenger?.version)
      beside = challenger === undefined ? undefined : new ForeseesBeside(challenger, population);
    if (!beside || !challenger) return undefined;
    try {
      return await beside.hour(challenger, population, pairs, forecasts);
    } catch (error) {
      beside = undefined;
      models.challengerFailed(challenger.version, error);
      return undefined;
    }
  };

  const pass = async (given: AccessClock, replayed: { replayed?: true }, due: DueItem[]): Promise<void> => {
    // Of instances that share the partitions, one may not have heard yet of what another put in force
    modelSequence = Math.max(modelSequence, given.modelSequence);
    const clock = { ...given, modelSequence };
    const { champion: predictor, challenger } = models.inForce({ models: modelSequence });
    state.carryFor(predictor);
    const { version: modelVersion } = predictor;
    const hour = hourOf(clock.time);
    clocked = true;
    if (hour - population.hour > caughtUpHours) population.openHour(hour - caughtUpHours);
    while (population.hour < hour) {
      population.openHour(population.hour + 1);
      const pairs = [...population.states.keys()].sort();
      const forecasts = await predictor.forecast(population, pairs);
      const met = await challenge(challenger, pairs, forecasts);
      if (met && !replayed.replayed) compared(met);
      // Only for the hour that time has come to can anything still be prepared
      if (population.hour < hour) continue;
      const begins = hour * hourMs;
      due.push({ kind: 'time', timeMs: begins, clock, modelVersion, ...replayed });
      pairs.forEach((pair, i) => {
        // What was told of the machine before this pair came to it counts too
        const told = vmStates[population.stateOf(pair)[historyLayout.vmState]! - 1] ?? null;
        const vmState = state.machine(partsOfPair(pair).vm) ?? told;
        due.push({ kind: 'forecast', pair, timeMs: begins, forecast: forecasts[i]!, vmState, ...replayed });
      });
    }
    due.push({ kind: 'time', timeMs: clock.time, clock, modelVersion, ...replayed });
  };

  return concatMap(async (batch) => {
    const due: DueItem[] = [];
    const rejected: Rejected[] = [...batch.rejected];
    const machines: MachineChange[] = [];
    for (const item of batch.items) {
      const replayed = item.replayed ? ({ replayed: true } as const) : {};
      if (item.kind === 'clock') {
        await pass(item.clock, replayed, due);
        continue;
      }
      if (!clocked) population.openHour(hourOf(item.event.timeMs));
      if (population.isAhead(item.event)) {
        // A message that says several things is rejected once
        if (!item.replayed && rejected.at(-1)?.message !== item.message)
          rejected.push({ message: item.message, error: aheadError(item.event.timeMs, population.hour) });
        continue;
      }
      const { event } = item;
      const vm = item.kind === 'machine' ? item.vm : partsOfPair(item.pair).vm;
      if (event.kind === 'vmState' && vm !== null) {
        const standing = { state: event.state, sinceMs: event.timeMs };
        if (state.note(vm, standing) && !item.replayed) machines.push({ vm, ...standing });
      }
      if (item.kind === 'machine') {
        for (const pair of state.pairsOf(item.vm)) population.observe(pair, item.event);
        continue;
      }
      state.know(item.pair, partsOfPair(item.pair).vm);
      population.observe(item.pair, item.event);
      // One of an hour that has passed did not use what was prepared for this one
      if (item.event.kind === 'access' && item.event.timeMs >= population.hour * hourMs)
        due.push({ kind: 'came', pair: item.pair, timeMs: item.event.timeMs, ...replayed });
    }
    return { ...batch, rejected, due, machines };
  });
};

const aheadError = (timeMs: number, hour: number): EbbtideError =>
  new EbbtideError(
    'RECORD_TIME_IMPLAUSIBLE',
    `Access is of ${new Date(timeMs).toISOString()} but event time has come to ${new Date(hour * hourMs).toISOString()}; check the clock of its host`,
    { time: timeMs },
  );
