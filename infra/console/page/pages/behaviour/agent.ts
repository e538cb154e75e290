import type { Behaviour, Options } from '../../../../agents/browser/page/main.ts';
import type { Burst, Specification } from '../../../../agents/browser/page/types.ts';

/** Where the console serves the browser agent: the same script that login pages take. */
const script = '/behaviour.js';
const phraseMs = 2_000;

/** The browser agent, and the phrase that it timed last. */
export interface Agent {
  readonly behaviour: Behaviour;
  /** Begin, with what was allowed before, else ask. @param phrase - selector of the field */
  start(phrase: string): Promise<void>;
  /**
   * What was measured until a phrase just entered, as one batch.
   *
   * @returns undefined where the phrase has no timings: it was corrected, pasted, or written by the keyboard itself
   */
  taken(): Promise<string | undefined>;
  /** A phrase begins: what was timed before is none of it. */
  fresh(): void;
  /** Forget what was measured and not sent. */
  drop(): Promise<void>;
  stop(): void;
}

/**
 * Load the browser agent.
 *
 * @param onSession - takes batches that belong to no sign-in
 * @param onBurst - told of each burst that was measured
 */
export const loadAgent = async (
  onSession: (batch: string) => void,
  onBurst: (of: Specification) => void,
): Promise<Agent> => {
  await import(script);
  const { ebbtideBehaviour: behaviour } = globalThis as unknown as { ebbtideBehaviour: Behaviour };
  let collecting: string[] | undefined;
  let timed = 0;
  let waiting: (() => void) | undefined;
  const options: Options = {
    everyMs: 60_000,
    send: (batch) => {
      if (collecting) collecting.push(batch);
      else onSession(batch);
      return true;
    },
    onBurst: ({ specification }) => {
      onBurst(specification);
      if (specification !== 'phrase') return;
      timed += 1;
      waiting?.();
    },
  };
  /** The agent waits for the last key to come up. */
  const phraseTimed = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, phraseMs);
      waiting = () => {
        clearTimeout(timer);
        resolve();
      };
      if (timed > 0) waiting();
    });
  const collect = (): readonly string[] => {
    const batches: string[] = [];
    collecting = batches;
    behaviour.flush();
    collecting = undefined;
    timed = 0;
    return batches;
  };
  const isPhrase = (batch: string): boolean => batch.includes('"specification":"phrase"');
  /** A batch without phrases that were begun and left. */
  const ofLastPhrase = (text: string): string => {
    const batch = JSON.parse(text) as { readonly bursts: readonly Burst[] };
    const last = batch.bursts.findLast(({ specification }) => specification === 'phrase');
    const bursts = batch.bursts.filter((burst) => burst.specification !== 'phrase' || burst === last);
    return JSON.stringify({ ...batch, bursts });
  };

  return {
    behaviour,
    start: async (phrases) => void (await behaviour.start({ ...options, phrases })),
    fresh: () => {
      timed = 0;
    },
    taken: async () => {
      await phraseTimed();
      const batches = collect();
      for (const batch of batches) if (!isPhrase(batch)) onSession(batch);
      const batch = batches.findLast(isPhrase);
      return batch && ofLastPhrase(batch);
    },
    drop: async () => {
      await phraseTimed();
      collect();
    },
    stop: () => behaviour.stop(),
  };
};
