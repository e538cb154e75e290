import type { Effect } from '../../../schemas/generated/index.ts';

/** What became of decisions that somebody waits for. */
export class Outcomes {
  readonly #waiting = new Map<string, (effect: Effect) => void>();

  /** Take an effect in. */
  apply(effect: Effect): void {
    this.#waiting.get(effect.decisionId)?.(effect);
  }

  /**
   * Wait for the effect of a decision. Ask before the decision is written, so that none is missed.
   *
   * @param waitMs - longest wait, milliseconds
   * @returns undefined when nothing came of it in time: the actuator is away, and will see to it when it is back
   */
  async of(decisionId: string, waitMs: number): Promise<Effect | undefined> {
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<Effect | undefined>((resolve) => {
        this.#waiting.set(decisionId, resolve);
        timer = setTimeout(() => resolve(undefined), waitMs);
      });
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(decisionId);
    }
  }
}
