import { type ChildProcess, fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import ckjs from '@confluentinc/kafka-javascript';
import { call } from '../../../infra/kafka/client.ts';
import { connectKafka } from '../../../infra/kafka/connect.ts';
import { topics } from '../../../schemas/topics.ts';
import { cpuSeconds, machineCpuSeconds, untilCalm, weighAsOurs } from '../agent/footprint.ts';
import { say } from '../report.ts';
import { fill, type Load, partitions } from './load.ts';

const program = fileURLToPath(new URL(`./child${import.meta.url.slice(-3)}`, import.meta.url));

interface Told {
  first?: number;
  last?: number;
  cpuSeconds?: number;
  rssBytes?: number;
  commits?: number;
  commitSeconds?: number;
}

const begin = (args: string[], profile: boolean) => {
  const execArgv = [
    ...process.execArgv,
    ...(profile
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

/** What one run came to. */
export interface Measured {
  readonly samplesPerS: number;
  /** Samples for each CPU second of the processes and the broker: steadier than the clock where cores are shared. */
  readonly samplesPerCpuS: number;
  /** Cores that other programs took meanwhile. */
  readonly coresOfOthers: number;
}

/**
 * Fill a fresh cluster and drain it: by the bare client, then by each number of processes, as often as asked.
 *
 * @param broker - address of a broker without Ebbtide's topics, and its process id
 * @param processes - numbers of processes to measure
 * @param warmUp - runs before that are not counted, in which the broker's code is compiled
 * @param calmSeconds - how long each run waits at most for a machine that is idle
 * @returns measurements by name: `consume`, `lifecycle ×1`, …
 */
export const measure = async (
  broker: { readonly brokers: string; pid(): number },
  load: Load,
  {
    processes,
    runs,
    warmUp = 0,
    profile = false,
    calmSeconds = 0,
  }: { processes: readonly number[]; runs: number; warmUp?: number; profile?: boolean; calmSeconds?: number },
): Promise<Record<string, Measured[]>> => {
  const { brokers } = broker;
  weighAsOurs(broker.pid());
  say(
    `Filling the topic: ${load.samples.toLocaleString('en')} samples, ${load.per} to a message, ${load.credentials} credentials`,
  );
  const messages = await fill(brokers, load);
  const samples = (messages - partitions) * load.per;
  const admin = ckjs.AdminClient.create({ 'bootstrap.servers': brokers } as never);
  const kafka = await connectKafka({ brokers });
  const measured: Record<string, Measured[]> = {};
  let machineBefore = 0;
  let before = 0;
  const note = (name: string, seconds: number, ours: number, brokerCpu: number, detail: string) => {
    const others = (machineCpuSeconds() - machineBefore - ours - brokerCpu) / ((performance.now() - before) / 1000);
    const result = {
      samplesPerS: samples / seconds,
      samplesPerCpuS: samples / (ours + brokerCpu),
      coresOfOthers: Math.max(0, others),
    };
    if (counted) measured[name] = [...(measured[name] ?? []), result];
    const shown = (value: number) => Math.round(value).toLocaleString('en').padStart(11);
    say(
      `  ${name.padEnd(12)} ${shown(result.samplesPerS)} samples/s ${shown(result.samplesPerCpuS)} a CPU second  ${detail}, broker ${brokerCpu.toFixed(1)} s, others ${result.coresOfOthers.toFixed(2)} cores${counted ? '' : ', not counted'}`,
    );
  };
  let counted = false;
  for (let run = -warmUp; run < runs; run++) {
    counted = run >= 0;
    await untilCalm(calmSeconds);
    let brokerBefore = cpuSeconds(broker.pid());
    machineBefore = machineCpuSeconds();
    before = performance.now();
    const bare = begin(['consume', brokers, `bare-${load.per}-${run}`, String(messages), ''], profile);
    await bare.ended;
    note(
      'consume',
      (bare.told.last! - bare.told.first!) / 1000,
      bare.told.cpuSeconds!,
      cpuSeconds(broker.pid()) - brokerBefore,
      `cpu ${bare.told.cpuSeconds!.toFixed(1)} s`,
    );
    for (const count of processes) {
      for (const { name } of outputs)
        await call(`Cannot delete ${name}`, (done) => admin.deleteTopic(name, 10_000, done as never));
      await sleep(1500);
      await kafka.ensureTopics(partitions);
      await untilCalm(calmSeconds);
      const groupId = `lifecycle-${load.per}-${count}-${run}`;
      brokerBefore = cpuSeconds(broker.pid());
      machineBefore = machineCpuSeconds();
      before = performance.now();
      const children = Array.from({ length: count }, (_, i) =>
        begin(['lifecycle', brokers, groupId, String(messages), `bench-${i}`], profile),
      );
      let last = 0;
      while (last === 0) {
        await sleep(50);
        if ((await committedOf(admin, groupId)) >= messages) last = Date.now();
        if (children.some(({ child }: { child: ChildProcess }) => child.exitCode !== null))
          throw new Error('A process of the pipeline ended');
      }
      const brokerCpu = cpuSeconds(broker.pid()) - brokerBefore;
      for (const { child } of children) child.send('stop');
      await Promise.all(children.map(({ ended }) => ended));
      const first = Math.min(...children.map(({ told }) => told.first ?? Number.POSITIVE_INFINITY));
      note(
        `lifecycle ×${count}`,
        (last - first) / 1000,
        children.reduce((sum, { told }) => sum + (told.cpuSeconds ?? 0), 0),
        brokerCpu,
        children
          .map(
            ({ told }) =>
              `cpu ${told.cpuSeconds?.toFixed(1)} s, ${Math.round((told.rssBytes ?? 0) / 2 ** 20)} MiB, ${told.commits} commits in ${told.commitSeconds?.toFixed(1)} s`,
          )
          .join('; '),
      );
    }
  }
  admin.disconnect();
  await kafka.close();
  return measured;
};
