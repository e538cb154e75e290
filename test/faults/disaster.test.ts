import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import ckjs from '@confluentinc/kafka-javascript';
import { Registry } from 'prom-client';
import { archiveConfig } from '../../infra/clickhouse/config.ts';
import { startArchive } from '../../infra/jobs/archive.ts';
import { call } from '../../infra/kafka/client.ts';
import { createLogger } from '../../infra/log.ts';
import { topics } from '../../schemas/topics.ts';
import { openShell } from '../docs/shell.ts';
import { documented } from '../docs/statements.ts';
import { preparedArchive, rowsOf } from '../infra/clickhouse/support.ts';
import { decide, effectOf, issueToken, kafkaRig, opens, prepareVault, startRig } from '../infra/vault/rig.ts';
import { clickHouse } from '../services/clickhouse.ts';
import { until } from '../services/context.ts';
import { temporaryFolder } from '../services/folder.ts';
import { kafkaTools } from '../services/kafka.ts';
import { sealableOpenBao } from '../services/openbao.ts';
import { requireOrSkip } from '../services/require.ts';
import { readOutputs } from './reference.ts';
import { countOf, openStage, type Stage } from './stage.ts';

const written = [topics.scores.name, topics.decisions.name];

/** An archive that takes in what the group of the archive has not, until it holds so many decisions; then it ends. */
const archived = async (t: TestContext, { kafka, registry }: Stage, url: string, reached: (n: number) => boolean) => {
  const archive = await preparedArchive(t, url);
  const context = { kafka, registry, log: createLogger('test'), metrics: new Registry(), archive };
  const running = await startArchive(context, archiveConfig.parse({ flushMs: 50 }));
  const count = async (): Promise<number> =>
    Number((await rowsOf<{ n: string }>(archive, 'SELECT count() AS n FROM decisions'))[0]!.n);
  try {
    await until('the archive has them', async () => reached(await count()));
    await until('the archive is at the end', async () => (await running.health()).ready);
    return await count();
  } finally {
    await running.close();
  }
};

test('lost at Kafka and ClickHouse: what is documented brings back what it says', async (t) => {
  if (!(await requireOrSkip(t, 'java')) || !(await requireOrSkip(t, 'clickhouse'))) return;
  const stage = await openStage(t, 7);
  await stage.input.send(120);
  await stage.input.finish();
  const first = stage.load('one').go();
  await stage.settled();
  assert.equal(await first.stop(), 0);
  const before = await readOutputs(stage.kafka, written);
  const decisions = countOf(before, topics.decisions.name);
  assert.ok(decisions > 20, `only ${decisions} decisions`);

  await t.test('an empty ClickHouse holds all that Kafka still has, once the group begins anew', async (t) => {
    const { url } = await clickHouse(t);
    assert.equal(await archived(t, stage, url, (n) => n >= decisions), decisions);
    const shell = await openShell(temporaryFolder(t), {});
    const command = join(shell.folder, 'bin', 'kafka-consumer-groups.sh');
    const tool = 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand';
    writeFileSync(command, `#!/bin/sh\nexec java -cp '${await kafkaTools()}' ${tool} "$@"\n`, { mode: 0o755 });
    const statement = await documented(
      'kafka-consumer-groups.sh --bootstrap-server kafka:9092 --group ebbtide-archive --all-topics --reset-offsets --to-earliest --execute',
    );
    const { status, output } = await shell.run(statement.replace('kafka:9092', stage.broker.brokers));
    assert.equal(status, 0, output);
    assert.match(output, /decisions/);
    assert.equal(await archived(t, stage, url, (n) => n >= decisions), decisions);
  });

  await t.test('without its changelog the pipeline decides the same again, from what telemetry Kafka has', async () => {
    const admin = ckjs.AdminClient.create({ 'bootstrap.servers': stage.broker.brokers } as never);
    await call('Cannot delete the changelog', (done) =>
      admin.deleteTopic(topics.stateLifecycle.name, 10_000, done as never),
    );
    admin.disconnect();
    // Deleting goes on after it was acknowledged
    await until('the changelog is there anew', () =>
      stage.kafka.ensureTopics(4).then(
        () => true,
        () => false,
      ),
    );
    const again = stage.load('two').go();
    await until('every decision is there twice', async () => {
      const now = await readOutputs(stage.kafka, written);
      return (
        countOf(now, topics.decisions.name) >= 2 * decisions &&
        countOf(now, topics.scores.name) >= 2 * countOf(before, topics.scores.name)
      );
    });
    assert.equal(await again.stop(), 0);
    const after = await readOutputs(stage.kafka, written);
    for (const [id, records] of before) assert.deepEqual(after.get(id), [...records, ...records], id);
  });
});

test('Vault restored from a snapshot: tokens of later do not exist there, and effects say so', async (t) => {
  if (!(await requireOrSkip(t, 'openbao'))) return;
  const bao = await sealableOpenBao(t);
  const vault = await prepareVault(t, bao);
  const snapshotAt = (path: string, init?: RequestInit) =>
    fetch(`${bao.address}/v1/sys/storage/raft/${path}`, { ...init, headers: { 'X-Vault-Token': bao.rootToken } });
  const earlier = await issueToken(vault);
  const taken = await snapshotAt('snapshot');
  assert.equal(taken.status, 200);
  const snapshot = Buffer.from(await taken.arrayBuffer());
  const later = await issueToken(vault);
  assert.equal(await opens(vault, later.token), true);
  const restored = await snapshotAt('snapshot-force', { method: 'POST', body: snapshot });
  assert.ok(restored.ok, `${restored.status} ${await restored.text()}`);
  await until('it is as it was', async () => (await opens(vault, earlier.token)) && !(await opens(vault, later.token)));

  const kafka = await kafkaRig(t);
  await kafka.register(earlier.credential, later.credential);
  await startRig(t, vault, kafka);
  const [ofEarlier, ofLater] = [decide(earlier.credential, 'revoke'), decide(later.credential, 'revoke')];
  await kafka.decide(ofEarlier, ofLater);
  const first = await effectOf(kafka, ofEarlier.decisionId);
  assert.equal(first.outcome, 'enforced');
  assert.equal(await opens(vault, earlier.token), false);
  const second = await effectOf(kafka, ofLater.decisionId);
  t.diagnostic(`${second.outcome}: ${second.detail}`);
  assert.match(second.detail, /no longer|not|ended|gone/i);
});
