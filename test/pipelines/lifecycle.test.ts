import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Controls } from '../../operators/actuate/controls.ts';
import { gate } from '../../operators/actuate/gate.ts';
import { TokenBucket } from '../../operators/actuate/tokenBucket.ts';
import type { WindowModel } from '../../operators/score.ts';
import { configuredPolicyKey } from '../../pipelines/orders.ts';
import type { Control, Credential, Decision } from '../../schemas/generated/index.ts';
import { alarmingModel, type Codecs, LifecycleDriver, Log, openCodecs, sampleAt } from './lifecycleDriver.ts';

const policy = {
  mode: 'enforce',
  windowMs: 1000,
  graceMs: 500,
  extendAfter: 2,
  strikes: 2,
  cooldownMs: 2000,
  minTtlMs: 1000,
  silenceMs: 5000,
  strikeHalfLifeMs: 60_000,
} as const;
const order = (key: string, value: unknown, more: Partial<Control> = {}): Control => ({
  key,
  kind: 'policy',
  pipeline: 'lifecycle',
  subject: null,
  value: JSON.stringify(value),
  version: JSON.stringify(value),
  expiresAt: null,
  at: 0,
  by: 'test',
  reason: '',
  ...more,
});
const facts = { ttlMs: 60_000, maxTtlMs: 240_000, issuedAt: 0, ended: false };

const drive = (codecs: Codecs, log: Log, subjects: string[], overrides: object = {}, model?: WindowModel) => {
  const driver = new LifecycleDriver(codecs, log, model);
  driver.control.set(
    configuredPolicyKey('lifecycle'),
    0,
    order(configuredPolicyKey('lifecycle'), { ...policy, ...overrides }),
  );
  for (const [offset, subject] of subjects.entries()) driver.credentials.set(subject, offset, facts);
  driver.control.reach(100);
  driver.credentials.reach(100);
  return driver;
};

/** One subject whose CPU is `scores[i]` in second i, five samples each, and a clock record a second. */
const log = (codecs: Codecs, scores: Record<string, number[]>, joined = { controlOffset: 1, credentialsOffset: 9 }) => {
  const made = new Log(codecs);
  const length = Math.max(...Object.values(scores).map((list) => list.length));
  made.clock(0, joined);
  for (let second = 0; second < length + 2; second++) {
    for (const [subject, list] of Object.entries(scores)) {
      const cpuCores = list[second];
      if (cpuCores === undefined) continue;
      made.telemetry(
        subject,
        [0, 200, 400, 600, 800].map((ms) => sampleAt(second * 1000 + ms, { cpuCores })),
      );
    }
    made.clock(second * 1000 + 990, joined);
  }
  return made;
};

