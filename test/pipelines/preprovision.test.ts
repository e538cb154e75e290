import assert from 'node:assert/strict';
import { test } from 'node:test';
import { from, lastValueFrom, toArray } from 'rxjs';
import { calendarOf, hourMs } from '../../models/access/calendar.ts';
import { guarded } from '../../models/access/guarded.ts';
import { historySize, hourOf } from '../../models/access/history.ts';
import { partsOfPair } from '../../models/access/population.ts';
import { statisticalPredictor } from '../../models/access/statistics.ts';
import type { InputMessage, OutputRecord } from '../../operators/batch.ts';
import { type ModelChoice, onlyModel } from '../../operators/modelChoice.ts';
import type { AccessItem, PreprovisionDecision } from '../../operators/preprovision/batch.ts';
import { accessItems } from '../../operators/preprovision/decodeAccess.ts';
import type { HourlyPredictor } from '../../operators/preprovision/foreseeHours.ts';
import { PreprovisionState } from '../../operators/preprovision/partitionState.ts';
import { savedOf } from '../../operators/preprovision/toPreprovisionOutput.ts';
import { AccessReplay } from '../../pipelines/preprovision/replayAccesses.ts';
import { preprovision } from '../../pipelines/preprovision.ts';
import { TopicCodec } from '../../schemas/codec.ts';
import type {
  AccessTelemetry,
  DeadLetter,
  Machine,
  PreprovisionState as StateRecord,
} from '../../schemas/generated/index.ts';
import { preprovisionPolicySchema } from '../../schemas/preprovisionPolicy.ts';
import { MemoryRegistry } from '../../schemas/registry.ts';
import { topics } from '../../schemas/topics.ts';

const start = Date.parse('2026-03-23T00:00:00Z');
const berlin = calendarOf('Europe/Berlin');
const registry = new MemoryRegistry();
const accesses = await TopicCodec.open<AccessTelemetry>(topics.telemetryAccess, registry);
const deadLetters = await TopicCodec.open<DeadLetter>(topics.deadLetters, registry);
const machines = await TopicCodec.open<Machine>(topics.machines, registry);
const state = await TopicCodec.open<StateRecord>(topics.statePreprovision, registry);
// Untrained: each pair's statistics alone
const predictor = guarded(statisticalPredictor, statisticalPredictor);
const untrained: HourlyPredictor = { ...predictor, version: '' };

/** Foresees as the statistics do, and carries a count of its forecasts, of which its chances depend. */
const counting = (version: string): HourlyPredictor => {
  const model = guarded(
    {
      ...statisticalPredictor,
      carried: { pair: 2, all: 1 },
      async forecast(population, pairs) {
        const said = await statisticalPredictor.forecast(population, pairs);
        return said.map((one, i) => {
          const own = population.stateOf(pairs[i]!).subarray(historySize, historySize + 2);
          own[0]!++;
          return { ...one, within1h: one.within1h / (1 + own[0]! / 1000) };
        });
      },
    },
    statisticalPredictor,
  );
  return { ...model, version };
};

const blank: AccessTelemetry = {
  user: '',
  kind: 'unknown',
  time: 0,
  vm: null,
  application: null,
  vmState: null,
  scheduledFor: null,
  durationMs: null,
  address: null,
  succeeded: true,
  clock: null,
};

/** Three weeks across the change of clocks: somebody comes at nine by Berlin's clock on working days; a clock record every 20 minutes. */
const telemetry = (sequenceAt: (tick: number) => number = () => 0): InputMessage[] => {
  const messages: InputMessage[] = [];
  const add = (record: Partial<AccessTelemetry>) =>
    messages.push({
      offset: messages.length,
      timestamp: 0,
      key: null,
      value: accesses.encode({ ...blank, ...record }),
    });
  for (let tick = 0; tick < 21 * 24 * 3; tick++) {
    const time = start + (tick * hourMs) / 3;
    add({ clock: { time, controlOffset: tick, scoresOffset: 0, modelSequence: sequenceAt(tick) } });
    const { hour, weekday } = berlin.at(time);
    if (tick % 3 === 1 && hour === 9 && weekday % 6 !== 0)
      for (const user of ['ada', 'bob']) add({ user, kind: 'vmAccess', vm: 'build-7', time: time + 1000 });
    if (tick === 100)
      messages.push({ offset: messages.length, timestamp: 0, key: null, value: Buffer.from('nonsense') });
    if (tick === 101) add({ user: 'eve', kind: 'login', time: 7 });
  }
  return messages;
};

