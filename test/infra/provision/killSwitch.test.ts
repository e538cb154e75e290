import assert from 'node:assert/strict';
import { test } from 'node:test';
import { controlRecord } from '../../../schemas/control.ts';
import type { Control } from '../../../schemas/generated/index.ts';
import { topics } from '../../../schemas/topics.ts';
import { openBao } from '../../services/openbao.ts';
import { provisionRig } from './rig.ts';

test('the kill switch must stop what is made ahead of time, until it is off; requests are served', async (t) => {
  const rig = await provisionRig(t, await openBao(t));
  const alice = await rig.user('alice');
  const set = (value: boolean) =>
    rig.kafka.send<Control>(
      topics.control,
      controlRecord({ kind: 'killSwitch', pipeline: 'preprovision', value, by: 'test', reason: 'test' }, Date.now()),
    );
  await set(true);
  const engine = await rig.engine();
  const delivery = await rig.delivery();
  await rig.want('alice', 'web-1');
  assert.equal((await delivery.get('web-2', alice.token)).body.served, 'generated');
  // By then the engine has had the wish, which was written before
  await rig.step('alice/web-2', 'delivered');
  assert.equal(await rig.lying(), 0);
  await set(false);
  await rig.step('alice/web-1', 'preProvisioned');
  await engine.close();
});
