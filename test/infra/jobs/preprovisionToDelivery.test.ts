import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessRecord } from '../../../infra/agents/access/reading.ts';
import { preprovisionConfigSchema } from '../../../infra/jobs/config.ts';
import { startPreprovision } from '../../../infra/jobs/preprovision.ts';
import { hourMs } from '../../../models/access/calendar.ts';
import { TopicCodec } from '../../../schemas/codec.ts';
import type { AccessTelemetry } from '../../../schemas/generated/index.ts';
import { parsePreprovisionPolicy } from '../../../schemas/preprovisionPolicy.ts';
import { topics } from '../../../schemas/topics.ts';
import { openBao } from '../../services/openbao.ts';
import { provisionRig } from '../provision/rig.ts';

test('who comes every day finds the credential ready: foreseen, prepared, handed over', async (t) => {
  const rig = await provisionRig(t, await openBao(t));
  const { kafka } = rig.kafka;
  const alice = await rig.user('alice');
  await rig.engine();
  const delivery = await rig.delivery();
  const running = await startPreprovision(
    rig.kafka.context(),
    { brokers: kafka.brokers },
    preprovisionConfigSchema.parse({ instanceId: 'one', clockMs: 0 }),
    parsePreprovisionPolicy({ mode: 'enforce', windowHours: 2 }),
  );
  t.after(() => running.close());

  const topic = topics.telemetryAccess.name;
  const codec = await TopicCodec.open<AccessTelemetry>(topics.telemetryAccess, rig.kafka.registry);
  const partitions = await kafka.partitionsOf(topic);
  const thisHour = Math.floor(Date.now() / hourMs) * hourMs;
  const history = [];
  for (let ago = 14 * 24; ago >= 0; ago--) {
    const time = thisHour - ago * hourMs;
    const clock = { time, controlOffset: 1, scoresOffset: 0, modelSequence: 0 };
    const value = codec.encode(accessRecord({ user: '', kind: 'unknown', time, clock }));
    for (let partition = 0; partition < partitions; partition++) history.push({ topic, partition, key: null, value });
    if (ago > 0 && ago % 24 === 0) {
      const login = accessRecord({ user: 'alice', kind: 'login', vm: 'web-1', time: time + hourMs / 6 });
      history.push({ topic, key: 'alice', value: codec.encode(login) });
    }
  }
  await rig.kafka.producer.send(history);

  const prepared = await rig.step('alice/web-1', 'preProvisioned');
  assert.match(prepared.decisionId, /^preprovision\/alice\/web-1\/\d+$/);
  const answer = await delivery.get('web-1', alice.token);
  assert.deepEqual(
    [answer.status, answer.body.served, answer.body.decisionId],
    [200, 'preProvisioned', prepared.decisionId],
  );
  assert.equal((await alice.open(answer.body.sealed)).vm, 'web-1');
  await rig.noneLies();
});
