/**
 * Samples a second of a replay, as a ratio to the live lifecycle pipeline on the same topic of a real Apache Kafka in
 * the same run; and how much memory grows from a tenth of the samples to all of them. See docs/replay.md.
 *
 *   npm run bench -- replay [--json] [--samples 10000000] [--credentials 1000] [--per 50] [--runs 3] [--profile]
 */
import { type ChildProcess, fork } from 'node:child_process';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import ckjs from '@confluentinc/kafka-javascript';
import { call } from '../../infra/kafka/client.ts';
import { connectKafka } from '../../infra/kafka/connect.ts';
import { topics } from '../../schemas/topics.ts';
import { privateKafka } from '../services/kafka.ts';
import { weighAsOurs } from './agent/footprint.ts';
import { median, report, round, say } from './report.ts';
import { fill, partitions } from './throughput/load.ts';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    samples: { type: 'string', default: '10000000' },
    credentials: { type: 'string', default: '1000' },
    per: { type: 'string', default: '50' },
    runs: { type: 'string', default: '3' },
    profile: { type: 'boolean', default: false },
  },
});
const extension = import.meta.url.slice(-3);
const program = (name: string) => fileURLToPath(new URL(`./${name}/child${extension}`, import.meta.url));

interface Told {
  first?: number;
  seconds?: number;
  early?: number;
  late?: number;
  samples?: number;
  cpuSeconds?: number;
}

const begin = (name: string, args: string[]): { child: ChildProcess; told: Told; ended: Promise<void> } => {
  const profile = options.profile
    ? ['--cpu-prof', '--cpu-prof-dir=.ebbtide/profiles', `--cpu-prof-name=${name}-${args[2]}.cpuprofile`]
    : [];
  const child = fork(program(name), args, {
    env: { ...process.env, EBBTIDE_LOG: 'error' },
    execArgv: [...process.execArgv, ...profile],
  });
  const told: Told = {};
  child.on('message', (message) => Object.assign(told, message));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return { child, told, ended };
};

const outputs = [topics.scores, topics.decisions, topics.alerts, topics.deadLetters, topics.stateLifecycle];

/** Seconds that the live pipeline takes for the topic, in one process, from its first message to its last commit. */
const live = async (
  brokers: string,
  messages: number,
  run: number,
): Promise<{ seconds: number; cpuSeconds: number }> => {
  const admin = ckjs.AdminClient.create({ 'bootstrap.servers': brokers } as never);
  const kafka = await connectKafka({ brokers });
  for (const { name } of outputs)
    await call(`Cannot delete ${name}`, (done) => admin.deleteTopic(name, 10_000, done as never));
  await sleep(1500);
  await kafka.ensureTopics(partitions);
  await kafka.close();
  const groupId = `live-${run}`;
  const { child, told, ended } = begin('throughput', ['lifecycle', brokers, groupId, String(messages), 'live']);
  const committed = async (): Promise<number> => {
    const groups = await call<{ partitions: { offset: number }[] }[]>('Cannot read committed offsets', (done) =>
      admin.listConsumerGroupOffsets([{ groupId }] as never, { timeout: 5000 } as never, done as never),
    ).catch(() => []);
    return groups[0]?.partitions.reduce((sum, { offset }) => sum + Math.max(0, offset), 0) ?? 0;
  };
  while ((await committed()) < messages) {
    if (child.exitCode !== null) throw new Error('The live pipeline ended');
    await sleep(50);
  }
  const last = Date.now();
  child.send('stop');
  await ended;
  admin.disconnect();
  return { seconds: (last - told.first!) / 1000, cpuSeconds: told.cpuSeconds! };
};

const teardown: (() => unknown)[] = [];
try {
  const kafka = await privateKafka({ after: (fn: () => unknown) => teardown.push(fn) } as unknown as TestContext);
  weighAsOurs(kafka.pid());
  const per = Number(options.per);
  const load = { per, credentials: Number(options.credentials), samples: Number(options.samples) };
  say(`Filling the topic: ${load.samples.toLocaleString('en')} samples, ${per} to a message`);
  const messages = await fill(kafka.brokers, load);
  const samples = (messages - partitions) * per;
  const early = Math.max(1, Math.round(samples / 10));
  const rates: { live: number[]; report: number[]; topic: number[] } = { live: [], report: [], topic: [] };
  const growth: number[] = [];
  const peaks: number[] = [];
  const note = (name: keyof typeof rates, seconds: number, detail = '') => {
    rates[name].push(samples / seconds);
    say(`  ${name.padEnd(7)} ${Math.round(samples / seconds).toLocaleString('en')} samples/s ${detail}`);
  };
  for (let run = 0; run < Number(options.runs); run++) {
    const { seconds, cpuSeconds } = await live(kafka.brokers, messages, run);
    note('live', seconds, `cpu ${cpuSeconds.toFixed(1)} s`);
    for (const what of ['report', 'topic'] as const) {
      const { told, ended } = begin('replay', [kafka.brokers, String(early), what]);
      await ended;
      if (told.samples !== samples) throw new Error(`Replay read ${told.samples} of ${samples} samples`);
      note(
        what,
        told.seconds!,
        `cpu ${told.cpuSeconds!.toFixed(1)} s, ${Math.round(told.early! / 2 ** 20)} MiB, then ${Math.round(told.late! / 2 ** 20)} MiB`,
      );
      if (what !== 'report') continue;
      growth.push(told.late! / told.early!);
      peaks.push(told.late! / 2 ** 20);
    }
  }
  const rate = { live: median(rates.live), report: median(rates.report), topic: median(rates.topic) };
  report(
    'replay',
    {
      ratioToLive: round(rate.report / rate.live),
      ratioToLiveWritingTopics: round(rate.topic / rate.live),
      rssGrowth: round(median(growth)),
      peakMiB: Math.round(median(peaks)),
      samplesPerS: Math.round(rate.report),
      liveSamplesPerS: Math.round(rate.live),
      samples,
    },
    options.json,
    { kafka: 'Apache Kafka 4.1.1, one broker on the same cores', samplesAtFirstLook: early },
  );
} finally {
  for (const end of teardown) await end();
}
process.exit(0);
