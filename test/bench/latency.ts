/**
 * From the message that closes the window of an anomaly to the refusal of the credential by Vault, on real Apache Kafka
 * and real OpenBao, with the lifecycle pipeline and the actuator as shipped, at a steady load of half of what the
 * pipeline drains in the same run. See README.md beside this file.
 *
 *   npm run bench -- latency [--json] [--rate samplesPerS] [--credentials 1000] [--astray 300] [--per 1]
 *     [--calmMs milliseconds] [--everyMs 60] [--windowSamples 10] [--profile] [--calm seconds]
 */
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { connectKafka } from '../../infra/kafka/connect.ts';
import { startOpenBao } from '../../infra/vault/embedded.ts';
import { TopicCodec } from '../../schemas/codec.ts';
import type { Credential, Decision, Effect } from '../../schemas/generated/index.ts';
import { topics } from '../../schemas/topics.ts';
import { issueToken, opens, prepareVault } from '../infra/vault/rig.ts';
import { temporaryFolder } from '../services/folder.ts';
import { privateKafka } from '../services/kafka.ts';
import { cpuSeconds, machineCpuSeconds, untilCalm } from './agent/footprint.ts';
import { findClosing, type Sought } from './latency/closing.ts';
import { type Part, startPart } from './latency/processes.ts';
import { type Stage, sharedRegistry } from './latency/stage.ts';
import { type Figures, median, report, round, say } from './report.ts';
import { credentialName, partitions } from './throughput/load.ts';
import { measure } from './throughput/measure.ts';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    rate: { type: 'string' },
    credentials: { type: 'string', default: '1000' },
    astray: { type: 'string', default: '300' },
    per: { type: 'string', default: '1' },
    calmMs: { type: 'string' },
    everyMs: { type: 'string', default: '60' },
    windowSamples: { type: 'string', default: '10' },
    profile: { type: 'boolean', default: false },
    calm: { type: 'string', default: '0' },
  },
});
const credentials = Number(options.credentials);
const astray = Number(options.astray);
const per = Number(options.per);
const pollEveryMs = 2;
const issuedTogether = 8;
/** A credential that went astray is revoked long before, or will not be. */
const patienceMs = 30_000;

const teardown: (() => unknown)[] = [];
const context = { after: (fn: () => unknown) => teardown.unshift(fn) } as unknown as TestContext;
const parts: Part[] = [];

interface Revocation {
  readonly decision: Decision;
  readonly partition: number;
  readonly writtenAt: number;
  readonly arrivedAt: number;
  refusedAt?: number;
  effect?: Effect;
}

/** Samples a second that one process drains, measured now. */
const drained = async (): Promise<number> => {
  const kafka = await privateKafka(context);
  const load = { per, credentials, samples: per > 1 ? 3_000_000 : 1_000_000 };
  const measured = await measure(kafka, load, { processes: [1], runs: 1, calmSeconds: Number(options.calm) });
  await kafka.stop();
  return measured['lifecycle ×1']![0]!.samplesPerS;
};

const percentile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
};

