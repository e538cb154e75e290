import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ModelChoice, ModelsInForce } from '../../operators/modelChoice.ts';
import type { WindowModel } from '../../operators/score.ts';
import { configuredPolicyKey } from '../../pipelines/orders.ts';
import { type Codecs, cpuModel, LifecycleDriver, Log, openCodecs, sampleAt } from './lifecycleDriver.ts';

const policy = {
  mode: 'enforce',
  windowMs: 1000,
  graceMs: 500,
  extendAfter: 2,
  strikes: 3,
  cooldownMs: 0,
  minTtlMs: 1000,
};
const facts = { ttlMs: 60_000, maxTtlMs: 240_000, issuedAt: 0, ended: false };
const subjects = ['a', 'b', 'c'];

/** A model that scores as many windows as it has seen of the subject, in hundredths, on top of a base. */
const countingModel = (version: string, base: number, stateSize = 1): WindowModel => ({
  ...cpuModel,
  version,
  stateSize,
  async score(_vectors, states, _times, n) {
    const score = new Float64Array(n);
    for (let i = 0; i < n; i++) score[i] = base + ++states[i * stateSize]! / 100;
    const zeros = new Float64Array(n);
    return {
      ...{ score, severity: score, frequency: zeros, pValue: zeros, statistic: score },
      learning: new Uint8Array(n),
      contributions: () => [],
    };
  },
});
const v2 = countingModel('v2', 0.1);
const v3 = countingModel('v3', 0.8, 3);

const choiceOf = (pointers: Readonly<Record<number, ModelsInForce<WindowModel>>>) => {
  const failed: string[] = [];
  const choice: ModelChoice<WindowModel> = {
    inForce: ({ models = 0 }) => pointers[models] ?? { champion: cpuModel },
    challengerFailed: (version) => failed.push(version),
  };
  return { choice, failed };
};

const drive = (codecs: Codecs, log: Log, choice?: ModelChoice<WindowModel>) => {
  const driver = new LifecycleDriver(codecs, log, choice);
  const key = configuredPolicyKey('lifecycle');
  driver.control.set(key, 0, {
    ...{ key, kind: 'policy', pipeline: 'lifecycle', subject: null, value: JSON.stringify(policy), version: '1' },
    ...{ expiresAt: null, at: 0, by: 'test', reason: '' },
  });
  for (const [offset, subject] of subjects.entries()) driver.credentials.set(subject, offset, facts);
  driver.control.reach(9);
  driver.credentials.reach(9);
  return driver;
};

/** All subjects at CPU 0.1, a clock record a second; from the seconds given on it names a pointer. */
const logOf = (codecs: Codecs, seconds: number, sequenceAt: (second: number) => number): Log => {
  const log = new Log(codecs);
  const joined = { controlOffset: 1, credentialsOffset: 9 };
  log.clock(0, joined);
  for (let second = 0; second < seconds; second++) {
    for (const subject of subjects) log.telemetry(subject, [sampleAt(second * 1000 + 100, { cpuCores: 0.1 })]);
    log.clock(second * 1000 + 990, { ...joined, modelSequence: sequenceAt(second) });
  }
  return log;
};

const ofSubject = (driver: LifecycleDriver, subject: string, role = 'champion') =>
  driver.scores.filter((score) => score.subject === subject && score.role === role);

