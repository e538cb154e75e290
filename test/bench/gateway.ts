/**
 * The gateway's decision service at a steady load, on one core, with a table of a million rows read from real Kafka,
 * and telemetry of each request written to it; then the way from a change in Kafka to its effect, at one
 * gateway and at several.
 * See README.md beside this file.
 *
 *   npm run bench -- gateway [--json] [--rows 1000000] [--rate 10000] [--seconds 20] [--changes 300] [--calm seconds]
 *     [--gateways 3] [--only http,grpc,most,deny,fleet] [--profile] [--ahead] [--flags='--trace-gc …']
 */
import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { connectKafka } from '../../infra/kafka/connect.ts';
import type { OutgoingMessage } from '../../infra/kafka/types.ts';
import { identifierOf, readHashKey } from '../../infra/services/gateway/identify.ts';
import { TopicCodec } from '../../schemas/codec.ts';
import type { Translation } from '../../schemas/generated/index.ts';
import { topics } from '../../schemas/topics.ts';
import { temporaryFolder } from '../services/folder.ts';
import { privateKafka } from '../services/kafka.ts';
import { cpuSeconds, machineCpuSeconds, untilCalm, weighAsOurs } from './agent/footprint.ts';
import { timeChanges } from './gateway/changes.ts';
import type { LoadOptions, LoadResult } from './gateway/load.ts';
import { callers, type Stage, secretOf } from './gateway/stage.ts';
import { sharedRegistry } from './latency/stage.ts';
import { type Figures, report, round, say } from './report.ts';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    rows: { type: 'string', default: '1000000' },
    rate: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '20' },
    changes: { type: 'string', default: '300' },
    gateways: { type: 'string', default: '3' },
    calm: { type: 'string', default: '0' },
    only: { type: 'string', default: 'http,grpc,most,deny,fleet' },
    profile: { type: 'boolean', default: false },
    ahead: { type: 'boolean', default: false },
    flags: { type: 'string', default: '' },
  },
});
const rows = Math.max(callers, Number(options.rows));
const parts = new Set(options.only.split(','));
const ending = import.meta.url.slice(-3);
const program = (name: string) => fileURLToPath(new URL(`./gateway/${name}${ending}`, import.meta.url));
const teardown: (() => unknown)[] = [];
/** Hooks of the test's helpers run in the order of their registration, after ours. */
const context = { after: (fn: () => unknown) => teardown.push(fn) } as unknown as TestContext;

const kafkaServer = await privateKafka(context);
const kafka = await connectKafka({ brokers: kafkaServer.brokers });
teardown.unshift(() => kafka.close());
const registry = await sharedRegistry();
const hashKeyFile = join(temporaryFolder(context), 'hash.key');
writeFileSync(hashKeyFile, 'a key of the benchmark, 32 characters');
const key = await readHashKey(hashKeyFile, false);

/** The table: callers' rows, then rows of credentials that never call; one service each, three groups, shared references. */
const fill = async (): Promise<void> => {
  const codec = await TopicCodec.open<Translation>(topics.translations, registry);
  const producer = await kafka.producer({ lingerMs: 5 });
  const services = ['orders', 'billing', 'stock'];
  const chunk = 20_000;
  for (let from = 0; from < rows; from += chunk) {
    const messages: OutgoingMessage[] = [];
    for (let i = from; i < Math.min(rows, from + chunk); i++) {
      const frontendCredential = identifierOf(secretOf(i), key);
      const service = i < callers ? 'orders' : services[i % services.length]!;
      const name = `${frontendCredential}/${service}`;
      const backendCredentials = {
        default: `kv/data/backend/${service}/{credential}`,
        'read-only': `kv/data/backend/${service}-ro`,
      };
      const value = codec.encode({
        key: name,
        frontendCredential,
        service,
        group: `group-${i % 3}`,
        owner: '',
        defaultScope: 'default',
        backendCredentials,
        version: (i * 2_654_435_761).toString(16).padStart(12, '0').slice(-12),
        at: 1_700_000_000_000,
        by: 'bench',
        reason: '',
      });
      messages.push({ topic: topics.translations.name, key: name, value });
    }
    await producer.send(messages);
  }
  await producer.close();
};

interface Gateway {
  readonly http: number;
  readonly grpc: number;
  readonly loadSeconds: number;
  readonly heldBytes: number;
  readonly rssBytes: number;
}

/**
 * Keep a process with all its threads on one core, where the system lets us: what is measured has one core, its
 * generator and the broker the other. Asked to, put it before all that other programs do there.
 */
const place = (pid: number, cores: string, ahead: boolean): void => {
  spawnSync('taskset', ['-a', '-c', '-p', cores, String(pid)]);
  if (ahead) spawnSync('chrt', ['-a', '-r', '-p', '10', String(pid)]);
};

const startGateway = async (stage: Stage, pinned = true): Promise<{ child: ChildProcess; told: Gateway }> => {
  const profile = options.profile ? ['--cpu-prof', '--cpu-prof-dir=.ebbtide/profiles'] : [];
  const child = fork(program('child'), [JSON.stringify(stage)], {
    execArgv: [...process.execArgv, '--expose-gc', ...profile, ...options.flags.split(' ').filter(Boolean)],
    env: { ...process.env, EBBTIDE_LOG: 'error' },
  });
  teardown.unshift(() => child.disconnect());
  const [told] = (await once(child, 'message')) as [Gateway];
  if (pinned) place(child.pid!, '0', options.ahead);
  return { child, told };
};

