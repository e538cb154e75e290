import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { encodeManifest } from '../../../models/manifest.ts';
import { checkedManifest } from '../../../models/registry/check.ts';
import { CarriedNetwork } from '../../../models/runtimes/carried.ts';
import { onnxRuntime } from '../../../models/runtimes/onnx.ts';
import { stepSignature } from '../../../models/runtimes/runtime.ts';
import { scopeFeatures } from '../../../models/scope/features.ts';
import { fitSequences } from '../../../models/scope/fit.ts';
import type { ScopeParts } from '../../../models/scope/head.ts';
import { judgeSequences, ScopeJudge } from '../../../models/scope/judge.ts';
import { type LearnedScope, learnScope } from '../../../models/scope/learn.ts';
import { scopeFiles } from '../../../models/scope/manifest.ts';
import { riskOfSurprise, trainedScopeModel } from '../../../models/scope/model.ts';
import { scopeNetwork } from '../../../models/scope/network.ts';
import { Profile } from '../../../models/scope/profile.ts';
import { SequenceCollector, sequenceOf } from '../../../models/scope/sequences.ts';
import { loadScopeModel, readScopeParts, writeScopeModel } from '../../../models/scope/stored.ts';
import { trainScope } from '../../../models/scope/train.ts';
import { startBackend } from '../../../models/training/backend.ts';
import type { FitsPoint } from '../../../models/training/fits.ts';
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

before(() => startBackend('cpu'));

/** Statistics of windows of one sequence by parts. */
const statisticsOf = async (parts: ScopeParts, vectors: readonly Float64Array[]): Promise<number[]> => {
  const judge = await ScopeJudge.create(parts, onnxRuntime);
  const [judged] = await judgeSequences(judge, [vectors]);
  await judge.close();
  return judged!.map(({ statistic }) => statistic);
};

describe('fitSequences', () => {
  it('learns what only the past tells: whether the first step was high', async () => {
    const random = createRandom(1);
    const made = Array.from({ length: 64 }, () => {
      const high = random.next() < 0.5;
      const x = Float32Array.from({ length: 6 * scopeFeatures.size }, (_, i) =>
        i % scopeFeatures.size === 0 ? (i === 0 ? (high ? 1 : -1) : random.normal() * 0.1) : 0,
      );
      const weight = new Float32Array(6).fill(0);
      weight[5] = 1;
      return { steps: 6, x, target: new Float32Array(6).fill(high ? 1 : 0), weight };
    });
    const losses: number[] = [];
    const { weights } = await fitSequences(made, {
      ...{ hidden: 4, loss: 'logistic', epochs: 60, seed: 1, rate: 0.05, decay: 0 },
      onStep: (_, __, loss) => losses.push(loss),
    });
    assert.ok(losses.at(-1)! < 0.15 && losses[0]! > 0.5, `${losses[0]} to ${losses.at(-1)}`);
    const network = await CarriedNetwork.create(onnxRuntime, scopeNetwork(weights), 8);
    const states = new Float32Array(8 * network.stateSize);
    const out = new Float32Array(8);
    for (let step = 0; step < 6; step++) {
      const rows = made
        .slice(0, 8)
        .flatMap(({ x }) => [...x.subarray(step * scopeFeatures.size, (step + 1) * scopeFeatures.size)]);
      await network.step(Float32Array.from(rows), states, [out], 8);
    }
    await network.close();
    for (const [i, { target }] of made.slice(0, 8).entries()) assert.equal(out[i]! > 0, target[0] === 1);
  });
});