describe('models of the lifecycle pipeline', async () => {
  const codecs = await openCodecs();

  it('switches at the clock record that names the pointer, and no window is lost', async () => {
    const { choice } = choiceOf({ 1: { champion: v3 } });
    const driver = await drive(
      codecs,
      logOf(codecs, 20, (second) => (second < 9 ? 0 : 1)),
      choice,
    ).run();
    for (const subject of subjects) {
      const scores = ofSubject(driver, subject);
      assert.deepEqual(
        scores.map(({ windowEnd }) => windowEnd),
        Array.from({ length: scores.length }, (_, i) => (i + 1) * 1000),
      );
      // The record at 9990 ms closes the window that ended at 9000 ms with the grace of 500 ms
      const first = scores.findIndex(({ modelVersion }) => modelVersion === 'v3');
      assert.equal(scores[first]!.windowEnd, 9000);
      assert.ok(scores.slice(0, first).every(({ modelVersion }) => modelVersion === cpuModel.version));
      assert.ok(scores.slice(first).every(({ modelVersion }) => modelVersion === 'v3'));
      assert.equal(scores[first]!.score, 0.81, 'a model that did not challenge begins anew');
    }
    assert.ok(driver.decisions.some(({ modelVersion }) => modelVersion === 'v3'));
    for (const { modelVersion, windowEnd } of driver.decisions)
      assert.equal(modelVersion, windowEnd < 9000 ? cpuModel.version : 'v3');
  });

  it('tells a model that calibrates functions apart what holds each credential, and no other model', async () => {
    const told = new Set<string>();
    const asking = (version: string, cohorts?: ReadonlySet<string>): WindowModel => ({
      ...cpuModel,
      version,
      ...(cohorts ? { cohorts } : {}),
      score(vectors, states, times, n, given) {
        for (let i = 0; i < n; i++) told.add(`${version}: ${given ? given[i] : 'not told'}`);
        return cpuModel.score(vectors, states, times, n);
      },
    });
    const { choice } = choiceOf({ 0: { champion: asking('pooled'), challenger: asking('apart', new Set(['bill'])) } });
    const driver = drive(
      codecs,
      logOf(codecs, 5, () => 0),
      choice,
    );
    driver.credentials.set('a', 3, { ...facts, function: 'bill' });
    await driver.run();
    assert.deepEqual([...told].sort(), ['apart: bill', 'apart: undefined', 'pooled: not told']);
  });

  it('a challenger scores beside, changes no decision, and knows what it saw when it is promoted', async () => {
    const alone = await drive(
      codecs,
      logOf(codecs, 20, () => 0),
    ).run();
    const beside = choiceOf({ 1: { champion: cpuModel, challenger: v3 } });
    const challenged = await drive(
      codecs,
      logOf(codecs, 20, () => 1),
      beside.choice,
    ).run();
    assert.deepEqual(challenged.decisions, alone.decisions);
    assert.deepEqual(challenged.alerts, alone.alerts);
    assert.deepEqual(
      challenged.scores.filter(({ role }) => role === 'champion'),
      alone.scores,
    );
    const besides = ofSubject(challenged, 'a', 'challenger');
    assert.equal(besides.length, ofSubject(alone, 'a').length);
    assert.ok(besides.every(({ modelVersion, score }) => modelVersion === 'v3' && score > 0.8));

    const promoted = choiceOf({
      1: { champion: cpuModel, challenger: v3 },
      2: { champion: v3, challenger: cpuModel },
      3: { champion: cpuModel },
      4: { champion: v3 },
    });
    const sequence = (second: number) => (second < 10 ? 1 : second < 14 ? 2 : second < 18 ? 3 : 4);
    const driver = await drive(codecs, logOf(codecs, 24, sequence), promoted.choice).run();
    const scores = ofSubject(driver, 'a').map(({ modelVersion, score }) => [modelVersion, score]);
    assert.deepEqual(scores[9], ['v3', 0.9], 'the tenth window of a challenger that saw nine');
    const again = scores.findLastIndex(([version]) => version === cpuModel.version) + 1;
    assert.deepEqual(scores[again], ['v3', 0.81], 'one that scored no more begins anew');
    // The former champion went on as the challenger, so that the rollback found it as it would have been
    const undisturbed = ofSubject(alone, 'a').map(({ score }) => score);
    assert.equal(ofSubject(driver, 'a')[again - 1]!.score, undisturbed[again - 1]);
  });

  it('a challenger that fails leaves everything else as it is, and is told of', async () => {
    const broken: WindowModel = { ...v2, version: 'broken', score: () => Promise.reject(new Error('broken')) };
    const { choice, failed } = choiceOf({ 1: { champion: cpuModel, challenger: broken } });
    const alone = await drive(
      codecs,
      logOf(codecs, 10, () => 0),
    ).run();
    const driver = await drive(
      codecs,
      logOf(codecs, 10, () => 1),
      choice,
    ).run();
    assert.deepEqual(driver.scores, alone.scores);
    assert.deepEqual(driver.decisions, alone.decisions);
    assert.ok(failed.includes('broken'));
  });

  it('gives the same bytes however the log is batched and wherever it crashes, whatever is promoted when', async () => {
    const { choice } = choiceOf({
      1: { champion: cpuModel, challenger: v2 },
      2: { champion: v2, challenger: cpuModel },
      3: { champion: v3, challenger: v2 },
      4: { champion: cpuModel },
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 4, maxLength: 4 }),
        fc.array(fc.record({ count: fc.integer({ min: 1, max: 30 }), crash: fc.boolean(), lost: fc.boolean() }), {
          minLength: 1,
          maxLength: 40,
        }),
        async (gaps, steps) => {
          const starts = gaps.map((_, i) => gaps.slice(0, i + 1).reduce((sum, gap) => sum + gap, 0));
          const log = logOf(codecs, 40, (second) => starts.filter((start) => start <= second).length);
          const undisturbed = await drive(codecs, log, choice).run();
          const disturbed = drive(codecs, log, choice);
          for (const { count, crash, lost } of steps) {
            await disturbed.step(count, !(crash && lost));
            if (crash) disturbed.crash();
          }
          await disturbed.run(7);
          const bytes = ({ records }: LifecycleDriver) =>
            records.map(({ topic, key, value }) => `${topic} ${key} ${value?.toString('base64')}`).sort();
          assert.deepEqual(bytes(disturbed), bytes(undisturbed));
          assert.equal(undisturbed.scores.filter(({ role }) => role === 'champion').length, 3 * 39);
        },
      ),
      { numRuns: Number(process.env.RUNS ?? 30), endOnFailure: true },
    );
  });
});
