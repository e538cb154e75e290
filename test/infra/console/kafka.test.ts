import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Registry } from 'prom-client';
import { consoleConfig } from '../../../infra/console/config.ts';
import { startConsole } from '../../../infra/console/server.ts';
import type { Snapshot } from '../../../infra/console/view/protocol.ts';
import { connectKafka } from '../../../infra/kafka/connect.ts';
import { startMockCluster } from '../../../infra/kafka/mock.ts';
import { createLogger } from '../../../infra/log.ts';
import { MemoryRegistry } from '../../../schemas/registry.ts';
import { topics } from '../../../schemas/topics.ts';
import { Feed } from './feed.ts';
import { credentialOf, decisionOf, effectOf, scoreOf } from './records.ts';

it('startConsole follows real topics, register from the beginning, and writes labels that it then shows', {
  timeout: 90_000,
}, async (t) => {
  const cluster = await startMockCluster();
  t.after(() => cluster.close());
  const kafka = await connectKafka({ brokers: cluster.brokers });
  t.after(() => kafka.close());
  const registry = new MemoryRegistry();
  await Promise.all(Object.values(topics).map(({ name }) => kafka.partitionsOf(name)));
  const producer = await kafka.producer();
  t.after(() => producer.close());
  const sends: Promise<void>[] = [];
  const feed = await Feed.open(registry, (topic, key, value) => sends.push(producer.send([{ topic, key, value }])));
  const now = Date.now();
  feed.credential(credentialOf('cred-1', now), now);
  await Promise.all(sends);

  const log = createLogger('console');
  const console = await startConsole(
    { kafka, registry, metrics: new Registry(), log },
    consoleConfig.parse({ port: 0 }),
    { parts: () => [] },
  );
  t.after(() => console.close());
  const cookie = (await fetch(console.link, { redirect: 'manual' })).headers.get('set-cookie')!.split(';')[0]!;
  const state = async () =>
    (await (await fetch(`${console.address}/api/state`, { headers: { cookie } })).json()) as Snapshot;
  const until = async (is: (snapshot: Snapshot) => boolean): Promise<Snapshot> => {
    for (;;) {
      const snapshot = await state();
      if (is(snapshot)) return snapshot;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  await until(({ lanes }) => lanes.length === 1);
  assert.equal((await console.health()).ready, true);

  const decision = decisionOf('cred-1', 'shorten', now);
  feed.score(scoreOf('cred-1', now, 0.7), now);
  feed.decision(decision, now);
  feed.effect(effectOf(decision, now + 40));
  const { lanes } = await until(
    (snapshot) => snapshot.lanes[0]!.moments[0]?.effect != null && snapshot.lanes[0]!.lastScore !== null,
  );
  assert.equal(lanes[0]!.life.at(-1), now + 30_040);

  const answer = await fetch(`${console.address}/api/labels`, {
    method: 'POST',
    headers: { cookie, 'content-type': 'application/json', 'x-ebbtide-console': '1' },
    body: JSON.stringify({ subject: 'cred-1', decisionId: decision.decisionId, verdict: 'legitimateAnomaly' }),
  });
  assert.equal(answer.status, 201);
  await until((snapshot) => snapshot.lanes[0]!.labels[0]?.verdict === 'legitimateAnomaly');
});
