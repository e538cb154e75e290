import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { onnxRuntime } from '../../../models/runtimes/onnx.ts';
import type { ScopeParts } from '../../../models/scope/head.ts';
import { judgeSequences, ScopeJudge } from '../../../models/scope/judge.ts';
import { learnScope } from '../../../models/scope/learn.ts';
import { usualFiles } from '../../../models/scope/manifest.ts';
import { sequenceOf } from '../../../models/scope/sequences.ts';
import { readScopeParts, writeScopeModel } from '../../../models/scope/stored.ts';
import { startBackend } from '../../../models/training/backend.ts';
import { isEbbtideError } from '../../../schemas/errors.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { callAt, t0 } from './calls.ts';

/** Calls of one credential, so many milliseconds apart. */
const callsEvery = (gapMs: number, seed: number) =>
  Array.from({ length: 30 }, (_, i) => callAt(t0 + i * gapMs + ((i * 7919 * (seed + 1)) % 900)));
const sequences = Array.from({ length: 12 }, (_, i) =>
  sequenceOf(`v${i}`, i % 2 === 1, callsEvery(i % 2 === 1 ? 2500 : 9000, i), 30_000),
);

test('a scope model judges by what labels taught and by what is usual, and is kept and checked with both', async (t) => {
  await startBackend('cpu');
  const options = { seed: 1, epochs: 1 };
  const first = (await learnScope(sequences, options)).parts;
  const benign = sequences.filter(({ malicious }) => !malicious);
  const usual = (await learnScope(benign, options)).parts;
  const judged = async (parts: ScopeParts) => {
    const judge = await ScopeJudge.create(parts, onnxRuntime);
    const found = await judgeSequences(
      judge,
      sequences.map(({ vectors }) => vectors),
    );
    await judge.close();
    return found.flat();
  };
  const [byLabels, byUsual, byBoth] = [await judged(first), await judged(usual), await judged({ ...first, usual })];
  assert.ok(byLabels.some(({ surprise }, i) => surprise > byUsual[i]!.surprise));
  assert.ok(byLabels.some(({ surprise }, i) => surprise < byUsual[i]!.surprise));
  byBoth.forEach(({ surprise, statistic }, i) => {
    assert.equal(surprise, Math.max(byLabels[i]!.surprise, byUsual[i]!.surprise));
    assert.equal(statistic, byLabels[i]!.statistic, 'what is ranked by is of one kind');
  });

  const out = join(temporaryFolder(t), 'both');
  const origin = { version: 'both', created: '2026-01-01T00:00:00Z', lineage: {}, metrics: {} };
  const manifest = await writeScopeModel(out, { ...first, usual }, origin);
  for (const file of Object.values(usualFiles)) assert.ok(manifest.files[file], file);
  const { parts } = await readScopeParts(out);
  assert.deepEqual(parts.usual?.network, usual.network);
  assert.deepEqual(await judged(parts), byBoth);
  writeFileSync(join(out, usualFiles.weights), 'cut');
  await assert.rejects(readScopeParts(out), (error) => isEbbtideError(error) && error.code === 'MODEL_DAMAGED');
});
