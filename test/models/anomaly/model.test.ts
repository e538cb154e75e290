import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { encodeManifest, readManifest } from '../../../models/anomaly/manifest.ts';
import { loadAnomalyModel, shippedAnomalyModel } from '../../../models/anomaly/model.ts';
import { isEbbtideError } from '../../../schemas/errors.ts';
import { inventedSubjects } from '../fixtures.ts';

const folder = shippedAnomalyModel();
const temporary = mkdtempSync(join(tmpdir(), 'ebbtide-model-'));
after(() => rmSync(temporary, { recursive: true, force: true }));

const copy = (name: string): string => {
  const to = join(temporary, name);
  cpSync(folder, to, { recursive: true });
  return to;
};

test('loadAnomalyModel() refuses a folder with any file cut short, altered or gone', async (t) => {
  for (const file of readdirSync(folder)) {
    await t.test(file, async () => {
      const damages: Record<string, (path: string) => void> = {
        short: (path) => truncateSync(path, readFileSync(path).length - 1),
        empty: (path) => truncateSync(path, 0),
        gone: (path) => rmSync(path),
        altered: (path) => {
          const bytes = readFileSync(path);
          const digit = bytes.findLastIndex((byte) => byte >= 0x31 && byte <= 0x38);
          bytes[digit]! += 1;
          writeFileSync(path, bytes);
        },
      };
      for (const [name, damage] of Object.entries(damages)) {
        const broken = copy(`${file}-${name}`);
        damage(join(broken, file));
        await assert.rejects(loadAnomalyModel(broken), (error) => isEbbtideError(error, 'MODEL_DAMAGED'), name);
      }
    });
  }
});

test('loadAnomalyModel() refuses a model of other features', async () => {
  const other = copy('other-features');
  const manifest = await readManifest(other);
  const altered = { ...manifest, features: { ...manifest.features, hash: '0'.repeat(64) } };
  writeFileSync(join(other, 'manifest.json'), encodeManifest(altered));
  await assert.rejects(loadAnomalyModel(other), (error) => isEbbtideError(error, 'MODEL_INCOMPATIBLE'));
});

test('AnomalyModel.score() carries at most 2 KiB per subject', async () => {
  const model = await loadAnomalyModel(folder);
  assert.ok(model.stateSize <= 512, `${model.stateSize} floats`);
  await model.close();
});

test('AnomalyModel.score() gives each row the same bits alone, in company and in any place', async () => {
  const model = await loadAnomalyModel(folder);
  const { size } = model.spec;
  const subjects = 150;
  const windows = 45;
  const vectors = inventedSubjects(5, subjects, windows);
  const shuffled = vectors.map((_, i) => (i * 67 + 13) % subjects);
  const alone = new Float32Array(subjects * model.stateSize);
  const together = new Float32Array(subjects * model.stateSize);
  for (let window = 0; window < windows; window++) {
    const time = 1_700_000_000_000 + window * 10_000;
    const row = (subject: number) => vectors[subject]!.subarray(window * size, (window + 1) * size);
    const batch = new Float32Array(subjects * size);
    for (const [place, subject] of shuffled.entries()) batch.set(row(subject), place * size);
    const all = await model.score(batch, together, new Float64Array(subjects).fill(time), subjects);
    for (const subject of [0, 1, 63, 64, 149]) {
      const state = alone.subarray(subject * model.stateSize, (subject + 1) * model.stateSize);
      const one = await model.score(row(subject), state, Float64Array.of(time), 1);
      const place = shuffled.indexOf(subject);
      assert.equal(one.score[0], all.score[place]);
      assert.equal(one.statistic[0], all.statistic[place]);
      assert.deepEqual(one.contributions(0, 3), all.contributions(place, 3));
      assert.deepEqual(state, together.subarray(place * model.stateSize, (place + 1) * model.stateSize));
    }
  }
  await model.close();
});

