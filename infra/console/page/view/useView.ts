import type { Versioned } from '../../view/desk.ts';
import { get } from '../api.ts';
import { useRead, useVersion } from '../fresh.ts';
import { useQuery } from '../list/query.ts';

/** What the server answers for a range of time. */
export interface Viewed<T> {
  readonly from: number;
  readonly to: number;
  readonly view: T;
}

/** How far back a page may look. */
export const spans = [
  ['3600000', 'the last hour'],
  ['86400000', 'the last day'],
  ['604800000', 'the last 7 days'],
  ['2592000000', 'the last 30 days'],
] as const;

/**
 * Sums of the archive for as long as a page is shown: read anew when the archive has taken in what changes them.
 *
 * @param path - the route that has them
 * @param what - by which number the server tells that they may have changed
 * @param user - whose they are, where they are somebody's; then those of 30 days, since habits take their time
 */
export const useView = <T>(path: string, what: Versioned, user = '') => {
  const [query, setQuery] = useQuery({ span: user === '' ? '86400000' : '2592000000' });
  const { data, error, load } = useRead(
    () => get<Viewed<T>>(path, { span: query.span, user }),
    [path, query.span, user, useVersion(what)],
  );
  return {
    data: data.value,
    error: error.value,
    load: () => void load(),
    span: query.span,
    setSpan: (span: string) => setQuery({ span }),
  };
};
