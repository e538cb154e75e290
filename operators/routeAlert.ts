import type { Alert, AlertSeverity } from '../schemas/generated/index.ts';
import { fitsPattern } from './fitsPattern.ts';

/** Which alerts take a route. */
export interface AlertRoute {
  readonly name: string;
  readonly minSeverity: AlertSeverity;
  /** Each list holds patterns, in which `*` stands for any characters. */
  readonly kinds: readonly string[];
  readonly subjects: readonly string[];
  readonly pipelines: readonly string[];
  /** Whether only what another route escalates is told here. @default false */
  readonly escalationOnly?: boolean;
}

/** Kind of the alert by which somebody tries the routes out. */
export const testKind = 'test';

/** From the least urgent on. */
export const severityRank: Readonly<Record<AlertSeverity, number>> = { info: 0, warning: 1, critical: 2 };

/**
 * The routes that an alert takes: severe enough, and fitting a pattern of each list. A test fits any kind and pipeline.
 *
 * @example
 * routeAlert(alert, [{ name: 'pager', minSeverity: 'critical', kinds: ['*'], subjects: ['*'], pipelines: ['*'] }]);
 */
export const routeAlert = <Route extends AlertRoute>(alert: Alert, routes: readonly Route[]): readonly Route[] =>
  routes.filter(
    ({ minSeverity, kinds, subjects, pipelines, escalationOnly = false }) =>
      !escalationOnly &&
      severityRank[alert.severity] >= severityRank[minSeverity] &&
      fits(subjects, alert.subject) &&
      (alert.kind === testKind || (fits(kinds, alert.kind) && fits(pipelines, alert.pipeline))),
  );

const fits = (patterns: readonly string[], text: string): boolean =>
  patterns.some((pattern) => fitsPattern(pattern, text));
