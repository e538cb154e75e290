import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { lastValueFrom, of } from 'rxjs';
import { emptyBehaviour } from '../../infra/jobs/keylife.ts';
import { behaviourChecks, specificationOf } from '../../models/biometric/bursts.ts';
import { specifications } from '../../models/biometric/specifications.ts';
import type { InputMessage } from '../../operators/batch.ts';
import { noKeylifeCounts } from '../../operators/keylife/batch.ts';
import { loadKeylife, newKeylifePartition } from '../../operators/keylife/sessions.ts';
import { partitionKey } from '../../operators/toOutput.ts';
import { keylife } from '../../pipelines/keylife.ts';
import { keylifePolicies, ordersAsOf } from '../../pipelines/orders.ts';
import { VersionedTable } from '../../pipelines/versionedTable.ts';
import { TopicCodec } from '../../schemas/codec.ts';
import { controlRecord, type Setting } from '../../schemas/control.ts';
import type {
  Alert,
  BiometricTelemetry,
  Control,
  DeadLetter,
  Decision,
  KeylifeState,
  Score,
} from '../../schemas/generated/index.ts';
import { MemoryRegistry } from '../../schemas/registry.ts';
import { topics } from '../../schemas/topics.ts';

const t0 = Date.UTC(2026, 0, 5, 12);
const minute = 60_000;
const hour = 60 * minute;

let codecs: Awaited<ReturnType<typeof openCodecs>>;
const openCodecs = async () => {
  const registry = new MemoryRegistry();
  return {
    telemetry: await TopicCodec.open<BiometricTelemetry>(topics.telemetryBiometric, registry),
    encoders: {
      scores: await TopicCodec.open<Score>(topics.scores, registry),
      decisions: await TopicCodec.open<Decision>(topics.decisions, registry),
      alerts: await TopicCodec.open<Alert>(topics.alerts, registry),
      deadLetters: await TopicCodec.open<DeadLetter>(topics.deadLetters, registry),
      state: await TopicCodec.open<KeylifeState>(topics.stateKeylife, registry),
    },
  };
};
before(async () => {
  codecs = await openCodecs();
});

/** A partition's log; the hold of the first key says what a burst is compared as. */
const logOf = () => {
  const messages: InputMessage[] = [];
  const add = (record: Partial<BiometricTelemetry>, timestamp = record.time!) =>
    messages.push({
      offset: messages.length,
      timestamp,
      key: null,
      value: codecs.telemetry.encode({ ...emptyBehaviour, ...record }),
    });
  return {
    messages,
    add,
    issue: (time: number, credentialId = 'key-1', expiresAt = t0 + 24 * hour, risk = 0.02, parts = {}) =>
      add({ user: 'u', session: 's', time, issued: { credentialId, risk, expiresAt, parts } }),
    burst: (time: number, logOdds: number, more: Partial<BiometricTelemetry> = {}) =>
      add({
        user: 'u',
        session: 's',
        time,
        modality: 'keystroke',
        featureHash: specifications.phrase.hash,
        features: { 'hold.0': 0.2 + logOdds / 100 + messages.length / 10_000 },
        ...more,
      }),
    clock: (time: number, controlOffset = 0, modelSequence = 0) =>
      add({ time, clock: { time, controlOffset, baselinesOffset: 0, modelSequence } }),
  };
};

