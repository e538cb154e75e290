/**
 * The key host: risk of one authentication, TLS handshakes and issues a second, and memory with many users' baselines.
 * See README.md beside this file.
 *
 *   npm run bench -- keyhost [--json] [--users 10000] [--asked 3000] [--handshakes 500] [--issues 300] [--calm seconds]
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { connect } from 'node:tls';
import { parseArgs } from 'node:util';
import { BytesOnDisk } from '../../infra/bytesOnDisk.ts';
import { keyhostConfig } from '../../infra/services/keyhost/config.ts';
import { Persons } from '../../infra/services/keyhost/persons.ts';
import { VaultClient } from '../../infra/vault/client.ts';
import { UserKeys } from '../../infra/vault/userKeys.ts';
import { behaviourOf } from '../../models/biometric/bursts.ts';
import { type Assessment, createRiskEngine, type Person, type RiskEngine } from '../../models/biometric/index.ts';
import { encodePerson } from '../../models/biometric/personFile.ts';
import { modalities } from '../../models/biometric/specifications.ts';
import { mouseVerifier, statisticalVerifier } from '../../models/biometric/statistical.ts';
import { summaryVerifiers } from '../../models/biometric/summary.ts';
import {
  ask,
  batchOf,
  certificateRequest,
  endpointIdentity,
  startHost,
  typist,
} from '../infra/services/keyhost/rig.ts';
import { kafkaRig, keptLog, type PreparedVault, prepareVault } from '../infra/vault/rig.ts';
import { type Way, wayOf } from '../models/biometric/ways.ts';
import { openBao } from '../services/openbao.ts';
import { untilCalm } from './agent/footprint.ts';
import { type Figures, report, round, say } from './report.ts';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    users: { type: 'string', default: '10000' },
    asked: { type: 'string', default: '3000' },
    handshakes: { type: 'string', default: '500' },
    issues: { type: 'string', default: '300' },
    calm: { type: 'string', default: '0' },
  },
});
const teardown: (() => unknown)[] = [];
/** Hooks of the test's helpers run in the order of their registration, after ours. */
const context = { after: (fn: () => unknown) => teardown.unshift(fn) } as unknown as TestContext;
const quantile = (values: readonly number[], q: number): number =>
  values.toSorted((a, b) => a - b)[Math.ceil(q * values.length) - 1]!;

/** What somebody does in a sign-in, and in the session around it: a bit of all that is compared. */
const doing = (way: Way, of: () => Record<string, number>, count: Readonly<Record<string, number>>) =>
  behaviourOf(
    Object.entries({
      phrase: of,
      typing: way.typing,
      movement: way.gesture,
      gesture: way.gesture,
      scrolling: way.scrolling,
      attention: way.attention,
    }).flatMap(([specification, next]) =>
      Array.from({ length: count[specification] ?? 0 }, () => ({ specification, features: next() })),
    ),
  );
const attempt = { phrase: 3, typing: 2, movement: 10, gesture: 10, scrolling: 5, attention: 3 };
const full = { phrase: 200, typing: 60, movement: 200, gesture: 100, scrolling: 60, attention: 60 };

/** Somebody whose baselines are full in all modalities, of whom as much again was learned since. */
const fullPerson = (engine: RiskEngine, way: Way, of: () => Record<string, number>): Person =>
  engine.learn(engine.enrol(doing(way, of, full)), doing(way, of, full), {
    learnable: true,
    known: modalities,
  } as unknown as Assessment);

const mib = (bytes: number): number => round(bytes / 2 ** 20, 1);

/**
 * Risk of one authentication, of people whose baselines are full and lie sealed on the disk: read, opened, made ready,
 * compared by all verifiers. Vault is asked for each user's data key before that.
 *
 * @param asked - how many of the users are asked for in turn
 */