describe('a trained scope model', () => {
  let learned: LearnedScope;
  before(async () => {
    learned = await learnScope(sequences, options);
  });

  it('is the same from the same seed, and tells bots from people that it never saw', async () => {
    assert.deepEqual((await learnScope(sequences, options)).parts, learned.parts);
    assert.ok(learned.parts.head.supervised && learned.benign.length >= 20, `${learned.benign.length}`);
    const last = async (seed: number, bot: boolean) =>
      (await statisticsOf(learned.parts, sequenceOf('x', bot, visitor(seed, bot), windowMs).vectors)).at(-1)!;
    const people = await Promise.all(Array.from({ length: 8 }, (_, i) => last(100 + 2 * i, false)));
    const bots = await Promise.all(Array.from({ length: 8 }, (_, i) => last(101 + 2 * i, true)));
    assert.ok(Math.min(...bots) > Math.max(...people), `${bots} ${people}`);
  });

  it('learns what is usual where nothing says what misuse is', async () => {
    const unlabelled = await learnScope(
      sequences.filter(({ malicious }) => !malicious),
      options,
    );
    assert.equal(unlabelled.parts.head.supervised, false);
    const model = await trainedScopeModel('usual', unlabelled.parts, onnxRuntime);
    const [first] = await model.assess([{ profile: new Profile(), time: t0 }]);
    assert.ok(first!.risk >= 0 && first!.risk <= 100);
    assert.equal(first!.carried.length, 2 * 8 + scopeFeatures.size, 'what it expects travels with the state');
    await model.close();
  });

  it('makes the same vectors in training as in the pipeline', async () => {
    const calls = visitor(5, false);
    const { vectors } = sequenceOf('cred-1', false, calls, windowMs);
    const seen: number[] = [];
    const model = await trainedScopeModel('test', learned.parts, onnxRuntime);
    const replay = new CallReplay({ policy: parseScopePolicy({ assessAfterCalls: 1000 }), model });
    for (const call of calls) seen.push(...(await replay.take(call)).scores.map(({ statistic }) => statistic));
    seen.push(...(await replay.finish()).scores.map(({ statistic }) => statistic));
    await model.close();
    const expected = await statisticsOf(learned.parts, vectors);
    assert.equal(seen.length, expected.length);
    for (const [i, value] of seen.entries())
      assert.ok(Math.abs(value - expected[i]!) < 1e-5, `window ${i}: ${value}, ${expected[i]}`);
  });

  it('assesses credentials together as one by one', async () => {
    const model = await trainedScopeModel('test', learned.parts, onnxRuntime);
    const moments = Array.from({ length: 20 }, (_, i) => {
      const profile = new Profile();
      for (const call of visitor(i, i % 2 === 0).slice(0, 3)) {
        if (profile.window && call.time >= profile.window.end) profile.close(true);
        profile.observe(call, windowMs, false);
      }
      return { profile, time: t0 + windowMs };
    });
    const together = await model.assess(moments);
    for (const [i, moment] of moments.entries()) assert.deepEqual((await model.assess([moment]))[0], together[i]);
    await model.close();
  });

  it('stops early, and ends with the same weights when it is taken up again', async () => {
    const points: FitsPoint[] = [];
    const whole = await learnScope(sequences, { ...options, onPoint: (point) => points.push(structuredClone(point)) });
    for (const at of [3, Math.floor(points.length / 2)]) {
      const { parts, metrics } = await learnScope(sequences, { ...options, from: points[at]! });
      assert.deepEqual(parts, whole.parts);
      assert.deepEqual(metrics, whole.metrics);
    }
  });

  it('lies in a folder as every model does, and gives the same on each runtime', async (t) => {
    const folder = temporaryFolder(t);
    const out = join(folder, 'trained');
    const { manifest } = await trainScope({ out, sequences, ...options, backend: 'cpu', lineage: { source: 'test' } });
    assert.deepEqual(Object.keys(manifest.files).sort(), ['head.json', 'model.json', 'step.onnx', 'weights.bin']);
    assert.equal(manifest.kind, 'scope');
    const { parts } = await readScopeParts(out);
    assert.deepEqual(parts.network, learned.parts.network);
    assert.deepEqual(parts.head, JSON.parse(JSON.stringify(learned.parts.head)));
    assert.equal((await checkedManifest('scope', out)).version, 'test');

    // The file that was exported gives what the network of the runtimes does
    const network = scopeNetwork(parts.network);
    const compiled = await onnxRuntime.compileStep(network, 2);
    const stored = await onnxRuntime.compile(readFileSync(join(out, scopeFiles.step)), stepSignature(network, 2));
    const random = createRandom(9);
    for (const [i, input] of compiled.inputs.entries())
      for (let at = 0; at < input.length; at++) {
        input[at] = random.normal();
        stored.inputs[i]![at] = input[at]!;
      }
    await compiled.run();
    await stored.run();
    for (const [i, output] of compiled.outputs.entries()) assert.deepEqual(stored.outputs[i], output);
    await compiled.close();
    await stored.close();
  });

  it('is refused when it is missing, altered, or of other features', async (t) => {
    const folder = temporaryFolder(t);
    const origin = { version: 'test', created: '2026-01-01T00:00:00Z', lineage: {}, metrics: {} };
    const refused = (code: string) => (error: unknown) => isEbbtideError(error) && error.code === code;
    await assert.rejects(loadScopeModel(join(folder, 'none')), refused('MODEL_DAMAGED'));
    const out = join(folder, 'whole');
    await writeScopeModel(out, learned.parts, origin);
    const model = await loadScopeModel(out);
    assert.equal(model.version, 'test');
    await model.close();
    for (const [file, change] of [
      ['head.json', (text: string) => text.replace('"supervised":true', '"supervised":false')],
      ['manifest.json', (text: string) => text.slice(0, 100)],
      ['manifest.json', (text: string) => text.replace(scopeFeatures.hash, '0'.repeat(64))],
      ['weights.bin', (text: string) => text.slice(0, 12)],
    ] as const) {
      const text = readFileSync(join(out, file), 'latin1');
      writeFileSync(join(out, file), change(text), 'latin1');
      await assert.rejects(loadScopeModel(out), refused('MODEL_DAMAGED'), file);
      writeFileSync(join(out, file), text, 'latin1');
    }
    const { digest: _, ...manifest } = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'));
    manifest.features.hash = '0'.repeat(64);
    writeFileSync(join(out, 'manifest.json'), encodeManifest(manifest));
    await assert.rejects(loadScopeModel(out), refused('MODEL_INCOMPATIBLE'));
  });

  it('is refused to too few windows', async () => {
    await assert.rejects(learnScope(sequences.slice(0, 1), options), /too few to calibrate with/);
    await assert.rejects(learnScope([], options), /too few/);
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