/** The chain on one partition in memory; a batch that is not committed is lost as by a crash, and processed again. */
const drive = async (
  messages: readonly InputMessage[],
  { batch = 1000, crashEvery = 0, settings = [] as Setting[], sizes = {}, counts = 1 } = {},
) => {
  const control = new VersionedTable<Control>();
  for (const [i, setting] of settings.entries()) {
    const record = controlRecord(setting, 0);
    control.set(record.key, i, record);
  }
  const changelog = new Map<string, KeylifeState>();
  const written = {
    scores: [] as Score[],
    decisions: [] as Decision[],
    alerts: [] as Alert[],
    letters: [] as DeadLetter[],
  };
  const { encoders, telemetry } = codecs;
  const open = () => {
    const held = newKeylifePartition(topics.telemetryBiometric.name, 0);
    const own = changelog.get(partitionKey);
    for (const [key, record] of changelog)
      if (key !== partitionKey) {
        const waiting = record.waiting.map(({ specification, features }) => ({ specification, features }));
        loadKeylife(held, record, waiting);
      }
    held.now = own?.time ?? 0;
    held.controlOffset = own?.controlOffset ?? 0;
    held.modelSequence = own?.modelSequence ?? 0;
    const chain = keylife({
      partition: held,
      decoding: { reader: telemetry, open: async () => undefined, specificationOf },
      checks: behaviourChecks,
      sizes,
      compare: async ({ features }) => ({
        logOdds: Math.round((features['hold.0']! - 0.2) * 100),
        counts,
        parts: { 'keystroke.statistical': 1 },
      }),
      orders: ordersAsOf('keylife', control, () => {}, keylifePolicies),
      reached: () => undefined,
      modelVersion: ({ modelSequence }) => (modelSequence === 0 ? 'test' : `test-${modelSequence}`),
      encoders,
      counts: noKeylifeCounts(),
    });
    return { chain, at: own?.processedOffset ?? 0 };
  };
  let { chain, at } = open();
  let steps = 0;
  while (at < messages.length) {
    const some = messages.slice(at, at + batch);
    const output = await lastValueFrom(of({ messages: some, replayBefore: 0 }).pipe(chain));
    if (crashEvery > 0 && steps++ % crashEvery === 0) {
      ({ chain, at } = open());
      continue;
    }
    at = output.next;
    for (const { topic, key, value } of output.records) {
      if (topic === topics.scores.name) written.scores.push(encoders.scores.decode(value!));
      else if (topic === topics.decisions.name) written.decisions.push(encoders.decisions.decode(value!));
      else if (topic === topics.alerts.name) written.alerts.push(encoders.alerts.decode(value!));
      else if (topic === topics.deadLetters.name) written.letters.push(encoders.deadLetters.decode(value!));
      else if (value) changelog.set(key!, encoders.state.decode(value));
      else changelog.delete(key!);
    }
  }
  return { ...written, changelog };
};

const enforce: Setting = { kind: 'mode', pipeline: 'keylife', value: 'enforce', by: 't', reason: 't' };

const mixed = () => {
  const log = logOf();
  log.clock(t0, 1);
  log.issue(t0);
  for (let i = 0; i < 5; i++) log.burst(t0 + i * 1000, -4);
  for (let i = 5; i < 25; i++) log.burst(t0 + i * 1000, 5);
  return log;
};

test('one odd burst changes nothing; more of them cut the key class by class, each time once', async () => {
  const { messages } = mixed();
  const { decisions, scores, alerts } = await drive(messages, { settings: [enforce] });
  assert.equal(scores.length, 25);
  assert.deepEqual(
    decisions.map(({ risk, action, mode }) => [risk > 80 ? 3 : risk > 50 ? 2 : 1, action, mode]),
    [
      [1, 'revoke', 'enforce'],
      [2, 'revoke', 'enforce'],
      [3, 'revoke', 'enforce'],
    ],
  );
  const ends = decisions.map(({ oldTtlMs }) => oldTtlMs);
  assert.ok(ends[0]! > 23 * hour && ends[1]! < 6 * hour && ends[2]! < hour);
  assert.ok(decisions[0]!.windowEnd > t0 + 6000, 'not after the first');
  assert.deepEqual(
    alerts.map(({ severity }) => severity),
    ['warning', 'warning', 'critical'],
  );
});

test('the outcome is the same however messages are batched, and wherever it crashes', async () => {
  const { messages } = mixed();
  const whole = await drive(messages, { settings: [enforce] });
  for (const [batch, crashEvery] of [
    [1, 0],
    [7, 0],
    [3, 2],
    [1, 2],
    [5, 3],
  ]) {
    const other = await drive(messages, { batch: batch!, crashEvery: crashEvery!, settings: [enforce] });
    // The partition's time stands where the batch ended
    assert.deepEqual(
      other.decisions.map(({ decidedAt: _, ...rest }) => rest),
      whole.decisions.map(({ decidedAt: _, ...rest }) => rest),
    );
    assert.deepEqual(other.scores, whole.scores);
    assert.deepEqual(other.changelog, whole.changelog);
  }
});

