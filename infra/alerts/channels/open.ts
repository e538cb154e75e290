import { checkReach, type Outbound } from '../../http/outbound.ts';
import type { MailConfig } from '../../services/mail/config.ts';
import { readSecret } from '../../vault/session.ts';
import type { RouteConfig } from '../config.ts';
import { type Channel, httpChannel } from './channel.ts';
import { mailChannel } from './mail.ts';
import { pagerDutyEvent } from './pagerduty.ts';
import { slackMessage } from './slack.ts';
import { signedWebhook } from './webhook.ts';

/** What channels work with. */
export interface ChannelParts {
  readonly outbound: Outbound;
  readonly mail: MailConfig;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * The way that a route takes.
 *
 * @throws {EbbtideError} `CONFIG_INVALID` where its secret cannot be read, or is none; `ADDRESS_FORBIDDEN` for a Slack
 *   address in a file that is none
 */
export const openChannel = async (route: RouteConfig, { outbound, mail, now }: ChannelParts): Promise<Channel> => {
  if (route.type === 'mail') return mailChannel(route, mail);
  const secret = route.secretFile === undefined ? (route.secret ?? '') : await readSecret(route.secretFile);
  if (route.type === 'pagerduty') return httpChannel(route, outbound, now, pagerDutyEvent(secret, route.url));
  if (route.type === 'webhook') return httpChannel(route, outbound, now, signedWebhook(route, secret));
  const url = route.url ?? secret;
  checkReach(url, route);
  return httpChannel(route, outbound, now, slackMessage(url));
};
