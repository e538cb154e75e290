/**
 * Samples a second through the lifecycle pipeline, exactly once, on real Apache Kafka, as a ratio to the same client
 * merely consuming the same messages in the same run; and what a second process adds. See README.md beside this file.
 *
 *   npm run bench -- throughput [--json] [--runs 3] [--samples 1500000] [--credentials 1000] [--per 1,50] [--processes 1,2] [--profile]
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
import { type Figures, median, report, round, say } from './report.ts';
import { fill, partitions } from './throughput/load.ts';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    runs: { type: 'string', default: '3' },
    samples: { type: 'string', default: '1500000' },
    credentials: { type: 'string', default: '1000' },
    per: { type: 'string', default: '1,50' },
    processes: { type: 'string', default: '1,2' },
    profile: { type: 'boolean', default: false },
  },
});
const list = (text: string) => text.split(',').map(Number);
const program = fileURLToPath(new URL(`./throughput/child${import.meta.url.slice(-3)}`, import.meta.url));

interface Told {
  first?: number;
  last?: number;
  cpuSeconds?: number;
  rssBytes?: number;
}

const begin = (args: string[]) => {
  const execArgv = [
    ...process.execArgv,
    ...(options.profile
      ? ['--cpu-prof', '--cpu-prof-dir=.ebbtide/profiles', `--cpu-prof-name=${args[0]}-${args[2]}.cpuprofile`]
      : []),
  ];
  const child = fork(program, args, { env: { ...process.env, EBBTIDE_LOG: 'error' }, execArgv });
  const told: Told = {};
  child.on('message', (message) => Object.assign(told, message));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return { child, told, ended };
};

/** Committed offsets of a group, summed. */
const committedOf = async (admin: ReturnType<typeof ckjs.AdminClient.create>, groupId: string): Promise<number> => {
  const groups = await call<{ partitions: { offset: number }[] }[]>('Cannot read committed offsets', (done) =>
    admin.listConsumerGroupOffsets([{ groupId }] as never, { timeout: 5000 } as never, done as never),
  ).catch(() => []);
  return groups[0]?.partitions.reduce((sum, { offset }) => sum + Math.max(0, offset), 0) ?? 0;
};

const outputs = [topics.scores, topics.decisions, topics.alerts, topics.deadLetters, topics.stateLifecycle];

const measure = async (
  brokers: string,
  load: { per: number; credentials: number; samples: number },
  processes: number[],
  runs: number,
) => {
  say(
    `Filling the topic: ${load.samples.toLocaleString('en')} samples, ${load.per} to a message, ${load.credentials} credentials`,
  );
  const messages = await fill(brokers, load);
  const samples = (messages - partitions) * load.per;
  const admin = ckjs.AdminClient.create({ 'bootstrap.servers': brokers } as never);
  const kafka = await connectKafka({ brokers });
  const rates: Record<string, number[]> = {};
  const note = (name: string, seconds: number, detail: string) => {
    rates[name] = [...(rates[name] ?? []), samples / seconds];
    say(
      `  ${name.padEnd(12)} ${Math.round(samples / seconds)
        .toLocaleString('en')
        .padStart(11)} samples/s  ${detail}`,
    );
  };
  for (let run = 0; run < runs; run++) {
    const bare = begin(['consume', brokers, `bare-${load.per}-${run}`, String(messages), '']);
    await bare.ended;
    note('consume', (bare.told.last! - bare.told.first!) / 1000, `cpu ${bare.told.cpuSeconds!.toFixed(1)} s`);
    for (const count of processes) {
      for (const { name } of outputs)
        await call(`Cannot delete ${name}`, (done) => admin.deleteTopic(name, 10_000, done as never));
      await sleep(1500);
      await kafka.ensureTopics(partitions);
      const groupId = `lifecycle-${load.per}-${count}-${run}`;
      const children = Array.from({ length: count }, (_, i) =>
        begin(['lifecycle', brokers, groupId, String(messages), `bench-${i}`]),
      );
      let last = 0;
      while (last === 0) {
        await sleep(50);
        if ((await committedOf(admin, groupId)) >= messages) last = Date.now();
        if (children.some(({ child }: { child: ChildProcess }) => child.exitCode !== null))
          throw new Error('A process of the pipeline ended');
      }
      for (const { child } of children) child.send('stop');
      await Promise.all(children.map(({ ended }) => ended));
      const first = Math.min(...children.map(({ told }) => told.first ?? Number.POSITIVE_INFINITY));
      note(
        `lifecycle ×${count}`,
        (last - first) / 1000,
        `cpu ${children.map(({ told }) => `${told.cpuSeconds?.toFixed(1)} s, ${Math.round((told.rssBytes ?? 0) / 2 ** 20)} MiB`).join('; ')}`,
      );
    }
  }
  admin.disconnect();
  await kafka.close();
  return rates;
};

const teardown: (() => unknown)[] = [];
try {
  const figures: Figures = {};
  for (const per of list(options.per)) {
    const kafka = await privateKafka({ after: (fn: () => unknown) => teardown.unshift(fn) } as unknown as TestContext);
    const load = {
      per,
      credentials: Number(options.credentials),
      samples: Number(options.samples) * (per > 1 ? 2 : 1),
    };
    const rates = await measure(kafka.brokers, load, list(options.processes), Number(options.runs));
    const consumed = median(rates.consume!);
    figures[`consumePerS${per}`] = Math.round(consumed);
    for (const count of list(options.processes)) {
      const rate = median(rates[`lifecycle ×${count}`]!);
      const suffix = count === 1 ? '' : `x${count}`;
      figures[`samplesPerS${per}${suffix}`] = Math.round(rate);
      figures[`ratioToConsume${per}${suffix}`] = round(rate / consumed);
      if (count > 1 && rates['lifecycle ×1'])
        figures[`ratio${count}To1Processes${per}`] = round(rate / median(rates['lifecycle ×1']));
    }
    await kafka.stop();
  }
  report('throughput', figures, options.json, { kafka: 'Apache Kafka 4.1.1, one broker on the same cores' });
} finally {
  for (const end of teardown) await end();
}
process.exit(0);