test('AnomalyModel.scoreRows() scores rows where they lie, to the same bits', async () => {
  const model = await loadAnomalyModel(folder);
  const { size } = model.spec;
  const subjects = 70;
  const windows = 40;
  const vectors = inventedSubjects(6, subjects, windows);
  const vectorRows = Int32Array.from({ length: subjects }, (_, i) => (i * 29 + 3) % (2 * subjects));
  const stateRows = Int32Array.from({ length: subjects }, (_, i) => (i * 31 + 7) % (3 * subjects));
  const states = new Float32Array(subjects * model.stateSize);
  const table = new Float32Array(3 * subjects * model.stateSize);
  for (let window = 0; window < windows; window++) {
    const times = new Float64Array(subjects).fill(1_700_000_000_000 + window * 10_000);
    const packed = new Float32Array(subjects * size);
    const spread = new Float32Array(2 * subjects * size);
    for (const [i, all] of vectors.entries()) {
      const vector = all.subarray(window * size, (window + 1) * size);
      packed.set(vector, i * size);
      spread.set(vector, vectorRows[i]! * size);
    }
    const expected = await model.score(packed, states, times, subjects);
    const found = await model.scoreRows(spread, vectorRows, table, stateRows, times, subjects);
    assert.deepEqual(found.score, expected.score);
    assert.deepEqual(found.pValue, expected.pValue);
    for (let i = 0; i < subjects; i++) {
      assert.deepEqual(found.contributions(i, 3), expected.contributions(i, 3));
      const [from, to] = [i * model.stateSize, stateRows[i]! * model.stateSize];
      assert.deepEqual(table.subarray(to, to + model.stateSize), states.subarray(from, from + model.stateSize));
    }
  }
  await model.close();
});

test('AnomalyModel.score() lets calls wait for one another', async () => {
  const model = await loadAnomalyModel(folder);
  const vectors = inventedSubjects(9, 2, 40);
  const { size } = model.spec;
  const run = async (interleaved: boolean): Promise<number[]> => {
    const states = vectors.map(() => new Float32Array(model.stateSize));
    const scores: number[] = [];
    for (let window = 0; window < 40; window++) {
      const call = (subject: number) =>
        model.score(
          vectors[subject]!.subarray(window * size, (window + 1) * size),
          states[subject]!,
          Float64Array.of(window * 1000),
          1,
        );
      const results = interleaved ? await Promise.all([call(0), call(1)]) : [await call(0), await call(1)];
      scores.push(...results.map(({ score }) => score[0]!));
    }
    return scores;
  };
  assert.deepEqual(await run(true), await run(false));
  await model.close();
});

test('AnomalyModel.score() says learning, score 0 and p-value 1 until there is history', async () => {
  const model = await loadAnomalyModel(folder);
  const { minHistory } = model.manifest.parameters;
  const [vectors] = inventedSubjects(3, 1, minHistory + 1);
  const state = new Float32Array(model.stateSize);
  for (let window = 0; window <= minHistory; window++) {
    const row = vectors!.subarray(window * model.spec.size, (window + 1) * model.spec.size);
    const { learning, score, pValue } = await model.score(row, state, Float64Array.of(window * 500), 1);
    assert.equal(learning[0], window < minHistory ? 1 : 0);
    if (learning[0]) assert.deepEqual([score[0], pValue[0]], [0, 1]);
  }
  await model.close();
});

test('AnomalyModel.score() stays finite with missing, infinite and absurd features', async () => {
  const model = await loadAnomalyModel(folder);
  const state = new Float32Array(model.stateSize);
  const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 3e38, -3e38, 0, 1];
  for (let window = 0; window < 120; window++) {
    const row = Float32Array.from({ length: model.spec.size }, (_, i) => odd[(window * 7 + i * 3) % odd.length]!);
    const scores = await model.score(row, state, Float64Array.of(window * 500), 1);
    assert.ok(scores.score[0]! >= 0 && scores.score[0]! <= 1 && Number.isFinite(scores.statistic[0]));
    assert.ok(state.every(Number.isFinite), `state after window ${window}`);
  }
  await model.close();
});

test('AnomalyModel.score() refuses buffers that are too short', async () => {
  const model = await loadAnomalyModel(folder);
  const vectors = new Float32Array(model.spec.size);
  assert.throws(() => model.score(vectors, new Float32Array(1), new Float64Array(1), 1), RangeError);
  await model.close();
});