const load = async (of: Omit<LoadOptions, 'warmUpMs' | 'measureMs'>, seconds: number): Promise<LoadResult> => {
  await untilCalm(Number(options.calm));
  const child = fork(program('load'), [JSON.stringify({ ...of, warmUpMs: 5_000, measureMs: seconds * 1000 })], {
    execArgv: process.execArgv,
  });
  place(child.pid!, '1', options.ahead);
  const [result] = (await once(child, 'message')) as [LoadResult];
  return result;
};

const percentile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
};

/** How long changes take to reach every one of some gateways. */
const measureChanges = async (several: boolean, ports: readonly number[], first: number): Promise<Figures> => {
  const caller = (i: number) => {
    const secret = secretOf(first + i);
    return { secret, frontendCredential: identifierOf(secret, key) };
  };
  const changes = Number(options.changes);
  const { deny, killSwitch } = await timeChanges({ kafka, registry, ports, caller }, changes, changes / 10);
  const figuresOf = (what: string, times: readonly number[]): Figures => {
    const name = several ? `everyGateway${what[0]!.toUpperCase()}${what.slice(1)}` : what;
    return {
      [`${name}P50Ms`]: round(percentile(times, 0.5), 1),
      [`${name}P99Ms`]: round(percentile(times, 0.99), 1),
      [`${name}MaxMs`]: round(Math.max(...times), 1),
    };
  };
  return { ...figuresOf('riskToDeny', deny), ...figuresOf('killSwitch', killSwitch) };
};

try {
  await kafka.ensureTopics(4);
  say(`Writing ${rows.toLocaleString('en')} rows`);
  await fill();
  weighAsOurs(kafkaServer.pid());
  place(kafkaServer.pid(), '1', false);
  const { child, told } = await startGateway({ brokers: kafkaServer.brokers, rows, hashKeyFile });
  say(`Table read in ${told.loadSeconds.toFixed(1)} s`);
  const figures: Figures = {
    rows,
    bytesPerRow: round(told.heldBytes / rows, 1),
    rssBytesPerRow: round(told.rssBytes / rows, 1),
    tableLoadSeconds: round(told.loadSeconds, 1),
  };
  const rate = Number(options.rate);
  const seconds = Number(options.seconds);
  const measure = async (name: string, of: Omit<LoadOptions, 'warmUpMs' | 'measureMs' | 'rate' | 'depth'>) => {
    const machine = machineCpuSeconds();
    const before = cpuSeconds(child.pid!);
    const from = performance.now();
    const steady = await load({ ...of, rate, depth: 0 }, seconds);
    const took = (performance.now() - from) / 1000;
    const own = cpuSeconds(child.pid!) - before;
    if (steady.answered === 0)
      throw new Error(`Not one request of ${name} was answered in time: too little is left of this machine`);
    if (steady.refused > 0) throw new Error(`${steady.refused} requests of the load were refused`);
    Object.assign(figures, {
      [`${name}P50Ms`]: round(steady.p50Ms),
      [`${name}P90Ms`]: round(steady.p90Ms),
      [`${name}P99Ms`]: round(steady.p99Ms),
      [`${name}P999Ms`]: round(steady.p999Ms),
      [`${name}MaxMs`]: round(steady.maxMs),
      [`${name}RequestsPerS`]: Math.round(steady.requestsPerS),
      [`${name}Unanswered`]: steady.unanswered,
      [`${name}GeneratorLateP99Ms`]: round(steady.sentLateP99Ms),
      [`${name}CpuMicrosPerRequest`]: round((own / (rate * (seconds + 5))) * 1e6, 1),
      [`${name}MachineCores`]: round((machineCpuSeconds() - machine) / took, 2),
    });
    if (!parts.has('most')) return;
    const most = await load({ ...of, rate: 0, depth: 4 }, Math.min(seconds, 10));
    figures[`${name}MostRequestsPerS`] = Math.round(most.requestsPerS);
  };
  if (parts.has('http')) {
    await measure('http', { protocol: 'authorize', port: told.http, connections: 32 });
    await measure('envoyHttp', { protocol: 'envoy', port: told.http, connections: 32 });
    figures.requestsPerS = figures.httpMostRequestsPerS ?? figures.httpRequestsPerS!;
  }
  if (parts.has('grpc')) await measure('grpc', { protocol: 'grpc', port: told.grpc, connections: 4 });
  if (parts.has('deny')) Object.assign(figures, await measureChanges(false, [told.http], 0));
  if (parts.has('fleet')) {
    const others = Math.max(1, Number(options.gateways)) - 1;
    const stage = { brokers: kafkaServer.brokers, rows, hashKeyFile };
    const started = await Promise.all(Array.from({ length: others }, () => startGateway(stage, false)));
    place(child.pid!, '0-1023', false);
    const ports = [told.http, ...started.map((one) => one.told.http)];
    figures.gateways = ports.length;
    Object.assign(figures, await measureChanges(true, ports, Number(options.changes)));
  }
  child.send('figures');
  const [telemetry] = (await once(child, 'message')) as [{ dropped: number; sent: number }];
  figures.telemetrySent = telemetry.sent;
  figures.telemetryDropped = telemetry.dropped;
  report('gateway', figures, options.json, { kafka: 'Apache Kafka 4.1.1, one broker on the same cores' });
} finally {
  for (const end of teardown) await end();
}
process.exit(0);
