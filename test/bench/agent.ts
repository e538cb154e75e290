/**
 * What the host agent costs: its share of a core and its memory, at one sample a second for 20 real processes.
 *
 * The agent runs as its own process, as in production, and sends to a broker in this process over TCP.
 *
 *   npm run bench -- agent [--json] [--seconds 60] [--processes 20]
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { agentNodeOptions, agentProgram } from '../../infra/agents/host/node-options.ts';
import { startRegistryServer } from '../../infra/http/registry-server.ts';
import { connectKafka } from '../../infra/kafka/connect.ts';
import { startMockCluster } from '../../infra/kafka/mock.ts';
import { TopicCodec } from '../../schemas/codec.ts';
import type { ResourceTelemetry } from '../../schemas/generated/ResourceTelemetry.ts';
import { MemoryRegistry } from '../../schemas/registry.ts';
import { topics } from '../../schemas/topics.ts';
import { cpuSeconds, memoryOf } from './agent/footprint.ts';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '60' },
    processes: { type: 'string', default: '20' },
  },
});
const seconds = Number(options.seconds);
const processes = Number(options.processes);
const settlingSeconds = 15;
const extension = import.meta.url.slice(-3);
const say = (text: string) => process.stderr.write(`${text}\n`);
const besides = (path: string) => fileURLToPath(new URL(path + extension, import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'ebbtide-bench-agent-'));
const children: ChildProcess[] = [];
const cluster = await startMockCluster();
const schemas = new MemoryRegistry();
const registry = await startRegistryServer(schemas, { host: '127.0.0.1', port: 0 });
try {
  for (let i = 0; i < processes; i++) children.push(fork(besides('./agent/watched'), [join(folder, `out-${i}`)]));
  const configFile = join(folder, 'ebbtide.yaml');
  writeFileSync(
    configFile,
    stringify({
      kafka: { brokers: cluster.brokers },
      schemaRegistry: { url: registry.address },
      http: { port: 0 },
      agent: {
        spoolFolder: join(folder, 'spool'),
        targets: children.map(({ pid }, i) => ({ pid, credentialId: `credential-${i}` })),
      },
    }),
  );
  const agent = spawn(process.execPath, [...agentNodeOptions.flags, agentProgram(), '--config', configFile], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...agentNodeOptions.environment, EBBTIDE_LOG: 'warn' },
  });
  children.push(agent);
  const pid = agent.pid!;
  say(`Agent ${pid} watches ${processes} processes; settling for ${settlingSeconds} s, then measuring ${seconds} s`);
  await sleep(settlingSeconds * 1000);

  const kafka = await connectKafka({ brokers: cluster.brokers });
  const before = cpuSeconds(pid);
  const from = performance.now();
  let rssMostBytes = 0;
  while (performance.now() - from < seconds * 1000) {
    await sleep(1000);
    rssMostBytes = Math.max(rssMostBytes, memoryOf(pid).rssBytes);
  }
  const elapsed = (performance.now() - from) / 1000;
  const cpuShare = (cpuSeconds(pid) - before) / elapsed;
  const memory = memoryOf(pid);

  const { samples, messages } = await countSamples(kafka);
  const expected = processes * (elapsed + settlingSeconds);
  say(`${samples} samples arrived in ${messages} messages; about ${Math.round(expected)} were due`);
  if (samples < expected * 0.8) throw new Error('Samples are missing, so the figures mean nothing');
  const figures = {
    cpuPercentOfCore: 100 * cpuShare,
    rssMiB: memory.rssBytes / 2 ** 20,
    rssMostMiB: rssMostBytes / 2 ** 20,
    rssPeakMiB: memory.rssPeakBytes / 2 ** 20,
    pssMiB: memory.pssBytes / 2 ** 20,
    anonymousMiB: memory.anonymousBytes / 2 ** 20,
    processes,
    seconds: elapsed,
    samples,
  };
  const environment = {
    node: process.version,
    kernel: release(),
    cpu: cpus()[0]?.model ?? '',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
  };
  if (options.json) process.stdout.write(`${JSON.stringify({ name: 'agent', figures, environment })}\n`);
  else
    console.table(Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, Number(value.toFixed(2))])));
  await kafka.close();
} finally {
  for (const child of children) child.kill('SIGKILL');
  await registry.close();
  await cluster.close();
  rmSync(folder, { recursive: true, force: true });
}
process.exit();

async function countSamples(kafka: Awaited<ReturnType<typeof connectKafka>>) {
  const codec = await TopicCodec.open<ResourceTelemetry>(topics.telemetryResource, schemas);
  const tail = await kafka.tail({ topics: [topics.telemetryResource.name], from: 'beginning' });
  let samples = 0;
  let messages = 0;
  const reading = (async () => {
    for await (const batch of tail.batches())
      for (const { value } of batch) {
        messages++;
        if (value) samples += codec.decode(value).samples.length;
      }
  })();
  await tail.caughtUp;
  await tail.close();
  await reading;
  return { samples, messages };
}