test('a batch that was written twice counts once, wherever it crashes; in another session it is a replay', async () => {
  const log = logOf();
  log.clock(t0, 1);
  log.issue(t0);
  const one = (at: number, place: number, more: Partial<BiometricTelemetry> = {}) =>
    log.burst(t0 + at, -4, { features: { 'hold.0': 0.16 + place / 10_000 }, batch: 'first', place, ...more });
  for (const place of [0, 1, 2]) one(place, place);
  // Times count from when it came
  for (const place of [0, 1, 2, 3]) one(20_000 + place, place);
  log.add({
    user: 'u',
    session: 'other',
    time: t0,
    issued: { credentialId: 'k2', risk: 0, expiresAt: t0 + hour, parts: {} },
  });
  one(30_000, 0, { session: 'other', batch: 'again' });
  for (const [batch, crashEvery] of [
    [100, 0],
    [1, 2],
    [3, 2],
  ] as const) {
    const { scores } = await drive(log.messages, { batch, crashEvery, settings: [enforce] });
    assert.deepEqual(
      scores.map(({ subject, frequency }) => [subject, frequency]),
      [...Array.from({ length: 4 }, () => ['key-1', 0]), ['k2', 1]],
    );
  }
});

test('another key of the session goes on where the last one was, and ends no later', async () => {
  const { messages, issue, burst } = mixed();
  issue(t0 + 30_000, 'key-2', t0 + 5 * minute, 0.9);
  burst(t0 + 31_000, 5);
  const { scores, decisions, changelog } = await drive(messages);
  assert.equal(scores.at(-1)!.subject, 'key-2');
  assert.ok(scores.at(-1)!.risk > 80);
  assert.equal(decisions.filter(({ subject }) => subject === 'key-2').length, 0, 'it ends soon enough already');
  assert.equal(changelog.get('session/s')!.followed[3], t0 + 5 * minute);
});

test('orders of administrators withhold a cut: shadow by default, exemptions, the kill switch', async () => {
  const { messages } = mixed();
  assert.deepEqual([...new Set((await drive(messages)).decisions.map(({ mode }) => mode))], ['shadow']);
  for (const [setting, withheld] of [
    [{ kind: 'exemption', pipeline: 'keylife', subject: 'key-1', value: true }, 'exemption'],
    [{ kind: 'killSwitch', value: true }, 'killSwitch'],
  ] as const) {
    const { decisions } = await drive(messages, { settings: [{ ...setting, by: 't', reason: 't' }] });
    assert.deepEqual([...new Set(decisions.map((one) => one.withheld))], [withheld]);
  }
});

test('a replayed burst counts as an impostor’s; another user’s burst under the session counts for nothing', async () => {
  const log = logOf();
  log.issue(t0);
  const features = { 'hold.0': 0.16 };
  log.burst(t0 + 1000, -4, { features });
  log.burst(t0 + 2000, -4, { features });
  log.burst(t0 + 3000, 5, { user: 'mallory' });
  const { scores } = await drive(log.messages, { batch: 1, crashEvery: 2 });
  assert.equal(scores.length, 2);
  assert.ok(scores[1]!.risk > scores[0]!.risk);
  assert.equal(scores[1]!.frequency, 1);
});

test('what cannot be read is a dead letter, and what was erased is passed over', async () => {
  const log = logOf();
  log.issue(t0);
  log.messages.push({ offset: 1, timestamp: t0, key: null, value: Buffer.from('nonsense') });
  log.add({ user: 'u', session: 's', time: t0 + hour, featureHash: specifications.phrase.hash }, t0);
  log.burst(t0, 0, { featureHash: 'unknown' });
  log.burst(t0, 0, { sealed: Buffer.from('sealed'), features: {} });
  log.burst(t0 + 1000, -4);
  const { letters, scores } = await drive(log.messages);
  assert.deepEqual(
    letters.map(({ errorCode }) => errorCode),
    ['RECORD_MALFORMED', 'RECORD_TIME_IMPLAUSIBLE', 'RECORD_MALFORMED'],
  );
  assert.equal(scores.length, 1);
});