describe('lifecycle', async () => {
  const codecs = await openCodecs();

  it('doubles the TTL of who behaves, up to the maximum, then renews at half of it', async () => {
    const { decisions } = await drive(codecs, log(codecs, { good: new Array(140).fill(0.1) }), ['good']).run();
    assert.deepEqual(
      decisions.map(({ action, oldTtlMs, newTtlMs }) => [action, oldTtlMs / 1000, newTtlMs / 1000]),
      [
        ['extend', 60, 120],
        ['extend', 120, 240],
        ['extend', 240, 240],
      ],
    );
    assert.ok(decisions.every(({ mode, withheld }) => mode === 'enforce' && withheld === ''));
    assert.equal(decisions[2]!.windowEnd - decisions[1]!.windowEnd, 120_000);
  });

  it('keeps, halves and revokes as the score rises, and nothing after', async () => {
    const { decisions, alerts } = await drive(
      codecs,
      log(codecs, { bad: [0.45, 0.45, 0.9, 0.9, 1, 1, 1, 1, 1, 1, 1, 1] }),
      ['bad'],
    ).run();
    assert.deepEqual(
      decisions.map(({ action }) => action),
      ['keep', 'shorten', 'shorten', 'revoke'],
    );
    assert.equal(decisions.at(-1)!.newTtlMs, 0);
    assert.equal(decisions.at(-1)!.deadline, null);
    assert.deepEqual(
      alerts.filter(({ kind }) => kind === 'revoked').map(({ decisionId }) => decisionId),
      [decisions.at(-1)!.decisionId],
    );
  });

  it('takes silence for a signal of its own, once', async () => {
    const made = log(codecs, { quiet: [0.1, 0.1] });
    for (let second = 4; second < 20; second++) made.clock(second * 1000, { controlOffset: 1, credentialsOffset: 9 });
    const { decisions, alerts } = await drive(codecs, made, ['quiet']).run();
    assert.equal(alerts.filter(({ kind }) => kind === 'silent').length, 1);
    const silence = decisions.filter(({ decisionId }) => decisionId.includes('silence'));
    assert.deepEqual(
      silence.map(({ action, oldTtlMs, newTtlMs }) => [action, newTtlMs / oldTtlMs]),
      [['shorten', 0.5]],
    );
  });

  it('decides nothing on credentials that are not registered, and counts their windows', async () => {
    const driver = await drive(codecs, log(codecs, { unknown: [1, 1, 1, 1] }), []).run();
    assert.equal(driver.decisions.length, 0);
    assert.equal(driver.scores.length, 4);
    assert.ok(driver.counts.unregistered >= 4);
  });

  it('spares exempt subjects until the exemption lapses, and says so', async () => {
    const driver = drive(
      codecs,
      log(codecs, { spared: new Array(30).fill(1) }, { controlOffset: 2, credentialsOffset: 9 }),
      ['spared'],
    );
    driver.control.set(
      'exemption/lifecycle/spared',
      1,
      order('exemption/lifecycle/spared', true, { kind: 'exemption', subject: 'spared', expiresAt: 15_000 }),
    );
    const { decisions } = await driver.run();
    const before = decisions.filter(({ decidedAt, action }) => decidedAt < 15_000 && action !== 'keep');
    assert.ok(
      before.length > 1 &&
        before.every(({ withheld, newTtlMs, oldTtlMs }) => withheld === 'exemption' && newTtlMs === oldTtlMs),
    );
    assert.equal(decisions.at(-1)!.action, 'revoke');
    assert.equal(decisions.at(-1)!.withheld, '');
  });

  it('withholds everything while the kill switch is on, from the clock record that says so', async () => {
    const driver = drive(
      codecs,
      log(codecs, { any: new Array(20).fill(1) }, { controlOffset: 2, credentialsOffset: 9 }),
      ['any'],
    );
    driver.control.set('killSwitch', 1, order('killSwitch', true, { kind: 'killSwitch' }));
    const { decisions } = await driver.run();
    assert.ok(decisions.length > 0 && decisions.every(({ withheld }) => withheld === 'killSwitch'));
  });

  it('stays within the budgets for one subject and for all', async () => {
    const subjects = ['a', 'b', 'c', 'd'];
    const driver = drive(
      codecs,
      log(codecs, Object.fromEntries(subjects.map((name) => [name, new Array(12).fill(1)]))),
      subjects,
      {
        budgetForAll: { actions: 2, perMs: 60_000 },
      },
    );
    const { decisions, alerts } = await driver.run();
    assert.equal(decisions.filter(({ withheld, action }) => withheld === '' && action !== 'keep').length, 2);
    assert.ok(decisions.some(({ withheld }) => withheld === 'budget'));
    assert.ok(alerts.some(({ kind }) => kind === 'budgetExhausted'));
  });

  it('follows the TTL in shadow mode and takes it from the register when enforcing begins', async () => {
    const made = log(codecs, { one: new Array(10).fill(0.1) });
    const { decisions } = await drive(codecs, made, ['one'], { mode: 'shadow' }).run();
    assert.ok(decisions.length > 0 && decisions.every(({ mode }) => mode === 'shadow'));
    const later = log(codecs, { one: new Array(10).fill(0.1) });
    for (let second = 12; second < 22; second++) {
      later.telemetry('one', [sampleAt(second * 1000, { cpuCores: 0.1 })]);
      later.clock(second * 1000 + 990, { controlOffset: 2, credentialsOffset: 9 });
    }
    later.clock(30_000, { controlOffset: 2, credentialsOffset: 9 });
    const driver = drive(codecs, later, ['one'], { mode: 'shadow', silenceMs: 60_000 });
    driver.control.set('mode/lifecycle', 1, order('mode/lifecycle', 'enforce', { kind: 'mode' }));
    const enforced = (await driver.run()).decisions.filter(({ mode }) => mode === 'enforce');
    assert.equal(enforced[0]?.oldTtlMs, facts.ttlMs);
  });

  describe('a decision that the actuator skipped', () => {
    const seconds = 60;
    const two = { a: new Array(seconds).fill(1), b: new Array(seconds).fill(1) };
    const lateAfterMs = 10_000;

    /** Run to the end, batch by batch; the register says what `applied` ended from then on. */
    const runWith = async (
      applied: (decision: Decision) => boolean,
      scores: Record<string, number[]> = two,
      overrides: object = {},
    ) => {
      const made = new Log(codecs);
      const driver = drive(codecs, made, Object.keys(scores), { lateAfterMs, ...overrides });
      const ended: string[] = [];
      let register = 9;
      made.clock(0, { controlOffset: 1, credentialsOffset: register });
      for (let second = 0; second < seconds; second++) {
        for (const [subject, list] of Object.entries(scores))
          made.telemetry(subject, [sampleAt(second * 1000, { cpuCores: list[second]! })]);
        made.clock(second * 1000 + 990, { controlOffset: 1, credentialsOffset: register });
        const known = driver.decisions.length;
        await driver.run();
        for (const decision of driver.decisions.slice(known)) {
          if (!applied(decision) || decision.action !== 'revoke') continue;
          ended.push(decision.subject);
          driver.credentials.set(decision.subject, register++, { ...facts, ended: true });
        }
      }
      return { driver, made, ended, revocations: driver.decisions.filter(({ action }) => action === 'revoke') };
    };

    it('is decided again while the credential lives: an actuator whose budget is one revokes both', async () => {
      const budget = new TokenBucket({ perSecond: 1 / 8, burst: 1 }, 0);
      const { ended, revocations } = await runWith((decision) => {
        const credential = { credentialId: decision.subject, status: 'active' } as Credential;
        const standing = gate(decision, credential, new Controls(), decision.decidedAt).act;
        return standing && decision.action === 'revoke' && budget.tryTake(decision.decidedAt);
      });
      assert.deepEqual(ended.sort(), ['a', 'b']);
      assert.equal(revocations.length, 3);
      const again = revocations.filter(
        ({ subject }) => subject === ended[1] && subject === revocations.at(-1)!.subject,
      );
      assert.ok(again.at(-1)!.windowEnd - again[0]!.windowEnd >= lateAfterMs);
      assert.ok(again.at(-1)!.oldTtlMs > 0, 'the life it still has');
    });

    it('is not repeated once the register says that the credential ended', async () => {
      const { revocations } = await runWith(() => true);
      assert.deepEqual(revocations.map(({ subject }) => subject).sort(), ['a', 'b']);
    });

    it('is judged by what the credential does then, not by what it did', async () => {
      const calm = { a: [...new Array(8).fill(1), ...new Array(seconds - 8).fill(0.1)] };
      const { revocations, driver } = await runWith(() => false, calm, { strikeHalfLifeMs: 1000 });
      assert.equal(revocations.length, 1);
      assert.ok(driver.decisions.some(({ action, windowEnd }) => action === 'extend' && windowEnd > 20_000));
    });

    it('is not repeated in shadow mode, where nothing is applied', async () => {
      const { revocations } = await runWith(() => false, two, { mode: 'shadow' });
      assert.equal(revocations.length, 2);
    });

    it('is repeated at the least TTL too, once a life that had been shortened would be over', async () => {
      const { driver } = await runWith(() => false, { a: new Array(seconds).fill(0.7) }, { minTtlMs: 15_000 });
      const atLeast = driver.decisions.filter(({ action, newTtlMs }) => action === 'shorten' && newTtlMs === 15_000);
      assert.ok(atLeast.length >= 3, `${atLeast.length}`);
      for (const [index, { windowEnd, oldTtlMs }] of atLeast.entries()) {
        if (index === 0) continue;
        assert.equal(oldTtlMs, 15_000);
        assert.ok(windowEnd - atLeast[index - 1]!.windowEnd >= 15_000);
      }
    });

    it('gives the same bytes after a crash', async () => {
      const { driver, made } = await runWith(() => false);
      const bytes = (one: LifecycleDriver) =>
        one.records.map(({ topic, key, value }) => `${topic} ${key} ${value?.toString('base64')}`);
      const disturbed = drive(codecs, made, ['a', 'b'], { lateAfterMs });
      for (let round = 0; round < 12; round++) {
        await disturbed.step(17);
        disturbed.crash();
        await disturbed.step(29, round % 3 > 0);
        disturbed.crash();
      }
      await disturbed.run(7);
      assert.deepEqual(bytes(disturbed).sort(), bytes(driver).sort());
    });
  });

  it('refuses a policy whose thresholds cross and keeps the last good one', async () => {
    const driver = drive(
      codecs,
      log(codecs, { good: new Array(10).fill(0.1) }, { controlOffset: 2, credentialsOffset: 9 }),
      ['good'],
    );
    driver.control.set('policy/lifecycle', 1, order('policy/lifecycle', { ...policy, low: 0.9, moderate: 0.1 }));
    const { decisions, refused } = await driver.run();
    assert.deepEqual(refused, ['policy/lifecycle']);
    assert.ok(decisions.some(({ action }) => action === 'extend'));
  });

  it('keeps an administrator’s good policy when a crossing one follows it', async () => {
    const key = 'policy/lifecycle';
    const driver = drive(
      codecs,
      log(codecs, { good: new Array(10).fill(0.1) }, { controlOffset: 3, credentialsOffset: 9 }),
      ['good'],
    );
    driver.control.set(key, 1, order(key, { ...policy, low: 0.05 }));
    driver.control.set(key, 2, order(key, { ...policy, low: 0.9, moderate: 0.1 }));
    const { decisions, refused } = await driver.run();
    assert.deepEqual(refused, [key]);
    assert.ok(!decisions.some(({ action }) => action === 'extend'), 'which the configured policy would have done');
  });

  it('lets a kill switch lapse in event time', async () => {
    const made = log(codecs, { any: new Array(20).fill(1) }, { controlOffset: 2, credentialsOffset: 9 });
    const driver = drive(codecs, made, ['any']);
    driver.control.set('killSwitch', 1, order('killSwitch', { on: true }, { kind: 'killSwitch', expiresAt: 10_000 }));
    const { decisions } = await driver.run();
    assert.ok(decisions.some(({ withheld }) => withheld === 'killSwitch'));
    for (const { withheld, decidedAt } of decisions) assert.equal(withheld === 'killSwitch', decidedAt < 10_000);
    assert.equal(decisions.at(-1)!.action, 'revoke');
  });

  it('makes one dead letter of each bad message and scores the rest', async () => {
    const made = log(codecs, { good: new Array(4).fill(0.1) });
    const at = made.messages.at(-1)!.timestamp;
    made.raw(null, at);
    made.raw(Buffer.from('not avro'), at);
    made.raw(Buffer.from([0, 0, 0, 9, 9, 1, 2]), at);
    made.raw(made.messages[1]!.value!.subarray(0, 20), at);
    made.telemetry('good', [sampleAt(at + 1e9, { cpuCores: 1 })], at);
    made.telemetry('good', [sampleAt(100, { cpuCores: 1 })], at);
    made.telemetry('good', [sampleAt(2100, { cpuCores: 1 })], at);
    made.telemetry('good', [sampleAt(at, { cpuCores: Number.NaN })], at);
    made.telemetry('good', [sampleAt(at, { memoryBytes: Number.POSITIVE_INFINITY })], at);
    const driver = await drive(codecs, made, ['good'], { maxPastMs: 4000 }).run();
    assert.deepEqual(
      driver.deadLetters.map(({ errorCode }) => errorCode),
      [
        'RECORD_MALFORMED',
        'RECORD_MALFORMED',
        'SCHEMA_UNKNOWN',
        'RECORD_MALFORMED',
        'RECORD_OUT_OF_RANGE',
        'RECORD_OUT_OF_RANGE',
        'RECORD_TIME_IMPLAUSIBLE',
        'RECORD_TIME_IMPLAUSIBLE',
        'RECORD_LATE',
      ],
    );
    assert.deepEqual(Buffer.from(driver.deadLetters[1]!.value!), Buffer.from('not avro'));
    assert.equal(driver.scores.length, 4);
  });

  it('leaves bad samples out, scores the rest of their message, and makes one dead letter of it', async () => {
    const made = log(codecs, {});
    const cpuCores = 0.1;
    made.telemetry(
      'good',
      [
        sampleAt(10_000, { cpuCores }),
        sampleAt(10_100, { cpuCores: Number.NaN }),
        sampleAt(10_200, { cpuCores }),
        sampleAt(1e12, { cpuCores: 1 }),
        sampleAt(10_400, { cpuCores }),
        sampleAt(10_500, { memoryBytes: Number.POSITIVE_INFINITY }),
      ],
      10_500,
    );
    for (let second = 11; second < 14; second++) made.clock(second * 1000);
    const driver = await drive(codecs, made, ['good']).run();
    assert.deepEqual(
      driver.scores.map(({ samples, score }) => [samples, score]),
      [[3, 0.05]],
    );
    assert.equal(driver.deadLetters.length, 1);
    const [letter] = driver.deadLetters;
    assert.equal(letter!.errorCode, 'RECORD_OUT_OF_RANGE');
    for (const said of [/sample 1: cpuCores is NaN/, /sample 5: memoryBytes is Infinity/, /Sample is of 2001-09-09/])
      assert.match(letter!.message, said);
    assert.deepEqual([driver.counts.samples, driver.counts.rejected], [3, 3]);
  });

  it('scores a stream that comes late as a whole, in order', async () => {
    const made = log(codecs, { other: new Array(30).fill(0.1) });
    for (let second = 0; second < 10; second++)
      made.telemetry(
        'delayed',
        [0, 500].map((ms) => sampleAt(second * 1000 + ms, { cpuCores: 0.1 })),
        32_000,
      );
    made.clock(33_000);
    made.clock(36_000);
    const driver = await drive(codecs, made, ['other', 'delayed']).run();
    const ends = driver.scores
      .filter(({ subject }) => subject === 'delayed')
      .map(({ windowEnd, samples }) => [windowEnd, samples]);
    assert.deepEqual(
      ends,
      Array.from({ length: 10 }, (_, second) => [(second + 1) * 1000, 2]),
    );
    assert.equal(driver.counts.late, 0);
  });

  it('counts as strikes only what alarms, where the policy promises a rate of false alarms', async () => {
    const promise = { falseAlarmsPerSubjectDay: 1000 };
    for (const [cpu, revoked] of [
      [0.96, false],
      [1, true],
    ] as const) {
      const made = log(codecs, { one: new Array(30).fill(cpu) });
      const driver = await drive(codecs, made, ['one'], promise, alarmingModel).run();
      const actions = new Set(driver.decisions.map(({ action }) => action));
      assert.deepEqual([actions.has('shorten'), actions.has('revoke')], [true, revoked], `${cpu}`);
      const kinds = driver.alerts.map(({ kind }) => kind).filter((kind) => kind !== 'silent');
      assert.deepEqual(kinds, revoked ? ['strayed', 'anomaly', 'revoked'] : ['strayed'], `${cpu}`);
      assert.deepEqual(
        (await drive(codecs, made, ['one'], {}, alarmingModel).run()).decisions.some(
          ({ action }) => action === 'revoke',
        ),
        true,
      );
    }
  });

  it('gives the same bytes however the log is batched and wherever it crashes', async () => {
    const subject = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const promise = { falseAlarmsPerSubjectDay: 1000, driftMs: 20_000 };
    const entry = fc.oneof(
      {
        weight: 8,
        arbitrary: fc.record({
          kind: fc.constant('telemetry' as const),
          subject,
          cpu: fc.constantFrom(0.05, 0.1, 0.45, 0.7, 1, 1),
          jitter: fc.integer({ min: -2500, max: 300 }),
          step: fc.integer({ min: 0, max: 700 }),
        }),
      },
      {
        weight: 3,
        arbitrary: fc.record({ kind: fc.constant('clock' as const), step: fc.integer({ min: 0, max: 900 }) }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('bad' as const) }) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { minLength: 20, maxLength: 250 }),
        fc.array(fc.record({ count: fc.integer({ min: 1, max: 40 }), crash: fc.boolean(), lost: fc.boolean() }), {
          minLength: 1,
          maxLength: 60,
        }),
        async (entries, steps) => {
          const made = new Log(codecs);
          let now = 10_000;
          made.clock(now, { controlOffset: 1, credentialsOffset: 3 });
          for (const one of entries) {
            if (one.kind === 'bad') {
              made.raw(Buffer.from('bad'), now);
              continue;
            }
            now += one.step;
            if (one.kind === 'clock')
              made.clock(now, { controlOffset: now > 20_000 ? 2 : 1, credentialsOffset: now > 15_000 ? 9 : 3 });
            else
              made.telemetry(
                one.subject,
                [0, 300, 900, 1500].map((ms) => sampleAt(now + one.jitter + ms, { cpuCores: one.cpu })),
                now + 1500,
              );
          }
          for (let i = 1; i <= 12; i++) made.clock(now + i * 1000, { controlOffset: 2, credentialsOffset: 9 });
          const make = () => {
            const driver = drive(codecs, made, ['a', 'b', 'c', 'd', 'e'], promise, alarmingModel);
            driver.control.set('mode/lifecycle', 1, order('mode/lifecycle', 'shadow', { kind: 'mode' }));
            return driver;
          };
          const undisturbed = await make().run();
          const disturbed = make();
          for (const { count, crash, lost } of steps) {
            await disturbed.step(count, !(crash && lost));
            if (crash) disturbed.crash();
          }
          await disturbed.run(7);
          const bytes = (driver: LifecycleDriver) =>
            driver.records.map(({ topic, key, value }) => `${topic} ${key} ${value?.toString('base64')}`);
          assert.deepEqual(bytes(disturbed).sort(), bytes(undisturbed).sort());
          const perSubject = (driver: LifecycleDriver) => driver.decisions.map(({ decisionId }) => decisionId);
          assert.deepEqual(perSubject(disturbed), perSubject(undisturbed));
          assert.deepEqual([...disturbed.changelog.keys()].sort(), [...undisturbed.changelog.keys()].sort());
          const drift = (driver: LifecycleDriver) => driver.partition.drift?.save();
          assert.deepEqual(drift(disturbed), drift(undisturbed));
        },
      ),
      { numRuns: Number(process.env.RUNS ?? 150), includeErrorInReport: true, endOnFailure: true },
    );
  });
});