const risks = async (users: number, asked: number, vault: PreparedVault): Promise<Figures> => {
  const config = keyhostConfig.parse({});
  const verifiers = [statisticalVerifier, mouseVerifier, ...summaryVerifiers];
  const engine = createRiskEngine({ verifiers, weights: config.weights, enrolments: config.enrolments });
  const types = typist(0.25, 3);
  const way = wayOf(1);
  const person = fullPerson(engine, way, types);
  const { log } = keptLog();
  const client = await VaultClient.connect(vault.configs.keyhost, { service: 'bench', log });
  const keys = new UserKeys(client);
  const folder = mkdtempSync(join(tmpdir(), 'ebbtide-bench-'));
  const disk = new BytesOnDisk(folder, 'baselines');
  const names = Array.from({ length: asked }, (_, i) => `bench-${i}`);
  // So few that whoever is asked for in turn does not lie open
  const openPersons = Math.min(config.openPersons, Math.floor(asked / 3));
  const persons = new Persons({ keys, log, disk, openPersons });
  const inTurn = async (one: (user: string) => Promise<unknown>) => {
    const left = [...names];
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        for (let user = left.pop(); user !== undefined; user = left.pop()) await one(user);
      }),
    );
  };
  global.gc?.();
  const before = process.memoryUsage().rss;
  const known = (user: string, sealed: Buffer) =>
    persons.apply(user, { user, sealed, updatedAt: 1, purpose: 'bench', lawfulBasis: 'consent' });
  say(`Seals ${asked} baselines`);
  await inTurn(async (user) => known(user, await persons.seal(user, person, undefined)));
  // Nobody asks for these: what is sealed of them need not open
  const sealed = await persons.seal(names[0]!, person, undefined);
  for (let i = asked; i < users; i++) known(`bench-${i}`, sealed);
  say(`Opens ${asked} baselines`);
  await inTurn((user) => persons.of(user));
  global.gc?.();
  const { rss } = process.memoryUsage();
  const { counts } = persons;
  const times: { cold: number[]; warm: number[]; cpu: number[] } = { cold: [], warm: [], cpu: [] };
  for (let i = 0; i < 1200; i++) {
    const behaviour = doing(way, types, attempt);
    const began = performance.now();
    const cpu = process.cpuUsage();
    // Those who were opened last are the first names: nobody of these lies open
    const opened = await persons.of(names.at(-1 - (i % (asked - openPersons)))!);
    await engine.assess(opened, behaviour);
    const spent = process.cpuUsage(cpu);
    const between = performance.now();
    await engine.assess(opened, behaviour);
    if (i < 200) continue;
    times.cold.push(between - began);
    times.cpu.push((spent.user + spent.system) / 1000);
    times.warm.push(performance.now() - between);
  }
  await client.close();
  disk.close();
  rmSync(folder, { recursive: true });
  return {
    riskP50Ms: round(quantile(times.cold, 0.5)),
    riskP99Ms: round(quantile(times.cold, 0.99)),
    riskCpuP50Ms: round(quantile(times.cpu, 0.5)),
    riskCpuP99Ms: round(quantile(times.cpu, 0.99)),
    riskWarmP99Ms: round(quantile(times.warm, 0.99)),
    users: counts.known,
    openPersons: counts.open,
    memoryMiB: mib(rss - before),
    diskMiB: mib(counts.diskBytes),
    kibPerBaseline: round(encodePerson(person).length / 1024, 1),
    kibOpen: round(
      [...person.values()].reduce((sum, { anchor, recent }) => sum + anchor.byteLength + recent.byteLength, 0) / 1024,
      1,
    ),
  };
};

const perSecond = async (count: number, atOnce: number, one: () => Promise<unknown>): Promise<number> => {
  let left = count;
  const began = performance.now();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (left-- > 0) await one();
    }),
  );
  return round((count / (performance.now() - began)) * 1000, 1);
};

try {
  await untilCalm(Number(options.calm));
  const vault = await prepareVault(context, await openBao(context));
  say('Risk of an authentication');
  const figures = await risks(Number(options.users), Number(options.asked), vault);
  const kafka = await kafkaRig(context);
  const host = await startHost(context, vault, kafka.context(), {
    keyhost: { requestsPerSecond: 100_000, requestsBurst: 100_000 },
  });
  const identity = await endpointIdentity(vault);
  const { port } = new URL(host.address);
  say('Handshakes');
  const handshake = () =>
    new Promise<void>((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port: Number(port), ...identity }, () => {
        socket.destroy();
        resolve();
      });
      socket.on('error', reject);
    });
  const handshakesPerS = await perSecond(Number(options.handshakes), 8, handshake);
  say('Issues');
  const csr = certificateRequest(vault.folder);
  const times: number[] = [];
  const own = typist(0.25, 3);
  const issue = async () => {
    const began = performance.now();
    const user = `user-${Math.floor(Math.random() * 100)}`;
    const body = { requestId: randomUUID(), user, csr, batch: batchOf([own(), own(), own()]), strong: true };
    const { status } = await ask(host.address, identity, 'POST', '/v1/authentications', body);
    if (status !== 201) throw new Error(`Status ${status}`);
    times.push(performance.now() - began);
  };
  const issuesPerS = await perSecond(Number(options.issues), 8, issue);
  report(
    'keyhost',
    {
      ...figures,
      handshakesPerS,
      issuesPerS,
      issueP50Ms: round(quantile(times, 0.5), 1),
      issueP99Ms: round(quantile(times, 0.99), 1),
    },
    options.json,
  );
} finally {
  for (const close of teardown) await close();
}
