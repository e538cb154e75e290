import type { Alert, AlertSeverity } from '../schemas/generated/index.ts';

/** Which alerts take a route. */
export interface AlertRoute {
  readonly name: string;
  readonly minSeverity: AlertSeverity;
  /** Each list holds patterns, in which `*` stands for any characters. */
  readonly kinds: readonly string[];
  readonly subjects: readonly string[];
  readonly pipelines: readonly string[];
}

const rank: Readonly<Record<AlertSeverity, number>> = { info: 0, warning: 1, critical: 2 };

/**
 * The routes that an alert takes: severe enough, and fitting a pattern of each list.
 *
 * @example
 * routeAlert(alert, [{ name: 'pager', minSeverity: 'critical', kinds: ['*'], subjects: ['*'], pipelines: ['*'] }]);
 */
export const routeAlert = <Route extends AlertRoute>(alert: Alert, routes: readonly Route[]): readonly Route[] =>
  routes.filter(
    ({ minSeverity, kinds, subjects, pipelines }) =>
      rank[alert.severity] >= rank[minSeverity] &&
      fits(kinds, alert.kind) &&
      fits(subjects, alert.subject) &&
      fits(pipelines, alert.pipeline),
  );

const fits = (patterns: readonly string[], text: string): boolean => patterns.some((pattern) => matches(pattern, text));

/** In linear time, whatever the pattern: an alert's subject may come from outside. */
const matches = (pattern: string, text: string): boolean => {
  const [head = '', ...rest] = pattern.split('*');
  const tail = rest.pop();
  if (tail === undefined) return text === head;
  if (text.length < head.length + tail.length || !text.startsWith(head) || !text.endsWith(tail)) return false;
  let at = head.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > text.length - tail.length) return false;
    at = found + part.length;
  }
  return true;
};
