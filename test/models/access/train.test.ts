import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { calendarOf } from '../../../models/access/calendar.ts';
import { accessesOf, foresee, outcomesOf } from '../../../models/access/foresee.ts';
import { accessFiles } from '../../../models/access/manifest.ts';
import { judgedRows, measure } from '../../../models/access/measures.ts';
import { hoursOf } from '../../../models/access/population.ts';
import { statisticalPredictor } from '../../../models/access/statistics.ts';
import { loadAccessModel } from '../../../models/access/stored.ts';
import { trainAccess } from '../../../models/access/train.ts';
import { encodeManifest, manifestFile } from '../../../models/manifest.ts';
import { DiskStore } from '../../../models/registry/disk.ts';
import { ModelRegistry } from '../../../models/registry/registry.ts';
import { onnxRuntime } from '../../../models/runtimes/onnx.ts';
import { isEbbtideError } from '../../../schemas/errors.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { everything, inventedAccesses, sourceOf } from './support.ts';

const events = inventedAccesses(8, 36);
const options = {
  source: sourceOf(events),
  range: everything,
  zone: 'Europe/Berlin',
  members: 1,
  epochs: 2,
  backend: 'wasm',
  created: '2026-03-01T00:00:00.000Z',
  version: 'v1',
} as const;

test('a training that was interrupted goes on to the same model, which is registered, loaded and refused when altered', async (t) => {
  const folder = temporaryFolder(t);
  const whole = join(folder, 'whole');
  const said: string[] = [];
  const { manifest } = await trainAccess({ ...options, out: whole, say: (line) => said.push(line) });
  assert.match(said[0]!, /^Accesses: 8 of 8 pairs, \d+ hours, the last \d+ to judge by/);
  assert.equal(manifest.kind, 'access');
  assert.equal(manifest.zone, 'Europe/Berlin');
  assert.equal(manifest.lineage.events, events.length);
  assert.ok(manifest.metrics.onsetAp1h! > 0.2, JSON.stringify(manifest.metrics));

  const file = join(folder, 'checkpoint');
  const parted = join(folder, 'parted');
  const abort = new AbortController();
  const cut = { ...options, out: parted, checkpoint: { file, request: { asked: 1 } } };
  await assert.rejects(
    trainAccess({ ...cut, signal: abort.signal }, ({ step, steps }) => {
      // In the second of the two networks
      if (step > 0.62 * steps) abort.abort();
    }),
    (error) => isEbbtideError(error, 'CANCELLED'),
  );
  assert.ok(existsSync(file));
  await assert.rejects(
    trainAccess({ ...cut, seed: 9, checkpoint: { file, resume: true } }),
    /belongs to another training/,
  );
  const resumed = await trainAccess({ ...cut, checkpoint: { file, resume: true } });
  assert.deepEqual(resumed.manifest.files, manifest.files);
  assert.ok(!existsSync(file));

  const registry = new ModelRegistry(new DiskStore(join(folder, 'registry')));
  await registry.publish('access', whole, 'test');
  const { source } = await registry.version('access', 'v1');
  const { model } = await loadAccessModel(source, onnxRuntime);
  const pairs = [...new Set(events.map(({ pair }) => pair))];
  const [fromHour, toHour] = hoursOf(events);
  const hours = { fromHour, testHour: toHour - 100, toHour };
  const calendar = calendarOf(manifest.zone);
  const first = await foresee(model, events, pairs, calendar, hours);
  await model.close();
  const { model: again } = await loadAccessModel(whole, onnxRuntime);
  assert.deepEqual((await foresee(again, events, pairs, calendar, hours)).hour, first.hour);
  await again.close();

  const trees = readFileSync(join(whole, accessFiles.trees));
  writeFileSync(join(whole, accessFiles.trees), trees.subarray(0, trees.length - 9));
  await assert.rejects(loadAccessModel(whole, onnxRuntime), (error) => isEbbtideError(error, 'MODEL_DAMAGED'));
  writeFileSync(join(whole, accessFiles.trees), trees);
  const { digest: _, ...rest } = JSON.parse(readFileSync(join(whole, manifestFile), 'utf8'));
  rest.features.hash = '0'.repeat(64);
  writeFileSync(join(whole, manifestFile), encodeManifest(rest));
  await assert.rejects(
    loadAccessModel(whole, onnxRuntime),
    /was trained on features 000000000000, this version computes/,
  );
});

test('a training can be cancelled while it grows trees, and tells how far it is', async (t) => {
  const abort = new AbortController();
  const seen: number[] = [];
  await assert.rejects(
    trainAccess(
      { ...options, out: join(temporaryFolder(t), 'm'), signal: abort.signal },
      ({ step, steps, loss, etaMs }) => {
        assert.ok(step <= steps && Number.isFinite(loss) && Number.isFinite(etaMs), `${step} of ${steps}, ${loss}`);
        seen.push(step);
        // A signal comes by the event loop, not by what is told
        if (seen.length === 5) setImmediate(() => abort.abort());
      },
    ),
    (error) => isEbbtideError(error, 'CANCELLED'),
  );
  assert.ok(seen.length < 10, `${seen.length} trees`);
  assert.ok(seen.at(-1)! > seen[0]!);
});

test('too few accesses are refused with what there are', async (t) => {
  const out = join(temporaryFolder(t), 'm');
  await assert.rejects(
    trainAccess({ ...options, out, source: sourceOf(events.slice(0, 30)) }),
    /Of 8 pairs of user and machine none was active in 20 hours; take a longer range/,
  );
  const few = inventedAccesses(3, 14, 2).flatMap((it) =>
    [0, 1, 2].map((hour) => ({ ...it, event: { ...it.event, timeMs: it.event.timeMs + hour * 3_600_000 } })),
  );
  await assert.rejects(
    trainAccess({ ...options, out, source: sourceOf(few) }),
    /336 hours of at least one pair are needed/,
  );
  assert.ok(!existsSync(out));
});

test('the statistics need no training: they rank people’s own hours, and give a stranger everybody’s', async () => {
  const pairs = [...new Set(events.map(({ pair }) => pair))];
  const [fromHour, toHour] = hoursOf(events);
  const hours = { fromHour, testHour: toHour - 14 * 24, toHour };
  const foreseen = await foresee(
    statisticalPredictor,
    events,
    [...pairs, 'stranger'],
    calendarOf('Europe/Berlin'),
    hours,
  );
  const rows = judgedRows(foreseen, outcomesOf(accessesOf(events, [...pairs, 'stranger']), hours));
  const { auc, ece } = measure(rows.onset);
  assert.ok(auc > 0.8, `${auc}`);
  assert.ok(ece < 0.05, `${ece}`);
  const stranger = Array.from({ length: toHour - hours.testHour }, (_, hour) => foreseen.hour[hour * 9 + 8]!);
  assert.ok(Math.max(...stranger) > 2 * Math.min(...stranger) && stranger.every((p) => p > 0 && p < 0.5));
});