const decidedRecord = ({
  action,
  pair,
  timeMs,
  untilMs,
  weighed,
  modelVersion,
}: PreprovisionDecision): OutputRecord => ({
  topic: 'decided',
  key: pair,
  value: Buffer.from(
    JSON.stringify({
      ...{ action, at: new Date(timeMs).toISOString(), untilMs, chance: weighed?.chance, modelVersion },
    }),
  ),
});

/** Run from a changelog, in batches of some size. @returns what was written */
const run = async (
  messages: readonly InputMessage[],
  size: number,
  changelog: ReadonlyMap<string, Buffer> = new Map(),
  replayBefore = 0,
  models: ModelChoice<HourlyPredictor> = onlyModel(untrained),
): Promise<OutputRecord[]> => {
  const kept = savedOf([...changelog.values()].map((value) => state.decode(value)));
  const partitionState = kept
    ? PreprovisionState.restore(
        berlin,
        kept.saved,
        models.inForce({ models: kept.saved.clock.modelSequence }).champion,
        (pair) => partsOfPair(pair).vm,
      )
    : new PreprovisionState(berlin, hourOf(start), predictor.carried);
  const reached: number[] = [];
  const chain = preprovision({
    partition: {
      pipeline: 'preprovision',
      topic: 'telemetry.access',
      partition: 0,
      state: partitionState,
    },
    reader: accesses,
    topics: {
      reached: async ({ controlOffset }) => void reached.push(controlOffset),
      policy: () => preprovisionPolicySchema.parse({}),
      standing: () => ({ risks: [], killed: false }),
    },
    models,
    encoders: {
      state,
      deadLetters,
      machines,
      decision: (decision) => [decidedRecord(decision)],
    },
  });
  const wanted = messages.slice(kept?.processedOffset ?? 0);
  const batches = Array.from({ length: Math.ceil(wanted.length / size) }, (_, i) => ({
    messages: wanted.slice(i * size, (i + 1) * size),
    replayBefore,
  }));
  const outputs = await lastValueFrom(from(batches).pipe(chain, toArray()));
  assert.equal(outputs.at(-1)!.next, messages.length);
  return outputs.flatMap(({ records }) => [...records]);
};

const decided = (records: readonly OutputRecord[]) =>
  records.filter(({ topic }) => topic === 'decided').map(({ key, value }) => `${key} ${value}`);

test('the preprovision pipeline learns an hour by the clock on the wall, and is due without any event', async () => {
  const records = await run(telemetry(), 50);
  const prepared = decided(records).filter((it) => it.includes('prepare'));
  const lastWeek = prepared.filter((it) => it.includes('2026-04-0') && it.startsWith('ada'));
  assert.ok(lastWeek.length >= 3, prepared.join('\n'));
  // Nine in Berlin is seven in UTC since the clocks went forward
  assert.ok(lastWeek.filter((it) => it.includes('T07:00')).length >= 3, lastWeek.join('\n'));
  const letters = records
    .filter(({ topic }) => topic === 'dead-letters')
    .map(({ value }) => deadLetters.decode(value!));
  assert.deepEqual(letters.map(({ errorCode }) => errorCode).sort(), ['RECORD_MALFORMED', 'RECORD_TIME_IMPLAUSIBLE']);
});

test('killed anywhere and brought up from its changelog, it writes what it would have written, once', async () => {
  const messages = telemetry();
  const expected = decided(await run(messages, 50));
  assert.deepEqual(decided(await run(messages, 7)), expected);
  for (const committed of [400, 700, 1111]) {
    const before = await run(messages.slice(0, committed), 13);
    const changelog = new Map(
      before.filter(({ topic }) => topic === 'state.preprovision').map(({ key, value }) => [key!, value!] as const),
    );
    assert.ok(changelog.size > 1);
    const after = await run(messages, 29, changelog, committed);
    assert.deepEqual([...decided(before), ...decided(after)], expected, `cut at ${committed}`);
  }
});