test('sessions are forgotten once their key has ended', async () => {
  const log = logOf();
  log.issue(t0, 'key-1', t0 + hour);
  log.burst(t0 + 1000, -4);
  log.clock(t0 + 3 * hour);
  const { changelog } = await drive(log.messages, { batch: 1 });
  assert.deepEqual([...changelog.keys()].toSorted(), [partitionKey, 'user/u'].toSorted());
});

test('mouse actions that wait for others are not lost when the pipeline ends', async () => {
  const log = logOf();
  log.clock(t0, 1);
  const movement = { modality: 'mouse', featureHash: specifications.movement.hash } as const;
  // Behaviour of the sign-in comes before its key
  for (let i = 0; i < 4; i++) log.burst(t0 + i * 1000, 5, movement);
  log.issue(t0 + 4_000);
  for (let i = 5; i < 28; i++) log.burst(t0 + i * 1000, 5, movement);
  const sizes = { movement: 10 };
  const whole = await drive(log.messages, { settings: [enforce], sizes });
  assert.deepEqual(
    whole.scores.map(({ samples }) => samples),
    [10, 10],
  );
  assert.equal(whole.changelog.get('session/s')!.waiting.length, 7);
  for (const batch of [1, 3]) {
    const crashed = await drive(log.messages, { batch, crashEvery: 2, settings: [enforce], sizes });
    assert.deepEqual(crashed.scores, whole.scores);
    assert.deepEqual(crashed.decisions, whole.decisions);
    assert.deepEqual(crashed.changelog.get('session/s'), whole.changelog.get('session/s'));
  }
});

test('another model decides from the clock record on that names it, wherever the pipeline crashes', async () => {
  const log = logOf();
  log.clock(t0, 1);
  log.issue(t0);
  log.burst(t0 + 1_000, -4);
  log.clock(t0 + 2_000, 1, 7);
  log.burst(t0 + 3_000, -4);
  log.clock(t0 + 4_000, 1, 7);
  log.burst(t0 + 5_000, -4);
  for (const options of [{}, { batch: 1, crashEvery: 2 }]) {
    const { scores, changelog } = await drive(log.messages, options);
    assert.deepEqual(
      scores.map(({ modelVersion }) => modelVersion),
      ['test', 'test-7', 'test-7'],
    );
    assert.equal(changelog.get(partitionKey)!.modelSequence, 7);
  }
});

test('what a verifier of little weight says cuts a key later than what one of weight 1 does', async () => {
  const log = logOf();
  log.issue(t0);
  for (let i = 0; i < 40; i++) log.burst(t0 + i * 1000, 4);
  const full = await drive(log.messages, { settings: [enforce] });
  const light = await drive(log.messages, { settings: [enforce], counts: 0.25 });
  const firstOf = ({ decisions }: typeof full) => decisions[0]!.windowEnd;
  assert.ok(firstOf(light) > firstOf(full) + 2_000, `${firstOf(full) - t0} and ${firstOf(light) - t0}`);
});

test('scores say what each verifier said, at sign-in too', async () => {
  const log = logOf();
  const parts = { 'keystroke.statistical': -3, 'scroll.statistical': 1 };
  log.issue(t0, 'key-1', t0 + 24 * hour, 0.12, parts);
  log.burst(t0 + 1_000, 4);
  const { scores } = await drive(log.messages);
  assert.deepEqual(
    scores.map(({ samples, contributions }) => [
      samples,
      contributions.map(({ feature, weight, direction, observed }) => [feature, weight, direction, observed]),
    ]),
    [
      [
        0,
        [
          ['keystroke.statistical', 0.75, 'below', -3],
          ['scroll.statistical', 0.25, 'above', 1],
        ],
      ],
      [1, [['keystroke.statistical', 1, 'above', 1]]],
    ],
  );
  assert.equal(scores[0]!.score, 0.12);
});
