import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { TopicCodec } from '../../../../schemas/codec.ts';
import { controlRecord } from '../../../../schemas/control.ts';
import type { Control } from '../../../../schemas/generated/index.ts';
import { topics } from '../../../../schemas/topics.ts';
import { openBao } from '../../../services/openbao.ts';
import { requireOrSkip } from '../../../services/require.ts';
import { kafkaRig, prepareVault, until } from '../../vault/rig.ts';
import { ask, certificateRequest, endpointIdentity, startHost } from './rig.ts';

test('a policy that a person puts in force counts at the key host from the next key on, one that does not hold never', async (t) => {
  if (!(await requireOrSkip(t, 'openbao'))) return;
  const vault = await prepareVault(t, await openBao(t));
  const kafka = await kafkaRig(t);
  const context = kafka.context();
  const host = await startHost(t, vault, context);
  const identity = await endpointIdentity(vault);
  const csr = certificateRequest(vault.folder);
  const producer = await context.kafka.producer({ lingerMs: 0 });
  t.after(() => producer.close());
  const codec = await TopicCodec.open<Control>(topics.control, context.registry);
  const send = (control: Control) =>
    producer.send([{ topic: topics.control.name, partition: 0, key: control.key, value: codec.encode(control) }]);
  /** Without consent nothing is compared, and the key lives the shortest; its end is a whole second. */
  const lifeS = async (): Promise<number> => {
    const request = { requestId: randomUUID(), user: 'anna@example', csr };
    const { body, status } = await ask(host.address, identity, 'POST', '/v1/authentications', request);
    assert.equal(status, 201, JSON.stringify(body));
    return Math.ceil(body.lifespanMs / 1_000);
  };
  assert.equal(await lifeS(), 300);
  const policy = { lifespans: { classes: [{ above: 0.5, lifespanMs: 120_000 }], otherwiseMs: 3_600_000 } };
  const set = controlRecord(
    { kind: 'policy', pipeline: 'keylife', value: policy, by: 'ann', reason: 'Shorter lives' },
    Date.now(),
  );
  await send(set);
  await until('the policy at the key host', async () => (await lifeS()) === 120);
  await send({ ...set, value: '{"lifespans":{"classes":[],"otherwiseMs":1}}' });
  await send({ ...set, value: JSON.stringify({ rotateAfterMs: 60_000 }) });
  await until('the policy after the one that does not hold', async () => (await lifeS()) === 60);
  await host.close();
});
