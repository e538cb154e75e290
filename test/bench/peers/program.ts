/**
 * Ebbtide as one more peer of `run.sh`: as many processes as cores do the peers' job. Drains the topic and prints the
 * same JSON line as the peers do, measured the same way: from the first record to the time at which all is committed
 * and visible, which then has to hold for 2.5 s.
 *
 *   EXTRA_NAME=ebbtide EXTRA='node …/dist/test/bench/peers/program.js' ./run.sh
 */
import { fork } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import ckjs from '@confluentinc/kafka-javascript';
import { call } from '../../../infra/kafka/client.ts';
import { connectKafka } from '../../../infra/kafka/connect.ts';
import { TopicCodec } from '../../../schemas/codec.ts';
import { MemoryRegistry } from '../../../schemas/registry.ts';
import { cpuSeconds, machineCpuSeconds, memoryOf } from '../agent/footprint.ts';
import { partitions, peerSettings } from './settings.ts';
import type { PeerDecision } from './toDecisions.ts';

const settleMs = 2500;
/** Without any progress for this long the run is given up, so that the rotation goes on. */
const stalledMs = 120_000;
const settings = peerSettings();
const { brokers } = settings;
const kafka = await connectKafka({ brokers });
const admin = ckjs.AdminClient.create({ 'bootstrap.servers': brokers } as never);
const createTopic = (topic: string, config: Record<string, string>) =>
  call(`Cannot create ${topic}`, (done) =>
    admin.createTopic(
      { topic, num_partitions: partitions, replication_factor: 1, config } as never,
      10_000,
      done as never,
    ),
  );
await createTopic(settings.state, { 'cleanup.policy': 'compact' });
await createTopic(settings.decisions.name, { 'retention.ms': '-1' });

/** Process id of the broker that `run.sh` has started, for its share of the cores; undefined where it is another. */
const brokerPid = readdirSync('/proc')
  .filter((name) => /^\d+$/.test(name))
  .find((pid) => {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
      return line.startsWith('java') && line.includes('kafka.Kafka') && line.includes('conf/broker.properties');
    } catch {
      return false;
    }
  });

interface Told {
  first?: number;
  messages?: number;
  samples?: number;
  late?: number;
  emitted?: number;
}

const extension = import.meta.url.slice(-3);
const program = fileURLToPath(new URL(`./worker${extension}`, import.meta.url));
const count = Number(process.env.PEER_WORKERS ?? availableParallelism());
const ends = await endOffsets();
const workers = Array.from({ length: count }, (_, i) => {
  const profile = process.env.PEER_PROFILE
    ? ['--cpu-prof', `--cpu-prof-dir=${process.env.PEER_PROFILE}`, `--cpu-prof-name=worker-${i}.cpuprofile`]
    : [];
  const child = fork(program, [String(i), String(count)], {
    execArgv: [...process.execArgv, '--max-semi-space-size=64', ...profile],
    env: { ...process.env, EBBTIDE_LOG: 'error' },
  });
  const told: Told = {};
  child.on('message', (message: Told) => Object.assign(told, message));
  child.on('exit', (code) => {
    if (code !== 0) process.exit(code ?? 1);
  });
  return { child, told };
});
const sum = (of: (told: Told) => number | undefined) => workers.reduce((total, { told }) => total + (of(told) ?? 0), 0);
const cpu = () => ({
  ours: cpuSeconds(process.pid) + workers.reduce((total, { child }) => total + cpuSeconds(child.pid!), 0),
  broker: brokerPid ? cpuSeconds(Number(brokerPid)) : 0,
  machine: machineCpuSeconds(),
});

async function endOffsets(): Promise<number> {
  const probe = new ckjs.KafkaConsumer(
    { 'bootstrap.servers': brokers, 'group.id': `${settings.group}-ends` } as never,
    {},
  );
  await call('Cannot connect', (done) => probe.connect({ timeout: 10_000 }, done as never));
  let total = 0;
  for (let partition = 0; partition < partitions; partition++)
    total += (
      await call<{ highOffset: number }>('Cannot read offsets', (done) =>
        probe.queryWatermarkOffsets(settings.telemetry.name, partition, 10_000, done as never),
      )
    ).highOffset;
  probe.disconnect();
  return total;
}

