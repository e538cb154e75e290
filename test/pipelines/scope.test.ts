import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import { defaultScopeModel, type Moment, type RiskAssessment, type ScopeModel } from '../../models/scope/model.ts';
import type { ModelChoice, ModelsInForce } from '../../operators/modelChoice.ts';
import type { Label } from '../../schemas/generated/index.ts';
import { CallLog, openScopeCodecs, type ScopeCodecs, ScopeDriver } from './scopeDriver.ts';

const t0 = Date.UTC(2026, 0, 5, 12);
const second = 1000;
const minute = 60 * second;

/** A model whose risk is the mean of bytes that the open window has seen: tests write risks as bytes. */
const statusModelOf = (version: string): ScopeModel => ({
  version,
  close: async () => undefined,
  assess: (moments) => moments.map((moment) => statusOf(moment, version)),
});

const statusOf = ({ profile }: Moment, version: string): RiskAssessment => {
  const bytes = profile.window?.bytes ?? 0;
  const risk = Math.min(100, profile.window?.calls ? bytes / profile.window.calls : 0);
  const steps = (profile.carriedOf(version)[0] ?? 0) + 1;
  return {
    risk,
    pValue: 1 - risk / 100,
    statistic: risk + steps / 1000,
    parts: [{ feature: 'bytes.mean', weight: 1, direction: '', expected: null, observed: risk, unit: 'bytes' }],
    carried: Float32Array.of(steps),
  };
};
const statusModel = statusModelOf('status');

/** Models by pointer. */
const byPointer: readonly ModelsInForce<ScopeModel>[] = [
  { champion: statusModel },
  { champion: statusModel, challenger: statusModelOf('other') },
  { champion: statusModelOf('other'), challenger: statusModel },
  { champion: defaultScopeModel, challenger: statusModelOf('other') },
];
const failing: string[] = [];
const choice: ModelChoice<ScopeModel> = {
  inForce: ({ models = 0 }) => byPointer[models]!,
  challengerFailed: (version) => failing.push(version),
};

let codecs: ScopeCodecs;
before(async () => {
  codecs = await openScopeCodecs();
});

const enforce = { mode: 'enforce', windowMs: 10_000, graceMs: 0, assessAfterCalls: 5 };

/** A driver whose policy is in force from the first clock record on. */
const driverOf = (
  log: CallLog,
  policy: object = enforce,
  model: ScopeModel | ModelChoice<ScopeModel> = statusModel,
) => {
  const driver = new ScopeDriver(codecs, log, model);
  driver.set({ kind: 'policy', pipeline: 'scope', value: policy, by: 't', reason: 'test' });
  return driver;
};

/** Calls of one credential with a risk, evenly through a time. */
const calls = (log: CallLog, name: string, from: number, forMs: number, risk: number, everyMs = 1000) => {
  for (let at = from; at < from + forMs; at += everyMs) {
    log.clock(at, { controlOffset: 1 });
    log.call(name, at, { responseBytes: risk });
  }
};