test('AccessReplay decides as the pipeline does, each policy by itself', async () => {
  const messages = telemetry();
  const expected = decided(await run(messages, 50));
  const standard = preprovisionPolicySchema.parse({});
  const never = preprovisionPolicySchema.parse({ minChance: 1 });
  const replay = new AccessReplay({
    ...{ calendar: berlin, firstHour: hourOf(start), model: untrained, policies: [standard, never] },
    standing: () => ({ risks: [], killed: false }),
  });
  const hours = new Map<number, AccessItem[]>();
  for (const message of messages) {
    if (!message.value || message.value.toString() === 'nonsense') continue;
    const record = accesses.decode(message.value);
    if (record.clock) hours.set(hourOf(record.clock.time), hours.get(hourOf(record.clock.time)) ?? []);
    else if (record.time > start) hours.get(hourOf(record.time))!.push(...accessItems(record, message));
  }
  const made: OutputRecord[] = [];
  let others = 0;
  for (const [hour, items] of hours) {
    const { decisions } = await replay.take(hour * hourMs, items);
    for (const decision of decisions[0]!) made.push(decidedRecord(decision));
    others += decisions[1]!.length;
  }
  assert.deepEqual(decided(made), expected);
  assert.ok(expected.length > 20);
  assert.equal(others, 0);
});

test('another model takes over at the clock record that names its pointer, wherever the log is cut', async () => {
  const byPointer = [untrained, counting('v1'), counting('v2')];
  const models: ModelChoice<HourlyPredictor> = {
    inForce: ({ models: pointer = 0 }) => ({ champion: byPointer[pointer]! }),
    challengerFailed: () => undefined,
  };
  // Ticks are a third of an hour; an instance that lags behind names the pointer before once more
  const messages = telemetry((tick) => (tick < 610 || tick === 615 ? 0 : tick < 1000 ? 1 : 2));
  const versions = (lines: readonly string[]) => [
    ...new Set(lines.map((line) => /"modelVersion":"(\w*)"/.exec(line)![1])),
  ];
  const expected = decided(await run(messages, 50, undefined, 0, models));
  assert.deepEqual(versions(expected), ['', 'v1', 'v2']);
  assert.deepEqual(decided(await run(messages, 7, undefined, 0, models)), expected);
  for (const committed of [640, 800, 1111]) {
    const before = await run(messages.slice(0, committed), 13, undefined, 0, models);
    const changelog = new Map(
      before.filter(({ topic }) => topic === 'state.preprovision').map(({ key, value }) => [key!, value!] as const),
    );
    const after = await run(messages, 29, changelog, committed, models);
    assert.deepEqual([...decided(before), ...decided(after)], expected, `cut at ${committed}`);
  }
});

test('a machine that was archived stays known after its telemetry is gone, to users who come to it later too', async () => {
  const messages: InputMessage[] = [];
  const add = (record: Partial<AccessTelemetry>) =>
    messages.push({
      offset: messages.length,
      timestamp: 0,
      key: null,
      value: accesses.encode({ ...blank, ...record }),
    });
  const archivedAt = start + hourMs;
  const comes = start + 8 * 24 * hourMs;
  let cut = 0;
  for (let tick = 0; tick < 28 * 24 * 3; tick++) {
    const time = start + (tick * hourMs) / 3;
    add({ clock: { time, controlOffset: tick, scoresOffset: 0, modelSequence: 0 } });
    if (tick === 4)
      for (const [vm, vmState] of [
        ['old-1', 'archived'],
        ['new-1', 'running'],
      ])
        add({ kind: 'vmState', vm: vm!, vmState: vmState!, time: archivedAt });
    if (time === comes) cut = messages.length;
    const { hour, weekday } = berlin.at(time);
    if (time >= comes && tick % 3 === 1 && hour === 9 && weekday % 6 !== 0)
      for (const vm of ['old-1', 'new-1']) add({ user: 'eve', kind: 'vmAccess', vm, time: time + 1000 });
  }
  const before = await run(messages.slice(0, cut), 50);
  const told = before.filter(({ topic }) => topic === 'machines').map(({ value }) => ({ ...machines.decode(value!) }));
  assert.deepEqual(told, [
    { vm: 'old-1', state: 'archived', at: archivedAt },
    { vm: 'new-1', state: 'running', at: archivedAt },
  ]);
  const changelog = new Map(
    before.filter(({ topic }) => topic === 'state.preprovision').map(({ key, value }) => [key!, value!] as const),
  );
  const after = await run(messages, 50, changelog, cut);
  const actions = (vm: string) =>
    new Set(
      decided(after)
        .filter((it) => it.startsWith(`eve\u0000${vm}`))
        .map((it) => /"action":"(\w+)"/.exec(it)![1]),
    );
  assert.ok(actions('new-1').has('prepare'));
  assert.deepEqual([...actions('old-1')], ['withhold']);
  assert.equal(after.filter(({ topic }) => topic === 'machines').length, 0, 'what is known is not told again');
});
