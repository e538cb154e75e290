import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lettersOf } from '../../../../infra/services/mail/compose.ts';
import { mailConfig } from '../../../../infra/services/mail/config.ts';
import { startMail } from '../../../../infra/services/mail/start.ts';
import type { Alert } from '../../../../schemas/generated/index.ts';
import { topics } from '../../../../schemas/topics.ts';
import { smtp } from '../../../services/smtp.ts';
import { kafkaRig, until } from '../../vault/rig.ts';

const alert = (overrides: Partial<Alert> = {}): Alert => ({
  alertId: 'noticeDelay/alice/web-1/d1',
  subject: 'alice',
  pipeline: 'provision',
  kind: 'noticeDelay',
  severity: 'info',
  summary: 'Your credential for web-1 is late',
  decisionId: 'd1',
  at: Date.parse('2026-03-29T01:30:00Z'),
  ...overrides,
});
const failing = alert({
  alertId: 'provisionFailing/alice/web-1/d1',
  kind: 'provisionFailing',
  severity: 'critical',
  subject: 'alice/web-1',
  summary: 'Credentials for alice/web-1 failed 3 times in a row',
});
const settings = {
  administrators: ['root@example.org'],
  userAddress: '{user}@example.org',
  from: 'ebbtide@example.org',
  tls: 'none',
  backoffMs: 10,
  maxBackoffMs: 50,
} as const;

test('lettersOf must send notices to their user, and what is severe to administrators', () => {
  const config = mailConfig.parse(settings);
  const to = (one: Alert) => lettersOf(one, config).map((letter) => letter.to);
  assert.deepEqual(to(alert()), ['alice@example.org']);
  assert.deepEqual(to(alert({ subject: 'bob@corp.example' })), ['bob@corp.example']);
  assert.deepEqual(to(failing), ['root@example.org']);
  assert.deepEqual(to(alert({ kind: 'keyChanged', severity: 'warning' })), ['alice@example.org', 'root@example.org']);
  assert.deepEqual(to(alert({ kind: 'drift', severity: 'info' })), []);
  assert.deepEqual(to(alert({ subject: 'a, b@example.org' })), []);
  assert.deepEqual(lettersOf(alert(), mailConfig.parse({ ...settings, userAddress: undefined })), []);
  const [letter] = lettersOf({ ...failing, subject: 'x\r\nBcc: y@example.org' }, config);
  assert.doesNotMatch(letter!.subject, /[\r\n]/);
  assert.equal(letter!.messageId, lettersOf({ ...failing, subject: 'z' }, config)[0]!.messageId);
});

test('startMail must send each message once over SMTP, try again what may pass, and go on past what is refused', async (t) => {
  let busy = 2;
  const server = await smtp(t, (to) => (to.startsWith('nobody') ? 550 : busy-- > 0 ? 451 : undefined));
  const kafka = await kafkaRig(t);
  const context = kafka.context();
  const running = await startMail(context, {
    mail: mailConfig.parse({ ...settings, port: server.port, messagesPerHour: 3 }),
  });
  t.after(() => running.close());
  await kafka.send<Alert>(topics.alerts, alert({ subject: 'nobody' }), alert(), alert(), failing);
  await until('both messages', () => server.got.length >= 2);
  const [notice, told] = ['alice@example.org', 'root@example.org'].map(
    (to) => server.got.find((one) => one.to === to)!,
  );
  assert.match(notice!.text, /^Subject: Your credential for web-1 is late\r$/m);
  assert.match(notice!.text, /^Auto-Submitted: auto-generated\r$/m);
  assert.match(told!.text, /^Subject: \[critical\] provisionFailing: alice\/web-1\r$/m);
  for (let n = 0; n < 9; n++) await kafka.send<Alert>(topics.alerts, { ...failing, alertId: `again/${n}` });
  const limited = /ebbtide_mail_messages_total\{result="limited"\} 7/;
  await until('the limit', async () => limited.test(await context.metrics.metrics()));
  await until('what is refused', async () => /\{result="refused"\} 1/.test(await context.metrics.metrics()));
  assert.equal(server.got.length, 4);
});

test('startMail must say so where its server is away, and send once it is back', async (t) => {
  const kafka = await kafkaRig(t);
  const gone = await smtp(t);
  const running = await startMail(kafka.context(), {
    mail: mailConfig.parse({ ...settings, port: 1, attempts: 2 }),
  });
  await kafka.send<Alert>(topics.alerts, failing);
  const health = await until('the failure', async () => {
    const { ready, detail } = await running.health();
    return !ready && /mail server/.test(detail) && detail;
  });
  assert.match(health, /ECONNREFUSED|ESOCKET|ECONNECTION/);
  await running.close();
  const next = await startMail(kafka.context(), { mail: mailConfig.parse({ ...settings, port: gone.port }) });
  t.after(() => next.close());
  await kafka.send<Alert>(topics.alerts, { ...failing, alertId: 'later' });
  await until('the message', () => gone.got.length === 1);
});
