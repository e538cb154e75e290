/**
 * Resident memory for each tracked credential, and how long a restart with all of them takes, on real Apache Kafka.
 * See README.md beside this file.
 *
 *   npm run bench -- memory [--json] [--credentials 100000]
 */
import { fork } from 'node:child_process';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { privateKafka } from '../services/kafka.ts';
import { report, round, say } from './report.ts';
import { fill } from './throughput/load.ts';

const { values: options } = parseArgs({
  options: { json: { type: 'boolean', default: false }, credentials: { type: 'string', default: '100000' } },
});
const credentials = Number(options.credentials);
const program = fileURLToPath(new URL(`./memory/child${import.meta.url.slice(-3)}`, import.meta.url));

interface Told {
  idleBytes?: number;
  messages?: number;
  subjects?: number;
  committedAt?: number;
  rssBytes?: number;
  usage?: NodeJS.MemoryUsage;
}

const begin = (brokers: string) => {
  let committedAt: number | undefined;
  const child = fork(program, [brokers], {
    env: { ...process.env, EBBTIDE_LOG: 'error' },
    execArgv: [...process.execArgv, '--expose-gc'],
  });
  const told: Told = {};
  child.on('message', (message: Told) => {
    committedAt ??= message.committedAt;
    Object.assign(told, message, committedAt === undefined ? {} : { committedAt });
  });
  const until = async (reached: () => boolean) => {
    while (!reached()) {
      if (child.exitCode !== null) throw new Error('The process of the pipeline ended');
      await sleep(20);
    }
  };
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return { child, told, until, ended };
};

const teardown: (() => unknown)[] = [];
try {
  const kafka = await privateKafka({ after: (fn: () => unknown) => teardown.unshift(fn) } as unknown as TestContext);
  const empty = begin(kafka.brokers);
  await empty.until(() => empty.told.idleBytes !== undefined);
  empty.child.kill('SIGKILL');
  await empty.ended;
  const perMessage = 10;
  const rounds = 4;
  say(`Filling the topic: ${rounds * perMessage} samples for each of ${credentials.toLocaleString('en')} credentials`);
  const messages = await fill(kafka.brokers, {
    credentials,
    per: perMessage,
    samples: credentials * perMessage * rounds,
  });

  say('First process: tracks them all');
  const first = begin(kafka.brokers);
  await first.until(() => (first.told.messages ?? 0) >= messages);
  await sleep(15_000);
  first.child.send('measure');
  await first.until(() => first.told.rssBytes !== undefined);
  const bytes = (first.told.rssBytes! - empty.told.idleBytes!) / first.told.subjects!;
  say(
    `  ${first.told.subjects!.toLocaleString('en')} subjects, ${Math.round(first.told.rssBytes! / 2 ** 20)} MiB, idle ${Math.round(empty.told.idleBytes! / 2 ** 20)} MiB`,
  );
  const { heapUsed, heapTotal, arrayBuffers } = first.told.usage!;
  const mib = (value: number) => `${Math.round(value / 2 ** 20)} MiB`;
  say(`  of these: heap ${mib(heapUsed)} used of ${mib(heapTotal)}, array buffers ${mib(arrayBuffers)}`);
  first.child.kill('SIGKILL');
  await first.ended;

  say('Second process: killed -9, and back');
  const began = Date.now();
  const second = begin(kafka.brokers);
  await second.until(() => second.told.committedAt !== undefined && (second.told.subjects ?? 0) >= credentials);
  const restoreSeconds = (second.told.committedAt! - began) / 1000;
  second.child.kill('SIGKILL');
  await second.ended;
  report(
    'memory',
    {
      bytesPerCredential: Math.round(bytes),
      restoreSeconds: round(restoreSeconds, 1),
      credentials,
      idleMiB: Math.round(empty.told.idleBytes! / 2 ** 20),
    },
    options.json,
  );
} finally {
  for (const end of teardown) await end();
}
process.exit(0);
