import type { LifecyclePolicy } from '../schemas/policy.ts';
import type { KeyedState } from './keyedState.ts';

/**
 * How many harsh actions (shorten, revoke) may still be decided in one partition, for one subject and for all of them.
 * Periods slide over event time.
 */
export class HarshBudget {
  readonly #perSubject: KeyedState['budget'];
  readonly #all: number[];

  /**
   * @param perSubject - times of each subject's harsh actions, oldest first
   * @param all - times of the partition's harsh actions, oldest first
   */
  constructor(perSubject: KeyedState['budget'], all: number[]) {
    this.#perSubject = perSubject;
    this.#all = all;
  }

  /** Whether nothing is left for a subject at a time. */
  exhausted(slot: number, time: number, { budgetPerSubject, budgetForAll }: LifecyclePolicy): boolean {
    return (
      spent(this.#perSubject.get(slot) ?? [], budgetPerSubject.perMs, time) >= budgetPerSubject.actions ||
      spent(this.#all, budgetForAll.perMs, time) >= budgetForAll.actions
    );
  }

  spend(slot: number, time: number): void {
    this.#all.push(time);
    this.#perSubject.set(slot, [...(this.#perSubject.get(slot) ?? []), time]);
  }
}

/** How many of some times lie within a period up to now; older ones are dropped. */
export const spent = (times: number[], perMs: number, now: number): number => {
  while (times.length > 0 && times[0]! <= now - perMs) times.shift();
  return times.length;
};
