import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Frontends } from '../../../../infra/services/signals/receiver/frontends.ts';
import { row } from '../gateway/stage.ts';

test('Frontends must know a credential as long as one of its rows stands', () => {
  const frontends = new Frontends();
  for (const service of ['orders', 'bills', 'orders']) frontends.set(row('team/mobile', service));
  frontends.set(row('web', 'orders'));
  frontends.remove('team/mobile/orders');
  assert.deepEqual([...frontends.all()], ['team/mobile', 'web']);
  frontends.remove('team/mobile/bills');
  frontends.remove('nobody/orders');
  assert.deepEqual([...frontends.all()], ['web']);
});
