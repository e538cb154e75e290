/**
 * The key host: risk of one authentication, TLS handshakes and issues a second, and memory with many users' baselines.
 * See README.md beside this file.
 *
 *   npm run bench -- keyhost [--json] [--users 10000] [--handshakes 500] [--issues 300] [--calm seconds]
 */
import { randomBytes, randomUUID } from 'node:crypto';
import type { TestContext } from 'node:test';
import { connect } from 'node:tls';
import { parseArgs } from 'node:util';
import { behaviourOf } from '../../models/biometric/bursts.ts';
import { createRiskEngine, type Person } from '../../models/biometric/index.ts';
import { decodePerson, encodePerson } from '../../models/biometric/personFile.ts';
import {
  ask,
  batchOf,
  certificateRequest,
  endpointIdentity,
  startHost,
  typist,
} from '../infra/services/keyhost/rig.ts';
import { kafkaRig, prepareVault } from '../infra/vault/rig.ts';
import { openBao } from '../services/openbao.ts';
import { untilCalm } from './agent/footprint.ts';
import { type Figures, report, round, say } from './report.ts';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    users: { type: 'string', default: '10000' },
    handshakes: { type: 'string', default: '500' },
    issues: { type: 'string', default: '300' },
    calm: { type: 'string', default: '0' },
  },
});
const teardown: (() => unknown)[] = [];
/** Hooks of the test's helpers run in the order of their registration, after ours. */
const context = { after: (fn: () => unknown) => teardown.unshift(fn) } as unknown as TestContext;
const phrases = (count: number, of: () => Record<string, number>) =>
  Array.from({ length: count }, () => ({ specification: 'phrase', features: of() }));
const quantile = (values: readonly number[], q: number): number =>
  values.toSorted((a, b) => a - b)[Math.ceil(q * values.length) - 1]!;

/** Risk of one authentication of three attempts, of people whose baselines lie as bytes: opened, made ready, compared. */
const risks = async (users: number): Promise<Figures> => {
  const engine = createRiskEngine();
  const own = typist(0.25, 3);
  const person = engine.enrol(behaviourOf(phrases(200, own)));
  const learned = engine.learn(person, behaviourOf(phrases(100, own)), {
    ...(await engine.assess(person, behaviourOf(phrases(3, own)))),
    learnable: true,
  });
  const bytes = encodePerson(learned);
  global.gc?.();
  const before = process.memoryUsage().rss;
  // Sealed bytes of each user, as the key host keeps them
  const kept = Array.from({ length: users }, () => Buffer.concat([randomBytes(130), bytes]));
  global.gc?.();
  const perUser = (process.memoryUsage().rss - before) / users;
  const times: { cold: number[]; warm: number[] } = { cold: [], warm: [] };
  for (let i = 0; i < 1200; i++) {
    const attempt = behaviourOf(phrases(3, own));
    const sealed = kept[i % users]!;
    const began = performance.now();
    const opened: Person = decodePerson(sealed.subarray(130));
    await engine.assess(opened, attempt);
    const between = performance.now();
    await engine.assess(opened, attempt);
    if (i < 200) continue;
    times.cold.push(between - began);
    times.warm.push(performance.now() - between);
  }
  return {
    riskP50Ms: round(quantile(times.cold, 0.5)),
    riskP99Ms: round(quantile(times.cold, 0.99)),
    riskWarmP99Ms: round(quantile(times.warm, 0.99)),
    users,
    kibPerUser: round(perUser / 1024, 1),
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
  say('Risk of an authentication');
  const figures = await risks(Number(options.users));
  const vault = await prepareVault(context, await openBao(context));
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
