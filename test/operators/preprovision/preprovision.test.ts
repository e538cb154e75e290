import assert from 'node:assert/strict';
import { test } from 'node:test';
import { from, lastValueFrom, pipe, toArray } from 'rxjs';
import { calendarOf, hourMs } from '../../../models/access/calendar.ts';
import type { GuardedForecast } from '../../../models/access/guarded.ts';
import { hazardBins, survivalOf } from '../../../models/access/hazard.ts';
import { hourOf, hoursSinceLast, wasActive } from '../../../models/access/history.ts';
import { type Population, pairOf, partsOfPair } from '../../../models/access/population.ts';
import { onlyModel } from '../../../operators/modelChoice.ts';
import type { AccessItem, PreprovisionDecision } from '../../../operators/preprovision/batch.ts';
import { decidePreprovision, type PreprovisionTopics } from '../../../operators/preprovision/decidePreprovision.ts';
import { foreseeHours } from '../../../operators/preprovision/foreseeHours.ts';
import { PreprovisionState } from '../../../operators/preprovision/partitionState.ts';
import { preprovisionRule } from '../../../operators/preprovision/preprovisionRule.ts';
import { riskGate } from '../../../operators/preprovision/riskGate.ts';
import { type PreprovisionPolicy, preprovisionPolicySchema } from '../../../schemas/preprovisionPolicy.ts';

const start = Date.parse('2026-03-02T00:00:00Z');
const at = (hours: number): number => start + hours * hourMs;
const utc = calendarOf('UTC');
const ada = pairOf('ada', 'build-7');
const bob = pairOf('bob', 'build-7');

const forecast = (chance: number, helps = true): GuardedForecast => {
  const survival = survivalOf(Array(hazardBins).fill(Math.log(chance / (1 - chance))));
  return { within1h: chance, within24h: 1 - survival[14]!, survival, basis: 'model', helps };
};

/** Expects whoever was active at this hour yesterday. */
const yesterday = {
  version: 'yesterday',
  carried: { pair: 0, all: 0 },
  forecast: async (population: Population, pairs: readonly string[]) =>
    pairs.map((pair) => forecast(wasActive(population.stateOf(pair), 24) ? 0.6 : 0.01)),
};

const topicsOf = (change: Partial<PreprovisionPolicy> = {}, risk = 0): PreprovisionTopics => ({
  policy: () => ({ ...preprovisionPolicySchema.parse({}), ...change }),
  standing: (_, timeMs) => ({ risks: [{ pipeline: 'lifecycle', risk, timeMs }], killed: false }),
});

const fresh = () => new PreprovisionState(utc, hourOf(start), yesterday.carried, yesterday.version);
const message = { offset: 0, timestamp: 0, key: null, value: null };
const access = (pair: string, hours: number): AccessItem => ({
  kind: 'event',
  pair,
  event: { kind: 'access', timeMs: at(hours) },
  message,
});
const clock = (hours: number): AccessItem => ({
  kind: 'clock',
  clock: { time: at(hours), controlOffset: 0, scoresOffset: 0, modelSequence: 0 },
});

const run = async (
  state: PreprovisionState,
  items: readonly AccessItem[],
  topics = topicsOf(),
  size = 1,
): Promise<PreprovisionDecision[]> => {
  const batches = Array.from({ length: Math.ceil(items.length / size) }, (_, i) => ({
    source: { messages: [], replayBefore: 0 },
    items: items.slice(i * size, (i + 1) * size),
    rejected: [],
  }));
  const chain = pipe(foreseeHours(state, onlyModel(yesterday)), decidePreprovision(state, topics), toArray());
  return (await lastValueFrom(from(batches).pipe(chain))).flatMap(({ decisions }) => decisions);
};

const told = (decisions: readonly PreprovisionDecision[]) =>
  decisions.map(({ action, pair, timeMs, reason }) => [
    action,
    partsOfPair(pair).user,
    (timeMs - start) / hourMs,
    reason,
  ]);

const days: AccessItem[] = [
  ...Array.from({ length: 9 }, (_, hour) => clock(hour)),
  clock(9),
  access(ada, 9.2),
  ...Array.from({ length: 23 }, (_, i) => clock(10 + i)),
  clock(33),
  clock(33.5),
  clock(34),
];

test('a credential becomes due without any event, and ends without one', async () => {
  const decisions = await run(fresh(), days);
  assert.deepEqual(told(decisions), [
    ['prepare', 'ada', 33, ''],
    ['end', 'ada', 34, 'windowEnd'],
  ]);
  const [{ weighed, untilMs }] = decisions as [PreprovisionDecision];
  assert.equal(untilMs, at(34));
  assert.ok(Math.abs(weighed!.chance - 0.6) < 1e-9);
  assert.ok(weighed!.expectedHours < 1 && weighed!.interval[0] < weighed!.interval[1]);
});

test('decisions do not depend on how items are cut into batches', async () => {
  const items = [...days.slice(0, -2), access(ada, 33.1), clock(33.5), clock(34)];
  const expected = await run(fresh(), items);
  assert.deepEqual(told(expected), [
    ['prepare', 'ada', 33, ''],
    ['used', 'ada', 33.1, ''],
  ]);
  for (const size of [2, 3, 7, 100]) assert.deepEqual(await run(fresh(), items, topicsOf(), size), expected);
});

