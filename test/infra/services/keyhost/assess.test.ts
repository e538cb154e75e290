import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readBatch } from '../../../../infra/agents/browser/batch.ts';
import { assessSignIn } from '../../../../infra/services/keyhost/assess.ts';
import { createRiskEngine } from '../../../../models/biometric/index.ts';
import { newBehaviourMemory } from '../../../../operators/checkBehaviour.ts';
import { batchOf, typist } from './rig.ts';

const rule = { enrolment: 10, enrolments: {}, strong: false };

test('a sign-in that was not carried through leaves nothing behind: the same behaviour counts afterwards', async () => {
  const anna = typist(0.25, 3);
  const memory = newBehaviourMemory();
  // Bursts that lie further apart than those of a session may overtake one another
  const batch = readBatch(batchOf(Array.from({ length: 20 }, anna)), Date.now());
  const ask = (engine = createRiskEngine()) =>
    assessSignIn(engine, memory, { user: 'u', person: undefined, batch, used: false }, rule);
  const first = await ask();
  assert.deepEqual(first.faults, []);
  first.forget();
  assert.deepEqual([memory.fingerprints.size, memory.lastTimes.size], [0, 0]);
  const failing = { ...createRiskEngine(), assess: () => Promise.reject(new Error('away')) };
  await assert.rejects(ask(failing), /away/);
  const second = await ask();
  assert.deepEqual(second.faults, []);
  assert.ok((await ask()).faults.includes('replayed'), 'what was carried through is remembered');
});
