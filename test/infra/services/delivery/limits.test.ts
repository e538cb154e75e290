import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deliveryConfig } from '../../../../infra/services/delivery/config.ts';
import { openBao } from '../../../services/openbao.ts';
import { provisionRig } from '../../provision/rig.ts';

test('limits of requests', async (t) => {
  const server = await openBao(t);
  const rig = await provisionRig(t, server);
  const users = await Promise.all(['alice', 'bob', 'carol'].map((name) => rig.user(name)));
  const [alice] = users;

  await t.test('an Idempotency-Key counts only once something was given', async () => {
    const delivery = await rig.delivery();
    const headers = { 'idempotency-key': 'k1' };
    assert.equal((await delivery.get('mail-1', alice!.token, undefined, headers)).status, 404);
    assert.equal((await delivery.get('web-1', alice!.token, undefined, headers)).status, 200);
    assert.equal((await delivery.get('web-1', alice!.token, undefined, headers)).status, 409);
  });

  await t.test('users behind one address do not use each other’s up', async () => {
    const slow = { port: 0, requestsPerSecond: 0.001, requestsBurst: 1 };
    const delivery = await rig.delivery({}, { delivery: deliveryConfig.parse(slow) });
    for (const { token } of users) assert.equal((await delivery.get('web-2', token)).status, 200);
    assert.equal((await delivery.get('web-2', alice!.token)).status, 429);
  });

  await t.test('an address has a limit of its own', async () => {
    const slow = { port: 0, addressRequestsPerSecond: 0.001, addressRequestsBurst: 2 };
    const delivery = await rig.delivery({}, { delivery: deliveryConfig.parse(slow) });
    const statuses: number[] = [];
    for (const { token } of users) statuses.push((await delivery.get('web-3', token)).status);
    assert.deepEqual(statuses, [200, 200, 429]);
  });
});
