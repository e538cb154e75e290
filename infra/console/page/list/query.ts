import { useLocation } from 'preact-iso';

/**
 * Filters that stand in the address, so that they can be sent to somebody and come back with the back button. What is as
 * by default is left out.
 *
 * @param defaults - every filter with what it is when it is not named
 */
export const useQuery = <T extends Record<string, string>>(
  defaults: T,
): readonly [T, (changed: Partial<T>) => void] => {
  const { path, query, route } = useLocation();
  const names = Object.keys(defaults) as (keyof T & string)[];
  const values = Object.fromEntries(names.map((name) => [name, query[name] ?? defaults[name]])) as T;
  const set = (changed: Partial<T>): void => {
    const next = { ...values, ...changed };
    // What other parts of the page keep in the address stays
    const others = Object.entries(query).filter(([name]) => !names.includes(name));
    const search = new URLSearchParams([
      ...others,
      ...names.filter((name) => next[name] !== defaults[name]).map((name) => [name, next[name] as string]),
    ]);
    route(search.size > 0 ? `${path}?${search}` : path, true);
  };
  return [values, set];
};
