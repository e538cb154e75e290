import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deskArchive } from '../../../infra/clickhouse/desk.ts';
import { takeStep } from '../../../infra/console/view/investigation.ts';
import { controlRecord } from '../../../schemas/control.ts';
import { clickHouse } from '../../services/clickhouse.ts';
import { credentialOf, decisionOf, effectOf, scoreOf } from '../console/records.ts';
import { messageOf, preparedArchive, rowsOf } from './support.ts';

const start = 1_790_000_000_000;
const minute = 60_000;
const mean = "cred-1' OR 1 --";

test('deskArchive() answers what the console asks of a real archive', async (t) => {
  const { url } = await clickHouse(t);
  const archive = await preparedArchive(t, url);
  const desk = deskArchive(archive);
  const batch = archive.newBatch('test');
  let offset = 0;
  const add = (topic: string, record: object, timestamp = start): void =>
    batch.add(messageOf(topic, offset++, { timestamp }), record);
  for (const subject of ['cred-1', mean]) {
    add('credentials', credentialOf(subject, start));
    add('credentials', credentialOf(subject, start, { expiresAt: start + 5 * minute }), start + minute);
  }
  for (let index = 0; index < 600; index += 1)
    add('scores', scoreOf('cred-1', start + index * 1_000, index === 300 ? 0.95 : 0.1 + (index % 7) / 100));
  add('scores', { ...scoreOf('cred-1', start + 300_500, 1), role: 'challenger' });
  const revoked = decisionOf('cred-1', 'revoke', start + 5 * minute);
  add('decisions', revoked);
  add('decisions', decisionOf('cred-1', 'keep', start + 4 * minute));
  add('decisions', decisionOf(mean, 'shorten', start + 6 * minute));
  add('effects', effectOf(revoked, start + 5 * minute + 40));
  add('alerts', {
    alertId: 'alert-1',
    subject: 'cred-1',
    pipeline: 'lifecycle',
    kind: 'revoked',
    severity: 'critical',
    summary: '<b>Look</b>',
    decisionId: revoked.decisionId,
    at: start + 5 * minute,
  });
  for (const [id, host] of [
    ['cred-1', 'host-a'],
    ['cred-2', 'host-a'],
    ['cred-3', 'host-b'],
  ] as const)
    add('telemetry.resource', {
      credentialId: id,
      host,
      sentAt: start,
      samples: [{ time: start, cpuCores: 1, custom: {} }],
      clock: null,
    });
  await archive.insert(batch);
  await desk.ping();

  await t.test('the queue: harsh decisions, their effects and alerts, since a time', async () => {
    const { decisions, effects, alerts } = await desk.queue(start, 100);
    assert.deepEqual(
      decisions.map(({ subject, action }) => [subject, action]),
      [
        [mean, 'shorten'],
        ['cred-1', 'revoke'],
      ],
    );
    assert.deepEqual(decisions[1], revoked);
    assert.deepEqual(
      effects.map(({ decisionId }) => decisionId),
      [revoked.decisionId],
    );
    assert.deepEqual(
      alerts.map(({ summary }) => summary),
      ['<b>Look</b>'],
    );
    assert.deepEqual(
      (await desk.queue(start + 6 * minute, 100)).decisions.map(({ subject }) => subject),
      [mean],
    );
    assert.equal((await desk.queue(start, 1)).decisions.length, 1);
  });

  await t.test('a life: the highest score of each step, what moved it, what the register said', async () => {
    const life = await desk.timeline('cred-1', start, start + 10 * minute, 60);
    assert.equal(life.scores.length, 60);
    assert.equal(Math.max(...life.scores.map(({ score }) => score)), 0.95);
    const high = life.scores.find(({ score }) => score === 0.95)!;
    assert.ok(high.at <= start + 300_000 && start + 300_000 < high.at + 10_000);
    assert.deepEqual(life.life, [
      { at: start, expiresAt: start + minute },
      { at: start + minute, expiresAt: start + 5 * minute },
    ]);
    assert.deepEqual(life.features, [{ feature: 'cpuFraction', weight: 1 }]);
    assert.deepEqual(
      life.decisions.map(({ action }) => action),
      ['keep', 'revoke'],
    );
    assert.equal(life.lastScore?.windowEnd, start + 599_000);
  });

  await t.test('a name that looks like SQL is a name', async () => {
    const life = await desk.timeline(mean, start, start + 10 * minute, 60);
    assert.deepEqual([life.scores, life.decisions.map(({ subject }) => subject)], [[], [mean]]);
    assert.deepEqual(await desk.related(mean, start - minute, 10), []);
    assert.deepEqual((await desk.timeline('../../etc/passwd', start, start + minute, 60)).scores, []);
  });

  await t.test('policies that were in force, in the order of the topic', async () => {
    const records = archive.newBatch('test');
    const put = (value: unknown, by: string, at: number) =>
      records.add(
        messageOf('control', offset++, { timestamp: at }),
        controlRecord({ kind: 'policy', pipeline: 'lifecycle', value, by, reason: `<b>${by}</b>` }, at),
      );
    put({ strikes: 2 }, 'ann', start);
    put({ strikes: 3 }, 'bob', start + 1);
    records.add(
      messageOf('control', offset++),
      controlRecord({ kind: 'mode', value: 'enforce', by: 'cid', reason: '' }, start + 2),
    );
    await archive.insert(records);
    const past = await desk.policies(10);
    assert.deepEqual(
      past.map(({ by, reason, at, key }) => [by, reason, at, key]),
      [
        ['ann', '<b>ann</b>', start, 'policy/lifecycle'],
        ['bob', '<b>bob</b>', start + 1, 'policy/lifecycle'],
      ],
    );
    assert.equal(JSON.parse(past[0]!.value).strikes, 2);
    assert.deepEqual(
      (await desk.policies(1)).map(({ by }) => by),
      ['bob'],
    );
  });

  await t.test('who was on the same host', async () => {
    assert.deepEqual(await desk.related('cred-1', start - minute, 10), [
      { by: 'host', subject: 'cred-2', seenAt: start, of: 'host-a' },
    ]);
  });

  await t.test('the view of investigations lets the first of two steps on the same state count', async () => {
    const steps = archive.newBatch('test');
    const step = (stepId: string, more: object): void => {
      const blank = { subject: '', title: '', decisionId: null, assignee: '', finding: 'none', text: '', base: 0 };
      steps.add(messageOf('investigations', offset++), {
        stepId,
        investigationId: 'i',
        by: stepId,
        at: start + offset,
        ...blank,
        ...more,
      });
    };
    step('i/1', { kind: 'opened', subject: 'cred-1', title: 'Odd' });
    step('i/2', { kind: 'assigned', base: 1, assignee: 'ann' });
    step('i/3', { kind: 'assigned', base: 1, assignee: 'bob' });
    step('i/4', { kind: 'commented', text: '<b>x</b>' });
    step('i/5', { kind: 'closed', base: 2, finding: 'falsePositive' });
    await archive.insert(steps);
    assert.deepEqual(
      await rowsOf(
        archive,
        'SELECT investigation_id, subject, title, opened_by, status, assignee, finding, toUInt32(comments) AS comments FROM investigations',
      ),
      [
        {
          investigation_id: 'i',
          subject: 'cred-1',
          title: 'Odd',
          opened_by: 'i/1',
          status: 'closed',
          assignee: 'ann',
          finding: 'falsePositive',
          comments: 1,
        },
      ],
    );
    const recalled = await desk.investigation('i');
    assert.deepEqual(
      recalled.map(({ stepId }) => stepId),
      ['i/1', 'i/2', 'i/3', 'i/4', 'i/5'],
    );
    const folded = recalled.reduce<ReturnType<typeof takeStep>>((one, step) => takeStep(one, step) ?? one, undefined)!;
    assert.deepEqual([folded.status, folded.assignee, folded.finding], ['closed', 'ann', 'falsePositive']);
  });
});
