import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { topics } from '../../schemas/topics.ts';
import { requireOrSkip } from '../services/require.ts';
import type { JobProcess } from './job.ts';
import { countOf, openStage } from './stage.ts';

const restores = (job: JobProcess): number => job.log.filter(({ msg }) => msg === 'partition restored').length;

test('instances of the lifecycle job that come, go, die and freeze hand partitions over with their state', async (t) => {
  if (!(await requireOrSkip(t, 'java'))) return;
  const stage = await openStage(t, 7);
  await stage.input.send(30);
  const stopFlow = stage.flow(10);
  const first = stage.load('instance-0').go();
  await first.logged('partition restored', 4);

  // One joins and takes half; one is told to leave.
  const second = stage.load('instance-1').go();
  assert.ok(await second.logged('partition restored', 2));
  await sleep(1000);
  assert.equal(await first.stop(), 0);
  assert.ok(await second.logged('partition restored', 6));

  // One joins, and its neighbour dies.
  const third = stage.load('instance-2').go();
  assert.ok(await third.logged('partition restored', 2));
  await sleep(500);
  await second.kill();
  assert.ok(await third.logged('partition restored', 6));

  // One freezes amid its work, is thought dead, and wakes up as a zombie while another has its partitions.
  const fourth = stage.load('instance-3').go();
  assert.ok(await fourth.logged('partition restored', 2));
  await sleep(500);
  third.signal('SIGSTOP');
  assert.ok(await fourth.logged('partition restored', 6));
  await sleep(1000);
  third.signal('SIGCONT');
  await third.logged('partition restored', 7);

  await stopFlow();
  while ((await stage.input.send(1)) < 300);
  await stage.input.finish();
  await stage.settled();
  assert.deepEqual(await Promise.all([third.stop(), fourth.stop()]), [0, 0]);
  const outputs = await stage.assertExact();
  const decisions = countOf(outputs, topics.decisions.name);
  t.diagnostic(
    `${decisions} decisions, ${[first, second, third, fourth].reduce((sum, job) => sum + restores(job), 0)} restores`,
  );
  assert.ok(decisions > 200, `only ${decisions} decisions`);
});