const registry = new MemoryRegistry();
await TopicCodec.open(settings.telemetry, registry);
const codec = await TopicCodec.open<PeerDecision>(settings.decisions, registry);
let visible = 0;
let scores = 0;
const actions: Record<string, number> = {};
const tail = await kafka.tail({ topics: [settings.decisions.name], from: 'end' });
void (async () => {
  for await (const messages of tail.batches())
    for (const { value } of messages) {
      const { score, action } = codec.decode(value!);
      scores += score;
      actions[action] = (actions[action] ?? 0) + 1;
      visible++;
    }
})();

const committed = async (): Promise<number> => {
  const groups = await call<{ partitions: { offset: number }[] }[]>('Cannot read committed offsets', (done) =>
    admin.listConsumerGroupOffsets([{ groupId: settings.group }] as never, { timeout: 5000 } as never, done as never),
  ).catch(() => []);
  return groups[0]?.partitions.reduce((total, { offset }) => total + Math.max(0, offset), 0) ?? 0;
};

let start: ReturnType<typeof cpu> | undefined;
let half: (ReturnType<typeof cpu> & { at: number; progress: number }) | undefined;
let end: (ReturnType<typeof cpu> & { at: number }) | undefined;
let seen = -1;
let moved = { at: Date.now(), what: '' };
const giveUpIfStalled = (progress: number) => {
  const emitted = sum((told) => told.emitted);
  const what = `${sum((told) => told.messages)} of ${ends} messages read, ${progress} committed; ${emitted} decisions written, ${visible} visible`;
  if (what !== moved.what) moved = { at: Date.now(), what };
  if (Date.now() - moved.at < stalledMs) return;
  process.stderr.write(`Nothing has moved for ${stalledMs / 1000} s: ${what}\n`);
  process.exit(1);
};
for (;;) {
  await sleep(30);
  if (!start && sum(({ first }) => first) > 0) start = cpu();
  const progress = start ? await committed() : 0;
  giveUpIfStalled(progress);
  if (!start) continue;
  if (!half && progress * 2 >= ends) half = { ...cpu(), at: Date.now(), progress };
  const done = progress >= ends && visible === sum(({ emitted }) => emitted);
  if (!done) end = undefined;
  else if (!end || visible !== seen) end = { ...cpu(), at: Date.now() };
  seen = visible;
  if (end && Date.now() - end.at > settleMs) break;
}
const first = Math.min(...workers.map(({ told }) => told.first || Number.POSITIVE_INFINITY));
const seconds = (end.at - first) / 1000;
const samples = sum(({ samples }) => samples);
const rest = (samples * (ends - half!.progress)) / ends;
const peakRss = workers.reduce((total, { child }) => total + memoryOf(child.pid!).rssPeakBytes, 0);
const [ours, broker] = [end.ours - start!.ours, end.broker - start!.broker];
const rounded = (value: number, digits: number) => Number(value.toFixed(digits));
const shownActions = Object.keys(actions)
  .sort()
  .map((name) => `${name}=${actions[name]}`)
  .join(', ');
process.stdout.write(
  `${JSON.stringify({
    peer: process.env.EXTRA_NAME ?? 'ebbtide',
    messages: sum((told) => told.messages),
    samples,
    seconds: rounded(seconds, 2),
    samples_per_s: Math.round(samples / seconds),
    second_half_samples_per_s: Math.round(rest / ((end.at - half!.at) / 1000)),
    decisions: visible,
    mean_score: rounded(scores / visible, 6),
    actions: `{${shownActions}}`,
    late: sum(({ late }) => late),
    peak_rss_mb: Math.round((peakRss + memoryOf(process.pid).rssPeakBytes) / 2 ** 20),
    peer_cores: rounded(ours / seconds, 2),
    broker_cores: rounded(broker / seconds, 2),
    other_cores: rounded((end.machine - start!.machine - ours - broker) / seconds, 2),
    samples_per_cpu_s: Math.round(samples / (ours + broker)),
    second_half_samples_per_cpu_s: Math.round(rest / (end.ours - half!.ours + end.broker - half!.broker)),
  })}\n`,
);
for (const { child } of workers) child.send('end');
for (const topic of [settings.state, settings.decisions.name])
  await call(`Cannot remove ${topic}`, (done) => admin.deleteTopic(topic, 10_000, done as never));
process.exit(0);
