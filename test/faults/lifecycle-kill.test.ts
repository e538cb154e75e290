import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { topics } from '../../schemas/topics.ts';
import { requireOrSkip } from '../services/require.ts';
import { seededRandom } from './random.ts';
import { readOutputs } from './reference.ts';
import { assertSame, countOf, openStage } from './stage.ts';

const kills = 20;

test('the lifecycle job killed twenty times at random moments decides as one that nothing disturbed', async (t) => {
  if (!(await requireOrSkip(t, 'java'))) return;
  const seed = Number(process.env.EBBTIDE_TEST_SEED ?? Date.now() % 1_000_000);
  t.diagnostic(`EBBTIDE_TEST_SEED=${seed}`);
  const random = seededRandom(seed);
  const stage = await openStage(t, seed);
  await stage.input.send(30);
  const stopFlow = stage.flow(5);
  let restored = 0;
  let next = stage.load('instance-0');
  for (let i = 0; i < kills; i++) {
    if (i === 8) await stage.input.order({ kind: 'killSwitch', value: true, by: 'test', reason: 'stop' });
    if (i === 11) await stage.input.order({ kind: 'killSwitch', value: false, by: 'test', reason: 'go on' });
    const job = next.go();
    next = stage.load('instance-0');
    // Now and then while it starts, joins or restores; mostly while it processes and commits.
    if (random() < 0.2) await sleep(random() * 3000);
    else if (await job.logged('partition restored')) await sleep(random() * 1500);
    await job.kill();
    restored += job.log.filter(({ msg }) => msg === 'partition restored').length;
  }
  await stopFlow();
  while ((await stage.input.send(1)) < 300);
  await stage.input.finish();
  next.go();
  await stage.settled();
  assert.equal(await next.stop(), 0);

  const outputs = await stage.assertExact();
  const decisions = countOf(outputs, topics.decisions.name);
  t.diagnostic(`${countOf(outputs, topics.scores.name)} scores, ${decisions} decisions, ${restored} restores`);
  assert.ok(decisions > 200, `only ${decisions} decisions`);
  assert.ok(countOf(outputs, topics.deadLetters.name) > 10);

  await stage.eraseOutputs();
  const undisturbed = stage.load('undisturbed', { groupId: 'undisturbed' }).go();
  await stage.settled({ groupId: 'undisturbed' });
  assert.equal(await undisturbed.stop(), 0);
  assertSame(outputs, await readOutputs(stage.kafka));
});
