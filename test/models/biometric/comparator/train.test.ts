import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadComparator } from '../../../../models/biometric/comparator/model.ts';
import { splitPeople, trainComparator } from '../../../../models/biometric/comparator/train.ts';
import { logTimings } from '../../../../models/biometric/keystrokes.ts';
import { makeTemplate } from '../../../../models/biometric/template.ts';
import { checkedManifest } from '../../../../models/registry/check.ts';
import { DiskStore } from '../../../../models/registry/disk.ts';
import { ModelRegistry } from '../../../../models/registry/registry.ts';
import { onnxRuntime } from '../../../../models/runtimes/onnx.ts';
import { isEbbtideError } from '../../../../schemas/errors.ts';
import { temporaryFolder } from '../../../services/folder.ts';
import { inventedTyping } from '../people.ts';

const typing = inventedTyping(14, 60);
const options = {
  typing,
  lineage: { kind: 'invented' },
  backend: 'wasm',
  epochs: 4,
  stepsPerEpoch: 15,
  batch: 64,
  version: 'v1',
  created: '2026-01-01T00:00:00.000Z',
} as const;
const weightsOf = (folder: string): Buffer => readFileSync(join(folder, 'weights.bin'));

test('a comparator tells apart people it has never seen; a registry takes it; a damaged one is refused', async (t) => {
  const folder = temporaryFolder(t);
  const out = join(folder, 'v1');
  const { manifest } = await trainComparator({ ...options, out });
  assert.ok(manifest.metrics.heldOutAuc! > 0.9, `${manifest.metrics.heldOutAuc}`);
  assert.equal(manifest.lineage.peopleHeldBack, 2);

  const registry = new ModelRegistry(new DiskStore(join(folder, 'registry')));
  await registry.publish('biometric', out, 'me');
  await assert.rejects(registry.publish('anomaly', out, 'me'), (error) => isEbbtideError(error, 'REQUEST_INVALID'));
  const { source } = await registry.version('biometric', 'v1');
  assert.equal((await checkedManifest('biometric', source)).kind, 'biometric');

  const strangers = inventedTyping(2, 60, 5, 77);
  const logs = strangers.typists.map(({ seconds }) => logTimings(seconds, strangers.timings));
  const samples = (person: number, from: number): Float64Array[] =>
    Array.from({ length: 20 }, (_, i) =>
      logs[person]!.subarray((from + i) * strangers.timings, (from + i + 1) * strangers.timings),
    );
  const template = makeTemplate(logs[0]!.subarray(0, 40 * strangers.timings), strangers.timings);
  const comparator = await loadComparator(source, onnxRuntime);
  const [own, foreign] = await Promise.all([
    comparator.logits(template, samples(0, 40)),
    comparator.logits(template, samples(1, 0)),
  ]);
  const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;
  assert.ok(median(own) < 0 && median(foreign) > 0, `${median(own)} and ${median(foreign)}`);
  // Rows do not influence one another, however they are batched
  const alone = await comparator.logits(template, samples(0, 40).slice(9, 10));
  assert.ok(Math.abs(alone[0]! - own[9]!) < 1e-5);
  await assert.rejects(comparator.logits(template, [new Float64Array(10)]), (error) =>
    isEbbtideError(error, 'MODEL_INCOMPATIBLE'),
  );
  await comparator.close();

  writeFileSync(join(out, 'population.json'), '{}');
  await assert.rejects(loadComparator(out, onnxRuntime), (error) => isEbbtideError(error, 'MODEL_DAMAGED'));
});

test('a training that was interrupted goes on to the same weights', async (t) => {
  const folder = temporaryFolder(t);
  const whole = join(folder, 'whole');
  await trainComparator({ ...options, out: whole });
  const out = join(folder, 'parts');
  const file = join(folder, 'checkpoint');
  const abort = new AbortController();
  const interrupted = trainComparator(
    { ...options, out, checkpoint: { file, resume: false, request: {} }, signal: abort.signal },
    ({ step }) => {
      if (step >= 20) abort.abort();
    },
  );
  await assert.rejects(interrupted, (error) => isEbbtideError(error, 'CANCELLED'));
  const resume = { file, resume: true, request: {} };
  await assert.rejects(trainComparator({ ...options, out, seed: 9, checkpoint: resume }), (error) =>
    isEbbtideError(error, 'REQUEST_INVALID'),
  );
  await trainComparator({ ...options, out, checkpoint: resume });
  assert.ok(weightsOf(out).equals(weightsOf(whole)));
  assert.ok(!existsSync(file));
});

test('splitPeople() leaves nobody in both parts, and refuses too few', () => {
  const { train, held } = splitPeople(typing, 3);
  const names = [...train.typists, ...held.typists].map(({ name }) => name);
  assert.equal(new Set(names).size, typing.typists.length);
  assert.throws(
    () => splitPeople(inventedTyping(7, 60), 1),
    (error) => isEbbtideError(error, 'DATA_MISSING') && /at least 8 people/.test(error.message),
  );
});
