import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { accessRecord } from '../../../infra/agents/access/reading.ts';
import { preprovisionConfigSchema } from '../../../infra/jobs/config.ts';
import { startPreprovision } from '../../../infra/jobs/preprovision.ts';
import { connectKafka } from '../../../infra/kafka/connect.ts';
import { createLogger } from '../../../infra/log.ts';
import { hourMs } from '../../../models/access/calendar.ts';
import { TopicCodec } from '../../../schemas/codec.ts';
import type { AccessTelemetry, Decision, Provision, Score } from '../../../schemas/generated/index.ts';
import { parsePreprovisionPolicy } from '../../../schemas/preprovisionPolicy.ts';
import { MemoryRegistry } from '../../../schemas/registry.ts';
import { topics } from '../../../schemas/topics.ts';
import { closingAfter } from '../../services/closing.ts';
import { until } from '../../services/context.ts';
import { privateKafka } from '../../services/kafka.ts';
import { requireOrSkip } from '../../services/require.ts';
import { scoreOf } from '../console/records.ts';

const start = Date.parse('2026-03-02T00:00:00Z');
const at = (day: number, hour: number): number => start + (day * 24 + hour) * hourMs;
const lastDay = 14;

test('regular logins lead to a wish before the next; high risk blocks; a restart keeps timers', async (t) => {
  if (!(await requireOrSkip(t, 'java'))) return;
  process.env.EBBTIDE_LOG ??= 'fatal';
  const closing = closingAfter(t);
  const broker = await privateKafka(t);
  const registry = new MemoryRegistry();
  const kafka = await connectKafka({ brokers: broker.brokers });
  closing.push(() => kafka.close());
  await kafka.ensureTopics(2);
  const begin = () =>
    startPreprovision(
      { kafka, registry, metrics: new Registry(), log: createLogger('preprovision') },
      kafka.cluster,
      // Event time is the test's: nobody else writes clock records
      preprovisionConfigSchema.parse({ groupId: 'preprovision-test', instanceId: 'one', clockMs: 0, waitMs: 40 }),
      parsePreprovisionPolicy({ mode: 'enforce' }),
    );
  const accesses = await TopicCodec.open<AccessTelemetry>(topics.telemetryAccess, registry);
  const scores = await TopicCodec.open<Score>(topics.scores, registry);
  const decisionCodec = await TopicCodec.open<Decision>(topics.decisions, registry);
  const provisionCodec = await TopicCodec.open<Provision>(topics.provisions, registry);
  const producer = await kafka.producer({ lingerMs: 0 });
  closing.push(() => producer.close());
  const decisions: Decision[] = [];
  const wishes: { partition: number; record: Provision }[] = [];
  const scoresEnds = [0, 0];
  const tail = await kafka.tail({
    topics: [topics.decisions.name, topics.provisions.name, topics.scores.name],
    from: 'beginning',
  });
  closing.push(() => tail.close());
  void (async () => {
    for await (const messages of tail.batches())
      for (const { topic, partition, offset, value } of messages)
        if (topic === topics.scores.name) scoresEnds[partition] = offset + 1;
        else if (topic === topics.decisions.name) decisions.push(await decisionCodec.read(value!));
        else wishes.push({ partition, record: await provisionCodec.read(value!) });
  })();
  const topic = topics.telemetryAccess.name;
  const clock = (time: number) =>
    [0, 1].map((partition) => ({
      topic,
      partition,
      key: null,
      value: accesses.encode(
        accessRecord({
          user: '',
          kind: 'unknown',
          time,
          clock: { time, controlOffset: 1, scoresOffset: scoresEnds[partition]!, modelSequence: 0 },
        }),
      ),
    }));
  const login = (user: string, time: number) => ({
    topic,
    key: user,
    value: accesses.encode(accessRecord({ user, kind: 'login', vm: 'build-7', time })),
  });

  await producer.send([
    {
      topic: topics.scores.name,
      key: 'eve',
      value: scores.encode(scoreOf('eve', at(lastDay, 8), 0.8)),
    },
  ]);
  await until("eve's score", () => scoresEnds.includes(1));
  let running = await begin();
  closing.push(() => running.close());
  const history = [];
  for (let day = 0; day < lastDay; day++)
    for (let hour = 0; hour < 24; hour++) {
      history.push(...clock(at(day, hour)));
      if (hour === 9) for (const user of ['ada', 'eve']) history.push(login(user, at(day, 9.2)));
    }
  for (let hour = 0; hour <= 8; hour++) history.push(...clock(at(lastDay, hour)));
  await producer.send(history);
  await producer.send(clock(at(lastDay, 9)));

  const said = (subject: string, action: Decision['action'], hour: number) =>
    decisions.find((one) => one.subject === subject && one.action === action && one.decidedAt === at(lastDay, hour));
  await until('a decision for ada', () => said('ada/build-7', 'prepare', 9) !== undefined);
  await until('a decision for eve', () => said('eve/build-7', 'prepare', 9) !== undefined);
  const [ada, eve] = [said('ada/build-7', 'prepare', 9)!, said('eve/build-7', 'prepare', 9)!];
  assert.deepEqual([ada.mode, ada.withheld, ada.newTtlMs], ['enforce', '', hourMs]);
  assert.match(ada.reason, /% chance of a request in the window; expected after/);
  assert.deepEqual([eve.withheld, eve.risk], ['risk', 80]);
  await until('a wish', () => wishes.some(({ record }) => record.decisionId === ada.decisionId));
  const { record: wish } = wishes.find(({ record }) => record.decisionId === ada.decisionId)!;
  assert.deepEqual(
    [wish.state, wish.user, wish.vm, wish.windowStart, wish.windowEnd, wish.by],
    ['wanted', 'ada', 'build-7', at(lastDay, 9), at(lastDay, 10), 'preprovision'],
  );
  assert.ok(wish.predictedAt! >= wish.windowStart && wish.probability > 0.1 && wish.exposureMs > 0);
  assert.ok(Math.abs(wish.waitSavedMs - 40 * wish.probability) < 1e-9);
  assert.match((await running.health()).detail, /Holds 2 partitions, model statistics/);

  await running.close();
  running = await begin();
  await producer.send([login('eve', at(lastDay, 9.2))]);
  await producer.send(clock(at(lastDay, 9.5)));
  await producer.send(clock(at(lastDay, 10)));
  await until('the end of the window', () =>
    decisions.some(({ decisionId }) => decisionId === `preprovision/ada/build-7/end-${at(lastDay, 10)}`),
  );
  // The next day the risk is forgotten, and she who came yesterday is prepared for, and comes
  for (let hour = 11; hour < 33; hour++) await producer.send(clock(at(lastDay, hour)));
  await producer.send(clock(at(lastDay, 33)));
  await until('another wish', () => wishes.some(({ record }) => record.windowStart === at(lastDay + 1, 9)));
  await producer.send([login('eve', at(lastDay + 1, 9.1))]);
  await until('its use', () =>
    decisions.some(({ action, windowEnd }) => action === 'used' && windowEnd > at(lastDay + 1, 9)),
  );

  const ids = decisions.map(({ decisionId }) => decisionId);
  assert.equal(new Set(ids).size, ids.length, 'each decision once');
  assert.ok(
    wishes.every(({ record }) => record.windowStart !== at(lastDay, 9) || record.user === 'ada'),
    'nothing is wished for who is a risk',
  );
  assert.equal(new Set(wishes.filter(({ record }) => record.user === 'ada').map(({ partition }) => partition)).size, 1);
});
