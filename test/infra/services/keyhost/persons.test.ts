import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { openBao } from '../../../services/openbao.ts';
import { requireOrSkip } from '../../../services/require.ts';
import { kafkaRig, prepareVault } from '../../vault/rig.ts';
import { ask, batchOf, certificateRequest, endpointIdentity, startHost, typist } from './rig.ts';

test('more people than may lie open in memory are all known, and learned from, as ever', async (t) => {
  if (!(await requireOrSkip(t, 'openbao'))) return;
  const vault = await prepareVault(t, await openBao(t));
  const kafka = await kafkaRig(t);
  const metrics = new Registry();
  const openPersons = 3;
  const start = () => startHost(t, vault, { ...kafka.context(), metrics }, { keyhost: { openPersons } });
  let host = await start();
  const identity = await endpointIdentity(vault);
  const csr = certificateRequest(vault.folder);
  const people = Array.from({ length: 8 }, (_, i) => ({
    user: `user-${i}@example`,
    types: typist(0.12 + 0.04 * i, 100 + i),
  }));
  const signIn = async ({ user, types }: (typeof people)[number], count: number, strong = false) => {
    const batch = batchOf(Array.from({ length: count }, types));
    const request = { requestId: randomUUID(), user, csr, strong, batch };
    const { status, body } = await ask(host.address, identity, 'POST', '/v1/authentications', request);
    assert.equal(status, 201, JSON.stringify(body));
    return body as typeof body & { enrolled: Record<string, number> };
  };
  const gauge = async (name: string): Promise<number> =>
    (await metrics.getSingleMetric(`ebbtide_keyhost_${name}`)!.get()).values[0]!.value;

  for (const person of people) assert.equal((await signIn(person, 30, true)).reason, 'learning');
  for (let round = 0; round < 3; round++)
    for (const [i, person] of people.entries()) {
      const { reason, enrolled, risk } = await signIn(person, 3);
      assert.deepEqual([reason, enrolled], ['assessed', { keystroke: 30 }]);
      assert.ok(risk < 0.5, `user ${i}, round ${round}: ${risk}`);
      assert.ok((await gauge('open_persons')) <= openPersons);
    }
  assert.deepEqual([await gauge('open_persons'), await gauge('persons')], [openPersons, people.length]);
  assert.ok((await gauge('baselines_disk_bytes')) > 0);
  assert.equal(await gauge('baselines_held_bytes'), 0);

  // Whoever was asked for last stays
  const [first, ...others] = people;
  await signIn(first!, 3);
  await signIn(others[0]!, 3);
  assert.equal(await gauge('open_persons'), openPersons);

  await t.test('after a restart nobody lies open, and everybody is known', async () => {
    await host.close();
    metrics.clear();
    host = await start();
    assert.deepEqual([await gauge('open_persons'), await gauge('persons')], [0, people.length]);
    for (const person of people) assert.equal((await signIn(person, 3)).reason, 'assessed');
  });
});
