// Runs the pipeline on brokers in this process and ends well when it finds what it should, once each.
import assert from 'node:assert/strict';
import { connect, type Decision, MemoryRegistry, runJob, startMockCluster, TopicCodec, topics } from 'ebbtide';
import { type Finding, findings } from './findings.ts';
import { nightWatch } from './nightWatch.ts';

const decision = (subject: string, action: Decision['action'], at: string): Decision => ({
  decisionId: `lifecycle/${subject}/${Date.parse(at)}`,
  subject,
  pipeline: 'lifecycle',
  action,
  mode: 'enforce',
  withheld: '',
  oldTtlMs: 3_600_000,
  newTtlMs: 0,
  oldScope: '',
  newScope: '',
  risk: 0,
  reason: 'deviates',
  score: 0.95,
  severity: 0.9,
  frequency: 0.9,
  features: [],
  strikes: 1,
  policyVersion: 'example',
  modelVersion: 'example',
  windowEnd: Date.parse(at),
  decidedAt: Date.parse(at),
  deadline: null,
});

const cluster = await startMockCluster();
const connection = await connect({ brokers: cluster.brokers, registry: new MemoryRegistry(), name: 'check' });
const { kafka, registry } = connection;
const decisions = await TopicCodec.open<Decision>(topics.decisions, registry);
const producer = await kafka.producer();
const decide = (...list: Decision[]) =>
  producer.send(list.map((one) => ({ topic: topics.decisions.name, key: one.subject, value: decisions.encode(one) })));

const tail = await kafka.tail({ topics: [findings.name], from: 'beginning' });
const codec = await TopicCodec.open<Finding>(findings, registry);
const found: Finding[] = [];
const reading = (async () => {
  for await (const messages of tail.batches())
    for (const { value } of messages) if (value) found.push(await codec.read(value));
})();
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
};

// What cannot be read stops nothing, and becomes a dead letter
await producer.send([{ topic: topics.decisions.name, key: 'broken', value: Buffer.from('not Avro') }]);
await decide(
  decision('night-revoked', 'revoke', '2026-03-01T23:30:00Z'),
  decision('day-revoked', 'revoke', '2026-03-01T12:00:00Z'),
  decision('night-kept', 'keep', '2026-03-01T23:30:00Z'),
);
const running = await runJob(connection, nightWatch({ from: 20, to: 6 }));
await until(() => found.length === 1);
await decide(decision('night-shortened', 'shorten', '2026-03-02T03:00:00Z'));
await until(() => found.length >= 2);
await running.close();
assert.deepEqual(
  found.map(({ subject, action, hour }) => [subject, action, hour]),
  [
    ['night-revoked', 'revoke', 23],
    ['night-shortened', 'shorten', 3],
  ],
);

await tail.close();
await reading;
await producer.close();
await connection.close();
await cluster.close();
process.stdout.write('The night watch works\n');
process.exit(0);
