import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startRegistryServer } from '../../infra/http/registry-server.ts';
import { connectKafka } from '../../infra/kafka/connect.ts';
import {
  decide,
  issueToken,
  type KafkaRig,
  kafkaRigAt,
  lifeS,
  type PreparedVault,
  prepareVault,
  until,
} from '../infra/vault/rig.ts';
import { privateKafka } from '../services/kafka.ts';
import { openBao } from '../services/openbao.ts';
import { requireOrSkip } from '../services/require.ts';

const script = fileURLToPath(new URL(`actuator-process${extname(import.meta.url)}`, import.meta.url));

/** A way to Vault that tells of each answer before passing it on, so that a test can act in between. */
const wayToVault = async (
  t: TestContext,
  vault: PreparedVault,
  onAnswer: (path: string) => Promise<void>,
): Promise<string> => {
  const { hostname, port } = new URL(vault.address);
  const server = createServer((incoming, outgoing) => {
    const onward = send(
      { hostname, port, method: incoming.method, path: incoming.url, headers: incoming.headers },
      (answer) => {
        void onAnswer(incoming.url ?? '').then(() => {
          outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(outgoing);
        });
      },
    );
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

test('actuate must leave one effect for each decision, however often and wherever it is killed', async (t) => {
  if (!(await requireOrSkip(t, 'java'))) return;
  const { brokers } = await privateKafka(t).then(async (kafka) => ({ brokers: kafka.brokers }));
  const admin = await connectKafka({ brokers });
  await admin.ensureTopics(2);
  await admin.close();
  const vault = await prepareVault(t, await openBao(t));
  const kafka: KafkaRig = await kafkaRigAt(t, brokers);
  const registry = await startRegistryServer(kafka.registry, { host: '127.0.0.1', port: 0 });
  t.after(() => registry.close());

  let child: ChildProcess | undefined;
  t.after(() => child?.kill('SIGKILL'));
  let afterAnswer = async (_path: string): Promise<void> => {};
  const address = await wayToVault(t, vault, (path) => afterAnswer(path));
  const start = async () => {
    const where = { brokers, registryUrl: registry.address, vault: { ...vault.configs.actuator, address } };
    const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
    child = fork(script, [JSON.stringify(where)], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'], env });
    await once(child.stdout!, 'data');
  };
  const kill = async () => {
    const dying = child!;
    if (dying.exitCode !== null || dying.signalCode !== null) return;
    dying.kill('SIGKILL');
    await once(dying, 'exit');
  };
  const effectsOf = (decisionId: string) => kafka.effects.filter((effect) => effect.decisionId === decisionId);
  const once1 = async (decisionId: string) =>
    (await until(`the effect of ${decisionId}`, () => effectsOf(decisionId)[0])).outcome;

  await t.test('between the answer of Vault and its commit', async () => {
    for (const [action, ttlMs, path] of [
      ['revoke', 0, '/revoke-accessor'],
      ['shorten', 60_000, '/renew-accessor'],
      ['extend', 900_000, '/renew-accessor'],
    ] as const) {
      const { credential } = await issueToken(vault);
      await kafka.register(credential);
      const killed = new Promise<void>((resolve) => {
        afterAnswer = async (asked) => {
          if (!asked.endsWith(path)) return;
          afterAnswer = async () => {};
          await kill();
          resolve();
        };
      });
      await start();
      const decision = decide(credential, action, ttlMs);
      await kafka.decide(decision);
      await killed;
      assert.equal(effectsOf(decision.decisionId).length, 0);
      await start();
      assert.equal(await once1(decision.decisionId), 'enforced');
      const left = await lifeS(vault, credential.reference);
      if (action === 'revoke') assert.equal(left, undefined);
      else assert.ok(left! <= ttlMs / 1000 && left! > ttlMs / 1000 - 60, `${action}: ${left} s`);
      await kill();
    }
  });

  await t.test('at random moments, many times', async () => {
    const issued = await Promise.all(Array.from({ length: 12 }, () => issueToken(vault)));
    await kafka.register(...issued.map(({ credential }) => credential));
    const rounds = ['shorten', 'extend', 'shorten', 'extend', 'revoke'] as const;
    const decisions = rounds.flatMap((action, round) =>
      issued.map(({ credential }) => decide(credential, action, 100_000 * (round + 1))),
    );
    await kafka.decide(...decisions);
    // Answers of Vault count the time: a kill after every few of them falls anywhere in the work
    for (let life = 0; life < 4; life++) {
      let answers = 0;
      const enough = 3 + Math.floor(Math.random() * 25);
      const reached = new Promise<void>((resolve) => {
        afterAnswer = async () => {
          if (++answers === enough) resolve();
        };
      });
      await start();
      const finished = until('all effects', () =>
        decisions.every(({ decisionId }) => effectsOf(decisionId).length > 0),
      ).catch(() => {});
      await Promise.race([reached, finished]);
      await kill();
    }
    afterAnswer = async () => {};
    await start();
    for (const { decisionId } of decisions) await once1(decisionId);
    const marker = decide(issued[0]!.credential, 'extend', 1_000);
    await kafka.decide(marker);
    await once1(marker.decisionId);
    for (const { decisionId } of decisions) assert.equal(effectsOf(decisionId).length, 1, decisionId);
    for (const { credential } of issued) assert.equal(await lifeS(vault, credential.reference), undefined);
    await kill();
  });
});