const run = async (rate: number): Promise<Figures> => {
  const kafkaServer = await privateKafka(context);
  const bao = await startOpenBao({ folder: temporaryFolder(context, 'ebbtide-bao-') });
  teardown.unshift(() => bao.stop());
  const vault = await prepareVault(context, bao);
  const kafka = await connectKafka({ brokers: kafkaServer.brokers });
  await kafka.ensureTopics(partitions);
  const registry = await sharedRegistry();
  const register = await TopicCodec.open<Credential>(topics.credentials, registry);

  say(`Issuing ${credentials} tokens`);
  const tokens = new Map<string, string>();
  const producer = await kafka.producer();
  for (let from = 0; from < credentials; from += issuedTogether)
    await Promise.all(
      Array.from({ length: Math.min(issuedTogether, credentials - from) }, async (_, i) => {
        const credentialId = credentialName(from + i);
        const lifeMs = 3_600_000;
        const { token, credential } = await issueToken(vault, {
          ttlS: lifeMs / 1000,
          credential: { credentialId, maxTtlMs: lifeMs },
        });
        tokens.set(credentialId, token);
        await producer.send([
          { topic: topics.credentials.name, key: credentialId, value: register.encode(credential) },
        ]);
      }),
    );

  const windowMs = Math.max(50, Math.round((1000 * credentials * Number(options.windowSamples)) / rate / 10) * 10);
  const stage: Stage = {
    brokers: kafkaServer.brokers,
    credentials,
    astray,
    rate,
    per,
    windowMs,
    graceMs: windowMs / 2,
    // The model learns what is usual for a credential from its first 30 windows.
    calmMs: Number(options.calmMs ?? Math.max(15_000, 45 * windowMs)),
    everyMs: Number(options.everyMs),
  };
  const start = async (role: string, config?: object) => {
    const part = await startPart(role, stage, config, options.profile);
    parts.push(part);
    return part;
  };
  const actuate = await start('actuate', vault.configs.actuator);
  const lifecycle = await start('lifecycle');

  const revocations = new Map<string, Revocation>();
  let decided = 0;
  const watchRefusal = async (revocation: Revocation) => {
    const token = tokens.get(revocation.decision.subject)!;
    while (await opens(vault, token)) await sleep(pollEveryMs);
    revocation.refusedAt = Date.now();
  };
  const decisions = await TopicCodec.open<Decision>(topics.decisions, registry);
  const effects = await TopicCodec.open<Effect>(topics.effects, registry);
  const tail = await kafka.tail({ topics: [topics.decisions.name, topics.effects.name], from: 'beginning' });
  void (async () => {
    for await (const messages of tail.batches())
      for (const { topic, value, partition, timestamp } of messages) {
        if (topic === topics.effects.name) {
          const effect = effects.decode(value!);
          const revocation = revocations.get(effect.subject);
          if (revocation?.decision.decisionId === effect.decisionId) revocation.effect = effect;
          continue;
        }
        const decision = decisions.decode(value!);
        decided++;
        if (decision.action !== 'revoke' || decision.withheld !== '' || revocations.has(decision.subject)) continue;
        const revocation = { decision, partition, writtenAt: timestamp, arrivedAt: Date.now() };
        revocations.set(decision.subject, revocation);
        watchRefusal(revocation).catch((error: Error) => say(error.message));
      }
  })();
  await tail.caughtUp;

  await untilCalm(Number(options.calm));
  const load = await start('load');
  const pids = {
    broker: kafkaServer.pid(),
    vault: bao.pid,
    lifecycle: lifecycle.pid,
    actuate: actuate.pid,
    load: load.pid,
  };
  say(`Load: ${Math.round(rate).toLocaleString('en')} samples/s, windows of ${windowMs} ms, ${astray} go astray`);
  const cpuOf = (): Record<string, number> => ({ machine: machineCpuSeconds(), ...ours() });
  const ours = () => Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, cpuSeconds(pid)]));
  const cpuBefore = cpuOf();
  const from = Date.now();
  const end = from + stage.calmMs + astray * stage.everyMs + patienceMs;
  const goneAstray = () =>
    Array.from({ length: astray }, (_, i) => revocations.get(credentialName(i))).filter((it) => it?.refusedAt);
  while (Date.now() < end && goneAstray().length < astray) {
    await sleep(1000);
    if (load.told.error) throw new Error(load.told.error);
  }
  const seconds = (Date.now() - from) / 1000;
  const cpuAfter = cpuOf();
  const coresOf = (name: string) => (cpuAfter[name]! - cpuBefore[name]!) / seconds;
  const coresOfParts = Object.keys(pids).reduce((sum, name) => sum + coresOf(name), 0);
  await load.end();
  await sleep(1000);
  await tail.close();

  const all = [...revocations.values()].filter((it) => it.refusedAt && it.effect);
  const sought = all.map(
    ({ partition, decision: { windowEnd } }): Sought => ({ partition, closesAt: windowEnd + stage.graceMs }),
  );
  const missing = Array.from({ length: astray }, (_, i) => credentialName(i)).filter((name) => !revocations.has(name));
  if (missing.length > 0) say(`Never revoked: ${missing.join(', ')}`);
  say(`Looking up what closed ${sought.length} windows`);
  await findClosing(kafka, sought);
  const figures: Figures = {};
  const note = (name: string, of: (revocation: Revocation, closedAt: number) => number) => {
    const values = all
      .map((revocation, i) => of(revocation, sought[i]!.sentAt!))
      .filter((value) => !Number.isNaN(value));
    figures[`${name}P50Ms`] = round(median(values), 1);
    figures[`${name}P90Ms`] = round(percentile(values, 0.9), 1);
    figures[`${name}P99Ms`] = round(percentile(values, 0.99), 1);
    figures[`${name}MaxMs`] = round(Math.max(...values), 1);
  };
  note('closeToRefusal', ({ refusedAt }, closed) => refusedAt! - closed);
  note('closeToWritten', ({ writtenAt }, closed) => writtenAt - closed);
  note('closeToDecision', ({ arrivedAt }, closed) => arrivedAt - closed);
  note('decisionToActuator', ({ effect, writtenAt }) => effect!.appliedAt - effect!.latencyMs - writtenAt);
  note('decisionToEffect', ({ effect, arrivedAt }) => effect!.appliedAt - arrivedAt);
  note('decisionToRefusal', ({ refusedAt, arrivedAt }) => refusedAt! - arrivedAt);
  Object.assign(figures, {
    revocations: all.length,
    ofThoseAstray: goneAstray().length,
    decisions: decided,
    samplesPerS: Math.round((load.told.sent ?? 0) / seconds),
    samplesUnsent: load.told.unsent ?? 0,
    credentials,
    samplesPerMessage: per,
    windowMs,
    ...Object.fromEntries(Object.keys(pids).map((name) => [`${name}Cores`, round(coresOf(name), 2)])),
    coresOfOthers: round(coresOf('machine') - coresOfParts, 2),
  });
  await producer.close();
  await kafka.close();
  return figures;
};

try {
  const rate = options.rate ? Number(options.rate) : (await drained()) / 2;
  const figures = await run(rate);
  report('latency', figures, options.json, {
    kafka: 'Apache Kafka 4.1.1, one broker on the same cores',
    vault: 'OpenBao 2.7 on raft storage, on the same cores',
  });
} finally {
  for (const part of parts) await part.end();
  for (const end of teardown) await end();
}
process.exit(0);
