import { severityRank } from '../../operators/routeAlert.ts';
import type { Alert, AlertSeverity } from '../../schemas/generated/index.ts';

/** What is told: one alert, or several of a group. */
export interface Told {
  /** One and up, the oldest first. */
  readonly alerts: readonly Alert[];
  /** Route on which nobody saw to it, where it was escalated. */
  readonly escalatedFrom?: string;
}

interface Payload {
  /** `alert.<kind>`, or `alerts` for a group. */
  readonly type: string;
  readonly timestamp: string;
  readonly data: Alert | readonly Alert[];
  readonly escalatedFrom?: string;
}

/** Kind of the alert that says that the cause of another has ended. */
export const resolvedKind = 'resolved';
const resolvedPrefix = `${resolvedKind}/`;

/** Identifier of the alert by which the cause of another ends. */
export const resolvedId = (alertId: string): string => `${resolvedPrefix}${alertId}`;

/** The alert whose cause has ended by this one; undefined where this is no such alert. */
export const endedBy = ({ kind, alertId }: Pick<Alert, 'kind' | 'alertId'>): string | undefined =>
  kind === resolvedKind && alertId.startsWith(resolvedPrefix) ? alertId.slice(resolvedPrefix.length) : undefined;

/**
 * The alert by which the cause of another ends: whoever was told of that one hears of this.
 *
 * @param at - epoch milliseconds
 */
export const resolutionOf = (alert: Alert, summary: string, at: number): Alert => ({
  ...alert,
  alertId: resolvedId(alert.alertId),
  kind: resolvedKind,
  severity: 'info',
  summary,
  at,
});

/** The payload: type, time and data, as Standard Webhooks has it. */
export const bodyOf = ({ alerts, escalatedFrom }: Told): string => {
  const [first] = alerts;
  const payload: Payload = {
    type: alerts.length === 1 ? `alert.${first!.kind}` : 'alerts',
    timestamp: new Date(first!.at).toISOString(),
    data: alerts.length === 1 ? first! : alerts,
    ...(escalatedFrom === undefined ? {} : { escalatedFrom }),
  };
  return JSON.stringify(payload);
};

/** What a payload of {@link bodyOf} tells. */
export const toldBy = (body: string): Told => {
  const { data, escalatedFrom } = JSON.parse(body) as Payload;
  return {
    alerts: Array.isArray(data) ? (data as Alert[]) : [data as Alert],
    ...(escalatedFrom === undefined ? {} : { escalatedFrom }),
  };
};

/** The most urgent of some alerts. */
export const severest = (alerts: readonly Alert[]): AlertSeverity =>
  alerts.reduce<AlertSeverity>(
    (most, { severity }) => (severityRank[severity] > severityRank[most] ? severity : most),
    'info',
  );

/** One line, as a header must be. */
export const oneLine = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not get in
  text.replace(/[\u0000-\u001f\u007f\u2028\u2029]+/g, ' ').trim();

/** What is told, in one line. */
export const headlineOf = ({ alerts, escalatedFrom }: Told): string => {
  const [first] = alerts;
  const what =
    alerts.length === 1
      ? `${first!.kind}: ${first!.summary}`
      : `${alerts.length} alerts, the first of ${first!.subject}: ${first!.summary}`;
  return oneLine(escalatedFrom === undefined ? what : `Not acknowledged on ${escalatedFrom}: ${what}`);
};