describe('scope', () => {
  it('narrows before the window ends, widens with hysteresis, and lifts the override', async () => {
    const log = new CallLog(codecs);
    calls(log, 'cred-1', t0, 10 * second, 5);
    calls(log, 'cred-1', t0 + 10 * second, 10 * second, 50);
    calls(log, 'cred-1', t0 + 20 * second, 40 * minute, 5, 10 * second);
    const driver = await driverOf(log).run();
    const [narrow, widen] = driver.decisions;
    assert.equal(narrow!.action, 'narrow');
    assert.deepEqual([narrow!.oldScope, narrow!.newScope, narrow!.risk], ['default', 'read-only', 50]);
    assert.ok(narrow!.decidedAt < t0 + 20 * second, 'within the window in which it happened');
    assert.match(narrow!.reason, /Risk 50 above 30, 2 times in a row: read-only/);
    const lifted = driver.decisions.find(({ newScope }) => newScope === 'default')!;
    assert.equal(lifted.action, 'widen');
    assert.ok(widen!.decidedAt - narrow!.decidedAt > 5 * minute, 'the risk has to decay first');
    const [set, ...rest] = driver.overrides;
    assert.equal(set![1]!.scope, 'read-only');
    assert.equal(set![1]!.mode, 'enforce');
    assert.equal(set![1]!.decisionId, narrow!.decisionId);
    assert.equal(set![1]!.expiresAt, narrow!.decidedAt + 3_600_000);
    assert.equal(rest.at(-1)![1], null, 'a tombstone lifts it');
    assert.deepEqual(
      driver.alerts.map(({ kind }) => kind),
      ['scopeNarrowed'],
    );
    assert.equal(driver.scores.filter(({ windowEnd }) => windowEnd % 10_000 === 0).length > 100, true);
  });

  it('goes to the lowest range that was confirmed, and names the one service most used', async () => {
    const log = new CallLog(codecs);
    calls(log, 'cred-1', t0, 60 * second, 5);
    calls(log, 'cred-1', t0 + 60 * second, 10 * second, 75);
    const { decisions, overrides } = await driverOf(log).run();
    assert.deepEqual(
      decisions.map(({ newScope }) => newScope),
      ['single-service(orders)'],
    );
    assert.equal(overrides[0]![1]!.service, 'orders');
  });

  it('decides and records in shadow mode, and writes overrides again once it enforces', async () => {
    const log = new CallLog(codecs);
    calls(log, 'cred-1', t0, 20 * second, 90);
    const driver = driverOf(log, { ...enforce, mode: 'shadow' });
    await driver.run();
    assert.equal(driver.overrides[0]![1]!.mode, 'shadow');
    driver.set({ kind: 'mode', pipeline: 'scope', value: 'enforce', by: 't', reason: 'test' });
    log.clock(t0 + 21 * second, { controlOffset: 2 });
    log.call('cred-1', t0 + 21 * second, { responseBytes: 90 });
    log.clock(t0 + 31 * second, { controlOffset: 2 });
    await driver.run();
    assert.deepEqual(
      driver.overrides.map(([, override]) => override!.mode),
      ['shadow', 'enforce'],
    );
    assert.equal(driver.decisions.at(-1)!.action, 'keep');
  });

  it('spares whom an exemption names, lifts what was in force, and says so', async () => {
    const log = new CallLog(codecs);
    calls(log, 'cred-1', t0, 10 * second, 90);
    const driver = driverOf(log);
    await driver.run();
    assert.equal(driver.decisions.at(-1)!.newScope, 'blocked');
    driver.set({
      kind: 'exemption',
      pipeline: 'scope',
      subject: 'cred-1',
      value: true,
      by: 't',
      reason: 'break-glass',
    });
    for (let at = 10; at < 30; at++) {
      log.clock(t0 + at * second, { controlOffset: 2 });
      log.call('cred-1', t0 + at * second, { responseBytes: 90 });
    }
    await driver.run();
    const after = driver.decisions.slice(1);
    assert.deepEqual([after[0]!.action, after[0]!.newScope], ['widen', 'default']);
    assert.match(after[0]!.reason, /lifted: exemption/);
    assert.ok(after.slice(1).every(({ withheld }) => withheld === 'exemption'));
    assert.equal(driver.overrides.at(-1)![1], null);
  });

  it('keeps to its budgets and alerts when one is exhausted', async () => {
    const log = new CallLog(codecs);
    for (const name of ['a', 'b', 'c']) calls(log, name, t0, 10 * second, 90);
    const { decisions, alerts } = await driverOf(log, {
      ...enforce,
      budgetForAll: { actions: 2, perMs: 60_000 },
    }).run();
    assert.equal(decisions.filter(({ withheld }) => withheld === '').length, 2);
    assert.ok(decisions.some(({ withheld }) => withheld === 'budget'));
    assert.ok(alerts.some(({ kind }) => kind === 'budgetExhausted'));
  });

  it('has the rules of a group before the common ones', async () => {
    const log = new CallLog(codecs);
    for (const name of ['ci-1', 'person-1']) calls(log, name, t0, 10 * second, 50);
    const groups = {
      robots: {
        match: ['ci-*'],
        ranges: [
          { upTo: 60, scope: 'default' },
          { upTo: 100, scope: 'blocked' },
        ],
      },
    };
    const { decisions } = await driverOf(log, { ...enforce, groups }).run();
    assert.deepEqual(
      decisions.map(({ subject }) => subject),
      ['person-1'],
    );
  });

  it('raises the risk by threat intelligence and names it', async () => {
    const log = new CallLog(codecs);
    log.clock(t0, { controlOffset: 1 });
    const threat = { threatFeed: 'drop', threatIndicator: '192.0.2.0/24', threatConfidence: 0.9 };
    for (let i = 0; i < 3; i++) log.call('cred-1', t0 + i * second, { responseBytes: 10, ...threat });
    const { decisions, overrides } = await driverOf(log).run();
    assert.equal(decisions[0]!.risk, 46);
    assert.match(decisions[0]!.reason, /192\.0\.2\.0\/24 is on threat feed drop/);
    assert.match(overrides[0]![1]!.reasons[0]!, /threat feed drop/);
  });

  it('lets an override lapse when nothing is heard of its credential any more', async () => {
    const log = new CallLog(codecs);
    calls(log, 'cred-1', t0, 10 * second, 90);
    for (let at = 10; at < 4 * 3600; at += 10) log.clock(t0 + at * second, { controlOffset: 1 });
    const { overrides, partition } = await driverOf(log).run();
    assert.equal(overrides.at(-1)![1], null);
    assert.equal(partition.credentials.find('cred-1')!.rule.level, 0);
  });

  it('makes a label of legitimate behaviour forget the risk, and one of malicious forget what was usual', async () => {
    const log = new CallLog(codecs);
    calls(log, 'cred-1', t0, 10 * second, 90);
    const driver = driverOf(log);
    await driver.run();
    const label: Label = {
      subject: 'cred-1',
      verdict: 'legitimateAnomaly',
      decisionId: null,
      windowStart: null,
      windowEnd: null,
      by: 'analyst',
      note: '',
      at: t0 + 10 * second,
    };
    driver.labels.set('cred-1', 0, label);
    for (let at = 11; at < 60; at++) {
      log.clock(t0 + at * second, { controlOffset: 1, labelsOffset: 1 });
      log.call('cred-1', t0 + at * second, { responseBytes: 5 });
    }
    await driver.run();
    assert.equal(driver.decisions.at(-1)!.newScope, 'default');
    assert.ok(driver.decisions.at(-1)!.decidedAt < t0 + minute, 'at once, not when the risk has decayed');
  });

  it('makes one dead letter of each call that cannot be read, is late or implausible, and goes on', async () => {
    const log = new CallLog(codecs);
    log.clock(t0, { controlOffset: 1 });
    log.raw(Buffer.from('rubbish'), t0);
    log.raw(null, t0);
    log.call('cred-1', t0 + 25 * second);
    log.call('cred-1', t0 + 3 * second);
    log.call('cred-1', t0 + 2 * 3600 * second, {}, t0 + 25 * second);
    log.call('cred-1', t0 + 26 * second, { latitude: 200 });
    log.call('cred-1', t0 + 27 * second);
    const { deadLetters, counts } = await driverOf(log).run();
    assert.deepEqual(deadLetters.map(({ errorCode }) => errorCode).sort(), [
      'RECORD_LATE',
      'RECORD_MALFORMED',
      'RECORD_MALFORMED',
      'RECORD_OUT_OF_RANGE',
      'RECORD_TIME_IMPLAUSIBLE',
    ]);
    assert.deepEqual([counts.calls, counts.late, counts.rejected], [2, 1, 1]);
  });

  it('refuses a policy that does not hold and keeps the last good one', async () => {
    const log = new CallLog(codecs);
    const driver = driverOf(log);
    const ranges = [
      { upTo: 60, scope: 'default' },
      { upTo: 30, scope: 'blocked' },
    ];
    assert.throws(
      () => driver.set({ kind: 'policy', pipeline: 'scope', value: { ranges }, by: 't', reason: 'wrong' }),
      /ranges\.1\.upTo: Ranges must ascend, got upTo 30 after 60/,
    );
  });

  it('switches models at the clock record that names the pointer; a challenger scores beside and decides nothing', async () => {
    const log = new CallLog(codecs);
    log.clock(t0, { controlOffset: 1 });
    for (let window = 0; window < 8; window++) {
      const at = t0 + window * 10_000;
      log.call('a', at + 1000, { responseBytes: 40 });
      log.clock(at + 9999, { controlOffset: 1, modelSequence: window < 2 ? 0 : window < 4 ? 1 : 2 });
    }
    log.clock(t0 + 100_000, { controlOffset: 1, modelSequence: 2 });
    const { scores, decisions } = await driverOf(log, enforce, choice).run();
    const of = (role: string) =>
      scores
        .filter((score) => score.role === role)
        .map(({ modelVersion, statistic }) => `${modelVersion} ${statistic}`);
    const steps = (version: string, from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, i) => `${version} ${40 + (from + i) / 1000}`);
    // What the challenger saw as one goes on when it is promoted
    assert.deepEqual(of('champion'), [...steps('status', 1, 4), ...steps('other', 3, 6)]);
    assert.deepEqual(of('challenger'), [...steps('other', 1, 2), ...steps('status', 5, 8)]);
    assert.ok(
      decisions.length > 0 &&
        decisions.every(({ modelVersion }) => modelVersion === 'status' || modelVersion === 'other'),
    );
    assert.deepEqual(failing, []);
  });

  it('gives the same bytes however the log is batched and wherever it crashes', async () => {
    const event = fc.record({
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      stepMs: fc.integer({ min: 0, max: 9000 }),
      risk: fc.constantFrom(0, 10, 40, 70, 95),
      clock: fc.boolean(),
      promoted: fc.boolean(),
    });
    const cut = fc.record({ size: fc.integer({ min: 1, max: 25 }), crash: fc.boolean(), commit: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { minLength: 1, maxLength: 120 }),
        fc.array(cut, { maxLength: 30 }),
        fc.constantFrom(statusModel, defaultScopeModel, choice),
        async (events, cuts, model) => {
          let modelSequence = 0;
          const log = new CallLog(codecs);
          let at = t0;
          log.clock(at, { controlOffset: 1 });
          for (const { name, stepMs, risk, clock, promoted } of events) {
            at += stepMs;
            if (clock && promoted) modelSequence = Math.min(3, modelSequence + 1);
            if (clock) log.clock(at, { controlOffset: 1, modelSequence });
            log.call(name, at, {
              responseBytes: risk,
              operation: `GET /${risk}`,
              address: '192.0.2.1',
              status: risk > 60 ? 403 : 200,
            });
          }
          log.clock(at + 3_600_000, { controlOffset: 1 });
          const policy = { ...enforce, budgetPerSubject: { actions: 2, perMs: 60_000 } };
          const whole = await driverOf(log, policy, model).run();
          const other = driverOf(log, policy, model);
          for (const { size, crash, commit } of cuts) {
            await other.step(size, commit || !crash);
            if (crash) other.crash();
          }
          await other.run(7);
          const text = (driver: ScopeDriver) =>
            driver.records.map(({ topic, key, value }) => `${topic} ${key} ${value?.toString('hex')}`);
          assert.deepEqual(text(other).sort(), text(whole).sort());
        },
      ),
      { numRuns: 60 },
    );
  });
});
