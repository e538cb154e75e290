import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectKafka } from '../../infra/kafka/connect.ts';
import { decide, issueToken, kafkaRigAt, opens, prepareVault, startRig, until } from '../infra/vault/rig.ts';
import { privateKafka } from '../services/kafka.ts';
import { openBao } from '../services/openbao.ts';
import { requireOrSkip } from '../services/require.ts';

test('a broker that is killed, or stopped, and comes back costs the actuator no decision, and gives none two effects', async (t) => {
  if (!(await requireOrSkip(t, 'java'))) return;
  const broker = await privateKafka(t);
  const admin = await connectKafka({ brokers: broker.brokers });
  await admin.ensureTopics(2);
  await admin.close();
  const vault = await prepareVault(t, await openBao(t));
  const kafka = await kafkaRigAt(t, broker.brokers);
  const running = await startRig(t, vault, kafka);
  const issued = await Promise.all(Array.from({ length: 12 }, () => issueToken(vault)));
  await kafka.register(...issued.map(({ credential }) => credential));
  const wanted: string[] = [];
  const send = async (from: number, to: number, action: 'shorten' | 'revoke') => {
    const decisions = issued.slice(from, to).map(({ credential }) => decide(credential, action, 60_000));
    await kafka.decide(...decisions);
    wanted.push(...decisions.map(({ decisionId }) => decisionId));
  };
  await until('readiness', async () => (await running.health()).ready);
  await send(0, 6, 'shorten');
  await broker.kill();
  await broker.start();
  await send(6, 12, 'shorten');
  await until('an effect of each', () => new Set(kafka.effects.map((one) => one.decisionId)).size === 12);
  await send(0, 12, 'revoke');
  await broker.stop();
  await until('that it says so', async () => !(await running.health()).ready);
  await broker.start();
  await until('an effect of each', () => new Set(kafka.effects.map((one) => one.decisionId)).size === 24);
  await until('readiness again', async () => (await running.health()).ready);

  const effects = kafka.effects.map(({ decisionId }) => decisionId);
  assert.deepEqual([...effects].sort(), [...wanted].sort());
  assert.ok(kafka.effects.every(({ outcome }) => outcome === 'enforced'));
  for (const { token } of issued) assert.equal(await opens(vault, token), false);
  await until('no decision to lag behind', async () => {
    const lag = await running.context.metrics.getSingleMetric('ebbtide_actuator_lag_messages')!.get();
    return lag.values[0]?.value === 0;
  });
});
