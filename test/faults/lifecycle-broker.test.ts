import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { topics } from '../../schemas/topics.ts';
import { requireOrSkip } from '../services/require.ts';
import type { JobProcess } from './job.ts';
import { countOf, openStage } from './stage.ts';

const untilReady = async (job: JobProcess, ready: boolean): Promise<string> => {
  const deadline = performance.now() + 90_000;
  for (;;) {
    const health = await job.health();
    if (health.ready === ready) return health.detail ?? '';
    assert.ok(performance.now() < deadline, `Still ${ready ? 'not ' : ''}ready: ${health.detail}`);
    await sleep(100);
  }
};

test('a broker that is killed, or stopped, and comes back costs the lifecycle job no decision, and health says so', async (t) => {
  if (!(await requireOrSkip(t, 'java'))) return;
  const stage = await openStage(t, 11);
  await stage.input.send(60);
  const job = stage.load('instance-0').go();
  assert.ok(await job.logged('partition restored', 4));
  await untilReady(job, true);
  for (const end of ['kill', 'stop'] as const) {
    await stage.input.send(20);
    await stage.broker[end]();
    const why = await untilReady(job, false);
    assert.notEqual(why, '');
    t.diagnostic(`${end}: ${why}`);
    await stage.broker.start();
    await untilReady(job, true);
    await stage.input.send(20);
  }
  while ((await stage.input.send(1)) < 300);
  await stage.input.finish();
  await stage.settled();
  assert.equal(await job.stop(), 0);
  const decisions = countOf(await stage.assertExact(), topics.decisions.name);
  assert.ok(decisions > 200, `only ${decisions} decisions`);
});
