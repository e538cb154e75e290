import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { get } from '../api.ts';
import { useQuery } from '../list/query.ts';
import { onChange } from '../live.ts';

/** What the server answers for a range of time. */
export interface Viewed<T> {
  readonly from: number;
  readonly to: number;
  readonly view: T;
}

const refreshMs = 15_000;
/** The archive takes in what is decided within a second or two. */
const settleMs = 2_500;

/** How far back a page may look. */
export const spans = [
  ['3600000', 'the last hour'],
  ['86400000', 'the last day'],
  ['604800000', 'the last 7 days'],
  ['2592000000', 'the last 30 days'],
] as const;

/**
 * Sums of the archive for as long as a page is shown: read anew every few seconds, and soon after a decision of its
 * pipeline has come live.
 *
 * @param path - the route that has them
 * @param pipeline - whose decisions change them
 * @param user - whose they are, where they are somebody's; then those of 30 days, since habits take their time
 */
export const useView = <T>(path: string, pipeline?: string, user = '') => {
  const [query, setQuery] = useQuery({ span: user === '' ? '86400000' : '2592000000' });
  const data = useSignal<Viewed<T> | null>(null);
  const error = useSignal<unknown>(null);
  const load = async (): Promise<void> => {
    try {
      data.value = await get<Viewed<T>>(path, { span: query.span, user });
      error.value = null;
    } catch (failed) {
      error.value = failed;
    }
  };
  useEffect(() => {
    void load();
    let soon = 0;
    const timer = setInterval(() => document.hidden || void load(), refreshMs);
    const stop = onChange((change) => {
      if (soon !== 0 || pipeline === undefined || change.type !== 'decision') return;
      if (change.decision.pipeline !== pipeline) return;
      soon = window.setTimeout(() => {
        soon = 0;
        void load();
      }, settleMs);
    });
    return () => {
      clearInterval(timer);
      clearTimeout(soon);
      stop();
    };
  }, [path, query.span, pipeline, user]);
  return {
    data: data.value,
    error: error.value,
    load: () => void load(),
    span: query.span,
    setSpan: (span: string) => setQuery({ span }),
  };
};
