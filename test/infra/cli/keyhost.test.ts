import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { startRegistryServer } from '../../../infra/http/registry-server.ts';
import { connectKafka } from '../../../infra/kafka/connect.ts';
import { loadSetup } from '../../../infra/setup/load.ts';
import { MemoryRegistry } from '../../../schemas/registry.ts';
import { topics } from '../../../schemas/topics.ts';
import { privateKafka } from '../../services/kafka.ts';
import { openBao } from '../../services/openbao.ts';
import { requireOrSkip } from '../../services/require.ts';
import { ask, batchOf, certificateRequest, endpointIdentity, typist } from '../services/keyhost/rig.ts';
import { prepareVault, until } from '../vault/rig.ts';
import { ebbtide, startEbbtide } from './ebbtide.ts';

/** A process of the command line, and all that it has said. */
const startProcess = (t: TestContext, args: readonly string[]) => {
  const child = startEbbtide(args);
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  t.after(() => child.kill('SIGKILL'));
  return {
    ended,
    said: () => said,
    stop: () => child.kill('SIGTERM'),
    /** Wait for what matches; fail with all that was said when the process ends before. */
    says: async (what: RegExp): Promise<RegExpExecArray> =>
      until(`${what} of ${args.join(' ')}`, () => {
        if (child.exitCode !== null) assert.fail(`${args.join(' ')} ended: ${said}`);
        return what.exec(said) ?? undefined;
      }),
  };
};

/** Settings of a topic, as Kafka's own tool tells them. */
const settingsOf = async (brokers: string, topic: string): Promise<string> => {
  const { ensureKafkaJars } = await loadSetup<{ ensureKafkaJars(): Promise<string> }>('kafka-jars.mjs');
  const classPath = ['-XX:TieredStopAtLevel=1', '-cp', join(await ensureKafkaJars(), '*')];
  const asked = ['--bootstrap-server', brokers, '--describe', '--topic', topic];
  return (await promisify(execFile)('java', [...classPath, 'kafka.admin.ConfigCommand', ...asked])).stdout;
};

test('key host, keylife and privacy work as processes of their own', { timeout: 420_000 }, async (t) => {
  if (!(await requireOrSkip(t, 'java', 'openbao'))) return;
  const broker = await privateKafka(t);
  const vault = await prepareVault(t, await openBao(t));
  const schemas = await startRegistryServer(new MemoryRegistry(), { host: '127.0.0.1', port: 0 });
  t.after(() => schemas.close());
  const config = join(vault.folder, 'ebbtide.yaml');
  const login = (service: 'keyhost' | 'keylife' | 'privacy') => vault.configs[service].login;
  writeFileSync(
    config,
    JSON.stringify({
      kafka: { brokers: broker.brokers, partitions: 2, retentionMs: { 'telemetry.biometric': 3_600_000 } },
      schemaRegistry: { url: schemas.address },
      vault: {
        address: vault.address,
        keyhostLogin: login('keyhost'),
        keylifeLogin: login('keylife'),
        privacyLogin: login('privacy'),
      },
      policy: { keylife: { mode: 'enforce' } },
      keyhost: { port: 0 },
      keylife: { clockMs: 200 },
      http: { port: 0 },
    }),
  );
  const keyhost = startProcess(t, ['--config', config, 'serve', 'keyhost']);
  const [, address = ''] = await keyhost.says(/keyhost runs at (https:\S+)/);
  const keylife = startProcess(t, ['--config', config, 'run', 'keylife']);
  await keylife.says(/keylife runs/);

  const identity = await endpointIdentity(vault);
  const csr = certificateRequest(vault.folder);
  const post = (path: string, body: object) => ask(address, identity, 'POST', path, body);
  const signIn = (body: object) =>
    post('/v1/authentications', { requestId: randomUUID(), user: 'anna@example', csr, ...body });
  const anna = typist(0.25, 3);
  const mallory = typist(0.12, 17);
  const times = (count: number, of: typeof anna) => Array.from({ length: count }, () => of());

  await t.test('retention is that of the configuration, and else the contract', async () => {
    assert.match(await settingsOf(broker.brokers, 'telemetry.biometric'), /\bretention\.ms=3600000\b/);
    assert.match(await settingsOf(broker.brokers, 'authentications'), /\bretention\.ms=604800000\b/);
  });

  await t.test('a key is given by behaviour, and cut when another person goes on under it', async () => {
    assert.equal((await signIn({ strong: true, batch: batchOf(times(12, anna)) })).body.reason, 'learning');
    const { body: key } = await signIn({ batch: batchOf(times(1, anna)) });
    assert.equal(key.reason, 'assessed');
    const path = `/v1/keys/${key.credentialId}`;
    // What was learned counts from a clock record on: bursts go on coming until then, as they do
    await until('the cut', async () => {
      assert.equal((await post(`${path}/behaviour`, { batch: batchOf(times(3, mallory)) })).status, 202);
      return (await ask(address, identity, 'GET', path)).body.state === 'cut';
    });
  });

  await t.test('export prints all that is kept, and erase makes it unreadable', async () => {
    const run = (...args: string[]) => ebbtide(['--config', config, 'privacy', ...args]);
    const before = await run('export', 'anna@example');
    assert.equal(before.status, 0, before.stderr);
    const kept = JSON.parse(before.stdout);
    assert.equal(kept.baseline.keystroke.anchor.length, 12 * 31);
    assert.ok(kept.behaviour.every(({ features }: { features: object | null }) => features !== null));
    const unasked = await run('erase', 'anna@example');
    assert.notEqual(unasked.status, 0);
    const erased = await run('erase', '--yes', 'anna@example');
    assert.equal(erased.status, 0, erased.stderr);
    assert.match(erased.stdout, /is destroyed/);
    const after = JSON.parse((await run('export', 'anna@example')).stdout);
    assert.equal(after.baseline, null);
    assert.ok(after.behaviour.length >= kept.behaviour.length);
    assert.ok(after.behaviour.every(({ features }: { features: object | null }) => features === null));
    const nobody = await run('export', 'nobody@example');
    assert.notEqual(nobody.status, 0);
    assert.match(nobody.stderr, /Nothing is kept of this user/);
    const kafka = await connectKafka({ brokers: broker.brokers });
    t.after(() => kafka.close());
    const tail = await kafka.tail({ topics: [topics.actions.name], from: 'beginning' });
    t.after(() => tail.close());
    const deeds: string[] = [];
    void (async () => {
      for await (const messages of tail.batches())
        for (const { key, value } of messages) if (String(key) === kept.user) deeds.push(String(value));
    })();
    // The framed records hold their strings as they are
    for (const action of ['exportUser', 'eraseUser'])
      await until(action, () => deeds.some((deed) => deed.includes(action)));
    // The key host has heard of it, and begins anew
    const back = await until('begun anew', async () => {
      const { body } = await signIn({ batch: batchOf(times(1, anna)) });
      return body.reason === 'learning' && body;
    });
    assert.equal(back.lifespanMs > 3_500_000, true);
  });

  await t.test('both end when they are told to', async () => {
    for (const one of [keylife, keyhost]) {
      one.stop();
      assert.equal(await one.ended, 0, one.said());
    }
  });
});