test('saved anywhere and restored, the partition goes on as if it had not stopped', async () => {
  const expected = await run(fresh(), days);
  for (let cut = 0; cut <= days.length; cut += 4) {
    const first = fresh();
    const before = await run(first, days.slice(0, cut));
    const second = PreprovisionState.restore(utc, first.save(), yesterday, (pair) => partsOfPair(pair).vm);
    assert.deepEqual([...before, ...(await run(second, days.slice(cut)))], expected, `cut at ${cut}`);
  }
  assert.throws(
    () =>
      PreprovisionState.restore(
        utc,
        fresh().save(),
        { carried: { pair: 0, all: 5 }, version: 'yesterday' },
        () => null,
      ),
    /it is of another model/,
  );
});

test('a user who is a risk, a kill switch and an archived machine hold a credential back, and say so', async () => {
  assert.deepEqual(told(await run(fresh(), days, topicsOf({}, 31))), [['withhold', 'ada', 33, 'risk']]);
  const killed = { ...topicsOf(), standing: () => ({ risks: [], killed: true }) };
  assert.deepEqual(told(await run(fresh(), days, killed)), [['withhold', 'ada', 33, 'killSwitch']]);
  const archived: AccessItem = {
    kind: 'machine',
    vm: 'build-7',
    event: { kind: 'vmState', timeMs: at(11), state: 'archived' },
    message,
  };
  const items = [...days.slice(0, 12), archived, ...days.slice(12)];
  assert.deepEqual(told(await run(fresh(), items)), [['withhold', 'ada', 33, 'machine']]);
});

test('a partition prepares no more than its budget, the same ones each time', async () => {
  const items = [...days.slice(0, 10), access(bob, 9.3), ...days.slice(10)];
  const topics = topicsOf({ budget: { actions: 1, perMs: hourMs } });
  assert.deepEqual(told(await run(fresh(), items, topics)), [
    ['prepare', 'ada', 33, ''],
    ['withhold', 'bob', 33, 'budget'],
    ['end', 'ada', 34, 'windowEnd'],
  ]);
});

test('a clock that leaps ahead is followed to its last hour, one that goes back is not', async () => {
  const state = fresh();
  await run(state, [clock(9), access(ada, 9.2)]);
  assert.deepEqual(told(await run(state, [clock(9 + 24)])), [['prepare', 'ada', 33, '']]);
  assert.deepEqual(told(await run(state, [clock(20), clock(33.9)])), []);
  assert.deepEqual(told(await run(state, [clock(24 * 400)])), [['end', 'ada', 34, 'windowEnd']]);
});

test('an access that is dated ahead is rejected once, and leaves its pair as it was', async () => {
  const state = fresh();
  await run(state, [clock(9), access(ada, 9.2)]);
  const before = Float32Array.from(state.population.stateOf(ada));
  const other = { ...message, offset: 7 };
  const ahead = { ...access(ada, 9 + 24 * 364), message: other } as AccessItem;
  const ended: AccessItem = { kind: 'event', pair: ada, event: { kind: 'end', timeMs: at(9000) }, message: other };
  const batch = { source: { messages: [], replayBefore: 0 }, rejected: [] };
  const told = await lastValueFrom(
    from([
      { ...batch, items: [ahead, ended, access(bob, 10.5)] },
      { ...batch, items: [{ ...ahead, replayed: true }] },
    ]).pipe(foreseeHours(state, onlyModel(yesterday)), toArray()),
  );
  assert.deepEqual(
    told.map(({ rejected }) => rejected.map((it) => [it.message.offset, it.error.code])),
    [[[7, 'RECORD_TIME_IMPLAUSIBLE']], []],
  );
  assert.deepEqual(
    told[0]!.due.map(({ kind }) => kind),
    ['came'],
  );
  assert.deepEqual(state.population.stateOf(ada), before);
  // One of the next hour, whose clock has not come yet, counts as of the end of the open one
  assert.ok(hoursSinceLast(state.population.stateOf(bob), at(10)) >= 0);
});

test('preprovisionRule() weighs the waiting saved against the exposure', () => {
  const policy = preprovisionPolicySchema.parse({});
  const likely = preprovisionRule(forecast(0.5), 0, policy);
  assert.equal(likely.reason, '');
  // The area below a survival that halves within the hour
  assert.ok(Math.abs(likely.unusedMinutes - 60 * (0.5 / Math.LN2)) < 0.1, `${likely.unusedMinutes}`);
  assert.equal(preprovisionRule(forecast(0.05), 0, policy).reason, 'unlikely');
  assert.equal(preprovisionRule(forecast(0.11), 0, policy).reason, 'exposure');
  assert.equal(preprovisionRule(forecast(0.12), 0, policy).reason, '');
  // Risk makes exposure dearer
  assert.equal(preprovisionRule(forecast(0.12), 30, policy).reason, 'exposure');
  assert.equal(preprovisionRule(forecast(0.9, false), 0, policy).reason, 'unpredictable');
  assert.ok(preprovisionRule(forecast(0.12), 0, { ...policy, windowHours: 8 }).chance > 0.5);
});

test('riskGate() takes the highest risk that is remembered, and closes for one that is no number', () => {
  const policy = preprovisionPolicySchema.parse({});
  const risk = (value: number, hoursAgo: number) => ({ pipeline: 'scope', risk: value, timeMs: at(-hoursAgo) });
  const gate = (...risks: ReturnType<typeof risk>[]) => riskGate({ risks, killed: false }, start, policy);
  assert.deepEqual(gate(), { open: true, reason: '', risk: 0 });
  assert.deepEqual(gate(risk(10, 1), risk(80, 2)), { open: false, reason: 'risk', risk: 80 });
  assert.equal(gate(risk(80, 25)).open, true);
  assert.equal(gate(risk(Number.NaN, 1)).open, false);
});
