import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { scopeFeatures } from '../../../models/scope/features.ts';
import { loadScopeModel, readHead, writeHead } from '../../../models/scope/folder.ts';
import { riskOfSurprise, trainedScopeModel } from '../../../models/scope/model.ts';
import { Profile } from '../../../models/scope/profile.ts';
import { stepSequence, trainSequence } from '../../../models/scope/sequence.ts';
import { SequenceCollector, sequenceOf } from '../../../models/scope/sequences.ts';
import { lastStatistic, trainScope } from '../../../models/scope/train.ts';
import { createRandom } from '../../../models/training/random.ts';
import { CallReplay } from '../../../pipelines/scope/replayCalls.ts';
import { isEbbtideError } from '../../../schemas/errors.ts';
import { parseScopePolicy } from '../../../schemas/scopePolicy.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { callAt, t0 } from './calls.ts';

const windowMs = 30_000;

/** People pause as they like; bots come like a clock. */
const visitor = (seed: number, bot: boolean) => {
  const random = createRandom(seed);
  let time = t0;
  return Array.from({ length: 40 }, (_, i) => {
    time += bot ? 6000 : Math.round(1000 + Math.exp(1.5 + 1.2 * random.normal()) * 1000);
    return callAt(time, { operation: `GET /page/${bot ? i % 20 : random.integer(0, 12)}` });
  });
};
const sequences = Array.from({ length: 24 }, (_, i) =>
  sequenceOf(`v${i}`, i % 2 === 1, visitor(i, i % 2 === 1), windowMs),
);
const options = { version: 'test', seed: 3, epochs: 8 };

describe('a small LSTM', () => {
  it('learns what only the past tells: whether the first step was high', () => {
    const random = createRandom(1);
    const made = Array.from({ length: 64 }, () => {
      const high = random.next() < 0.5;
      const x = Float32Array.from({ length: 6 }, (_, i) => (i === 0 ? (high ? 1 : -1) : random.normal() * 0.1));
      const weight = new Float32Array(6).fill(0);
      weight[5] = 1;
      return { steps: 6, x, target: new Float32Array(6).fill(high ? 1 : 0), weight };
    });
    const losses: number[] = [];
    const network = trainSequence(made, {
      ...{ hidden: 4, loss: 'logistic', epochs: 60, seed: 1, rate: 0.05, decay: 0 },
      onEpoch: (_, loss) => losses.push(loss),
    });
    assert.ok(losses.at(-1)! < 0.1 && losses[0]! > 0.5, `${losses[0]} to ${losses.at(-1)}`);
    for (const { x, target } of made.slice(0, 8)) {
      let state: Float32Array = new Float32Array(0);
      let out = 0;
      for (const value of x) {
        const step = stepSequence(network, Float32Array.of(value), state);
        state = step.state;
        out = step.outputs[0]!;
      }
      assert.equal(out > 0, target[0] === 1);
    }
  });
});

describe('a trained scope model', () => {
  const { head, benign } = trainScope(sequences, options);

  it('is the same from the same seed, and tells bots from people that it never saw', () => {
    assert.deepEqual(trainScope(sequences, options).head, head);
    assert.ok(head.supervised && benign.length >= 20, `${benign.length}`);
    const statistic = (seed: number, bot: boolean) =>
      lastStatistic(head, sequenceOf('x', bot, visitor(seed, bot), windowMs).vectors).statistic;
    const people = Array.from({ length: 8 }, (_, i) => statistic(100 + 2 * i, false));
    const bots = Array.from({ length: 8 }, (_, i) => statistic(101 + 2 * i, true));
    assert.ok(Math.min(...bots) > Math.max(...people), `${bots} ${people}`);
  });

  it('learns what is usual where nothing says what misuse is', () => {
    const unlabelled = trainScope(
      sequences.filter(({ malicious }) => !malicious),
      options,
    );
    assert.equal(unlabelled.head.supervised, false);
    const model = trainedScopeModel(unlabelled.head);
    const { risk } = model.assess(new Profile(), t0);
    assert.ok(risk >= 0 && risk <= 100);
  });

  it('makes the same vectors in training as in the pipeline', async () => {
    const calls = visitor(5, false);
    const { vectors } = sequenceOf('cred-1', false, calls, windowMs);
    const seen: number[] = [];
    const model = trainedScopeModel(head);
    const replay = new CallReplay({
      policy: parseScopePolicy({ assessAfterCalls: 1000 }),
      model: { ...model, assess: (profile, time) => model.assess(profile, time) },
    });
    for (const call of calls) seen.push(...(await replay.take(call)).scores.map(({ statistic }) => statistic));
    seen.push(...(await replay.finish()).scores.map(({ statistic }) => statistic));
    const expected = vectors.map((_, i) => lastStatistic(head, vectors.slice(0, i + 1)).statistic);
    assert.equal(seen.length, expected.length);
    for (const [i, value] of seen.entries())
      assert.ok(Math.abs(value - expected[i]!) < 1e-5, `window ${i}: ${value}, ${expected[i]}`);
  });

  it('is refused when it is missing, altered, or of other features', (t) => {
    const folder = temporaryFolder(t);
    const code = (expected: string) => (error: unknown) => isEbbtideError(error) && error.code === expected;
    assert.throws(() => loadScopeModel(join(folder, 'none')), code('MODEL_DAMAGED'));
    writeHead(folder, head);
    assert.deepEqual(readHead(folder), JSON.parse(JSON.stringify(head)));
    assert.equal(loadScopeModel(folder).version, 'test');
    const file = join(folder, 'scope-model.json');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace('"supervised":true', '"supervised":false'));
    assert.throws(() => readHead(folder), code('MODEL_DAMAGED'));
    writeFileSync(file, text.slice(0, 100));
    assert.throws(() => readHead(folder), code('MODEL_DAMAGED'));
    writeHead(folder, { ...head, features: { name: 'other', hash: '0' } });
    assert.throws(() => readHead(folder), code('MODEL_INCOMPATIBLE'));
  });

  it('is refused to too few windows', () => {
    assert.throws(() => trainScope(sequences.slice(0, 1), options), /too few to calibrate with/);
    assert.throws(() => trainScope([], options), /too few/);
  });
});

describe('sequenceOf', () => {
  it('gives nothing away of the verdict', () => {
    const of = (malicious: boolean) => sequenceOf('x', malicious, visitor(1, false), windowMs).vectors;
    assert.deepEqual(of(true), of(false));
  });
});

describe('risk', () => {
  it('grows with the decades of the p-value, as the ranges of the policy promise', () => {
    assert.deepEqual([0, 1, 2, 3, 4, 6, 9].map(riskOfSurprise), [0, 15, 30, 60, 80, 100, 100]);
  });
});

describe('SequenceCollector', () => {
  it('keeps to its limits, and gives the time that was judged malicious a sequence of its own', () => {
    const collector = new SequenceCollector(
      { windowMs, mostSubjects: 2, mostWindows: 3 },
      (subject, from) => subject === 'a' && from >= t0 + 5 * windowMs,
    );
    for (let i = 0; i < 10; i++)
      for (const name of ['a', 'b', 'c']) collector.take(callAt(t0 + i * windowMs, { frontendCredential: name }));
    const found = collector.finish();
    assert.deepEqual(
      found.map(({ subject, malicious, vectors }) => [subject, malicious, vectors.length]),
      [
        ['a', false, 3],
        ['b', false, 3],
        ['a (malicious)', true, 3],
      ],
    );
    assert.deepEqual([...collector.passedOver], ['c']);
    assert.equal(found[0]!.vectors[0]!.length, scopeFeatures.size);
  });
});
