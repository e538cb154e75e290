import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { PolicyPipeline, PolicyProblem, PreviewView } from '../../../view/policy.ts';
import { ApiError, announce, postLines } from '../../api.ts';
import type { Draft } from './draft.ts';
import { differingOf } from './outcome.tsx';

interface Line {
  readonly progress?: number;
  readonly preview?: PreviewView;
  readonly error?: string;
}

/** How a draft is being tried. */
export interface Trial {
  readonly state: 'idle' | 'running' | 'done' | 'failed';
  /** Share of the messages, 0 to 1. */
  readonly progress: number;
  /** What came of it; the last one stays while the next is on its way. */
  readonly outcome: PreviewView | null;
  readonly error: string;
  /** What is wrong with the draft, as the server says. */
  readonly problems: readonly PolicyProblem[];
}

/** Changes settle before they are tried. */
const settleMs = 600;
const nothing: Trial = { state: 'idle', progress: 0, outcome: null, error: '', problems: [] };

/**
 * Try a draft on the past whenever it changes. The next one cancels that which is on its way.
 *
 * @param draft - null where nothing is to be tried
 */
export const useTrial = (
  pipeline: PolicyPipeline,
  draft: Draft | null,
  days: number,
): { readonly trial: Trial; readonly cancel: () => void; readonly again: () => void } => {
  const trial = useSignal<Trial>(nothing);
  const asked = useSignal(0);
  const running = useRef<AbortController | null>(null);
  const text = draft && JSON.stringify(draft);
  useEffect(() => {
    running.current?.abort();
    if (text === null) {
      trial.value = nothing;
      return;
    }
    const abort = new AbortController();
    running.current = abort;
    const begin = async (): Promise<void> => {
      trial.value = { ...trial.peek(), state: 'running', progress: 0, error: '' };
      const fail = (error: string, problems: readonly PolicyProblem[] = []): void => {
        trial.value = { ...nothing, state: 'failed', error, problems };
        announce(error);
      };
      try {
        await postLines<Line>(
          '/api/policies/preview',
          { pipeline, policy: JSON.parse(text), days },
          abort.signal,
          ({ progress, preview, error }) => {
            if (abort.signal.aborted) return;
            if (progress !== undefined) trial.value = { ...trial.peek(), progress, problems: [] };
            if (error !== undefined) fail(error);
            if (!preview) return;
            trial.value = { ...nothing, state: 'done', progress: 1, outcome: preview };
            announce(`${differingOf(preview)} would have differed`);
          },
        );
        if (trial.peek().state === 'running' && !abort.signal.aborted) fail('The connection ended; try again');
      } catch (error) {
        if (abort.signal.aborted) return;
        if (!(error instanceof ApiError)) fail(String(error));
        else fail(error.message, error.details.problems as readonly PolicyProblem[] | undefined);
      }
    };
    const timer = setTimeout(() => void begin(), settleMs);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [text, days, asked.value]);
  return {
    trial: trial.value,
    cancel: () => {
      running.current?.abort();
      trial.value = { ...trial.peek(), state: trial.peek().outcome ? 'done' : 'idle' };
    },
    again: () => {
      asked.value += 1;
    },
  };
};
