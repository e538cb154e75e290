import { endedBy, headlineOf, severest, toldBy } from '../body.ts';
import { hashedId, type Outgoing, type Post } from './channel.ts';

const longestSummary = 1_024;

/** Where PagerDuty takes events, unless a route says otherwise. */
export const pagerDutyUrl = 'https://events.pagerduty.com/v2/enqueue';

/**
 * Events for PagerDuty, and for what is compatible with it: an alert triggers an incident of its own, and the end of its
 * cause resolves that.
 *
 * Source: https://developer.pagerduty.com/docs/send-alert-event (Events API v2)
 *
 * @param routingKey - the integration's key
 */
export const pagerDutyEvent =
  (routingKey: string, url = pagerDutyUrl) =>
  ({ body }: Outgoing): Post => {
    const told = toldBy(body);
    const [first] = told.alerts;
    const ended = endedBy(first!);
    const key = { routing_key: routingKey, dedup_key: hashedId('ebbtide', ended ?? first!.alertId) };
    if (ended !== undefined) return { url, body: JSON.stringify({ ...key, event_action: 'resolve' }) };
    const event = {
      ...key,
      event_action: 'trigger',
      client: 'Ebbtide',
      payload: {
        summary: headlineOf(told).slice(0, longestSummary),
        source: first!.subject,
        severity: severest(told.alerts),
        timestamp: new Date(first!.at).toISOString(),
        component: first!.pipeline,
        group: first!.subject,
        class: first!.kind,
        custom_details: { alerts: told.alerts.slice(0, 20), count: told.alerts.length },
      },
    };
    return { url, body: JSON.stringify(event) };
  };
