import { headlineOf, severest, toldBy } from '../body.ts';
import type { Outgoing, Post } from './channel.ts';

const mark = { info: ':information_source:', warning: ':warning:', critical: ':rotating_light:' } as const;
/** A section's text may have 3,000 characters, a message 50 blocks. */
const longest = 2_800;
const mostAlerts = 20;

/** Nothing that a subject says may become a link, a mention or a format. */
const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('`', "'");

/**
 * Messages for an incoming webhook of Slack, and of what is compatible with it.
 *
 * Source: https://api.slack.com/messaging/webhooks and https://api.slack.com/reference/surfaces/formatting
 */
export const slackMessage =
  (url: string) =>
  ({ body }: Outgoing): Post => {
    const told = toldBy(body);
    const { alerts } = told;
    const resolved = alerts.every(({ kind }) => kind === 'resolved');
    const icon = resolved ? ':white_check_mark:' : mark[severest(alerts)];
    const headline = `${icon} ${escaped(headlineOf(told))}`.slice(0, longest);
    const lines = alerts.slice(0, mostAlerts).map((alert) => {
      const about = `\`${escaped(alert.subject)}\` ${escaped(alert.summary)}`.slice(0, 200);
      return `• *${alert.severity}* ${about}`;
    });
    if (alerts.length > mostAlerts) lines.push(`… and ${alerts.length - mostAlerts} more`);
    const facts = alerts.length === 1 ? factsOf(alerts[0]!) : lines.join('\n');
    const blocks = [headline, facts].map((text) => ({
      type: 'section',
      text: { type: 'mrkdwn', text: text.slice(0, longest) },
    }));
    return { url, body: JSON.stringify({ text: headline, blocks }) };
  };

const factsOf = ({ subject, pipeline, alertId, at }: ReturnType<typeof toldBy>['alerts'][number]): string =>
  `*Subject* \`${escaped(subject)}\`   *Pipeline* ${escaped(pipeline)}   *At* ${new Date(at).toISOString()}\n*Alert* \`${escaped(alertId)}\``;
