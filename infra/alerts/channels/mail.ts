import type { MailConfig } from '../../services/mail/config.ts';
import { openTransport, smtpOutcome } from '../../services/mail/transport.ts';
import { headlineOf, oneLine, severest, toldBy } from '../body.ts';
import type { RouteConfig } from '../config.ts';
import { type Channel, hashedId } from './channel.ts';

const longestSubject = 200;
const mostAlerts = 100;

/**
 * Alerts by e-mail, through the server of section `mail`.
 *
 * @throws {EbbtideError} `CONFIG_INVALID` where the password's file cannot be read
 */
export const mailChannel = async ({ to }: RouteConfig, config: MailConfig): Promise<Channel> => {
  const transport = await openTransport(config);
  const domain = config.from.split('@')[1];
  return {
    async send({ id, body }) {
      const told = toldBy(body);
      const subject = `[${severest(told.alerts)}] ${headlineOf(told)}`.slice(0, longestSubject);
      const messageId = `<${hashedId('alert', id)}@${domain}>`;
      try {
        await transport.send({ to: to.join(', '), subject, text: textOf(told), messageId });
        return { status: 250, outcome: 'delivered', waitMs: 0 };
      } catch (error) {
        const { status, mayPass } = smtpOutcome(error);
        if (status === 0 && mayPass) throw error;
        return { status, outcome: mayPass ? 'later' : 'never', waitMs: 0 };
      }
    },
    close: () => transport.close(),
  };
};

const textOf = (told: ReturnType<typeof toldBy>): string =>
  [
    headlineOf(told),
    ...told.alerts
      .slice(0, mostAlerts)
      .flatMap(({ severity, kind, subject, summary, at, alertId, decisionId }) => [
        '',
        `${severity} ${kind}: ${oneLine(summary)}`,
        `About: ${oneLine(subject)}`,
        `When: ${new Date(at).toISOString()}`,
        ...(decisionId === null ? [] : [`Decision: ${oneLine(decisionId)}`]),
        `Alert: ${oneLine(alertId)}`,
      ]),
    ...(told.alerts.length > mostAlerts ? ['', `… and ${told.alerts.length - mostAlerts} more`] : []),
    '',
    'Acknowledge with: ebbtide alerts acknowledge <alert>',
    'Ebbtide never asks for a password or key by mail.',
  ].join('\n');
