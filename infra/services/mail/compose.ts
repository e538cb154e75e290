import { createHash } from 'node:crypto';
import type { Alert } from '../../../schemas/generated/index.ts';
import { userName } from '../../provision/names.ts';
import type { MailConfig } from './config.ts';

/** A message to one address. */
export interface Letter {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** The same for the same alert and address, so that a mail server or reader can tell a message that came twice. */
  readonly messageId: string;
}

const severities = ['info', 'warning', 'critical'] as const;
/** Kinds of alerts that are for the user they are about. */
const forUsers = new Set(['noticeRefresh', 'noticeDelay', 'keyChanged']);

/** One line, as a header must be. */
const oneLine = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not get in
  text.replace(/[\u0000-\u001f\u007f\u2028\u2029]+/g, ' ').trim();

/** The messages that an alert makes: notices go to their user, everything severe enough to administrators. */
export const lettersOf = (alert: Alert, config: MailConfig): readonly Letter[] => {
  const notice = alert.kind.startsWith('notice');
  const severe = severities.indexOf(alert.severity) >= severities.indexOf(config.leastSeverity);
  const users = forUsers.has(alert.kind) && config.userAddress && userName.test(alert.subject);
  const to = [
    ...(users ? [addressOf(alert.subject, config.userAddress!)] : []),
    ...(severe && !notice ? config.administrators : []),
  ];
  const summary = oneLine(alert.summary);
  const subject = notice ? summary : `[${alert.severity}] ${alert.kind}: ${oneLine(alert.subject)}`;
  const text = [
    summary,
    '',
    `About: ${oneLine(alert.subject)}`,
    `When: ${new Date(alert.at).toISOString()}`,
    ...(alert.decisionId === null ? [] : [`Decision: ${oneLine(alert.decisionId)}`]),
    `Alert: ${oneLine(alert.alertId)}`,
    '',
    'Ebbtide never asks for a password or key by mail.',
  ].join('\n');
  const domain = config.from.split('@')[1];
  return [...new Set(to)].map((address) => ({
    to: address,
    subject: subject.slice(0, 200),
    text,
    messageId: `<${createHash('sha256').update(`${alert.alertId}\n${address}`).digest('hex').slice(0, 32)}@${domain}>`,
  }));
};

/** A user's name may be an address already. */
const addressOf = (user: string, template: string): string =>
  user.includes('@') ? user : template.replaceAll('{user}', user);
