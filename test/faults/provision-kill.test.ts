import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startRegistryServer } from '../../infra/http/registry-server.ts';
import { connectKafka } from '../../infra/kafka/connect.ts';
import { provisionRig } from '../infra/provision/rig.ts';
import { kafkaRigAt, prepareVault, until } from '../infra/vault/rig.ts';
import { privateKafka } from '../services/kafka.ts';
import { openBao } from '../services/openbao.ts';
import { requireOrSkip } from '../services/require.ts';
import type { EngineArguments } from './provision-process.ts';

interface EngineProcess {
  readonly child: ChildProcess;
  said(word: string): Promise<unknown>;
  kill(): Promise<void>;
}

const startEngine = async (t: TestContext, args: EngineArguments): Promise<EngineProcess> => {
  const script = fileURLToPath(new URL(`provision-process${extname(import.meta.url)}`, import.meta.url));
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined, EBBTIDE_LOG: 'fatal' };
  const child = spawn(process.execPath, [...process.execArgv, script, JSON.stringify(args)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env,
  });
  const words = new Set<string>();
  createInterface({ input: child.stdout! }).on('line', (word) => words.add(word));
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  t.after(kill);
  const said = (word: string) =>
    until(`an engine to be ${word}`, () => {
      assert.equal(child.exitCode, null, 'the engine has ended by itself');
      return words.has(word);
    });
  await said('ready');
  return { child, said, kill };
};

test('an engine that is killed between mint and record must be replaced by another: one credential, and none left behind', async (t) => {
  if (!(await requireOrSkip(t, 'java')) || !(await requireOrSkip(t, 'openbao'))) return;
  const broker = await privateKafka(t);
  const admin = await connectKafka({ brokers: broker.brokers });
  await admin.ensureTopics(2);
  await admin.close();
  const server = await openBao(t);
  const vault = await prepareVault(t, server);
  await vault.root.write('sys/auth/userpass', { type: 'userpass' });
  const kafka = await kafkaRigAt(t, broker.brokers);
  const registry = await startRegistryServer(kafka.registry, { host: '127.0.0.1', port: 0 });
  t.after(() => registry.close());
  const rig = await provisionRig(t, server, { kafka, vault });
  const alice = await rig.user('alice');
  const delivery = await rig.delivery();
  const engine = (holdAt?: EngineArguments['holdAt']) =>
    startEngine(t, {
      brokers: broker.brokers,
      registryUrl: registry.address!,
      vault: { ...vault.configs.provision, timeoutMs: 2_000 },
      provision: rig.config({ claimMs: 3_000 }),
      ...(holdAt ? { holdAt } : {}),
    });
  const verifiers = async (vm: string): Promise<number> => {
    const list = await vault.root
      .list<{ keys: string[] }>(`ebbtide-provisions/metadata/verifiers/${vm}/alice`)
      .catch(() => ({ data: { keys: [] } }));
    const living = list.data.keys.map((id) =>
      vault.root.read(`ebbtide-provisions/data/verifiers/${vm}/alice/${id}`).then(
        () => 1,
        () => 0,
      ),
    );
    return (await Promise.all(living)).reduce<number>((sum, one) => sum + one, 0);
  };

  await t.test('killed once it had stored it: the other one records what lies there', async () => {
    const first = await engine('store');
    await rig.want('alice', 'box-1');
    await first.said('held');
    const other = await engine();
    assert.equal(await rig.lying(), 1);
    await first.kill();
    const { accessor } = await rig.step('alice/box-1', 'preProvisioned');
    assert.deepEqual([await rig.lying(), await verifiers('box-1')], [1, 1]);
    const { status, body } = await delivery.get('box-1', alice.token);
    assert.deepEqual([status, body.served], [200, 'preProvisioned'], JSON.stringify(body));
    assert.equal((await alice.open(body.sealed)).vm, 'box-1');
    await rig.noneLies();
    const said = rig.provisions.filter(({ pair, state }) => pair === 'alice/box-1' && state === 'preProvisioned');
    assert.deepEqual(new Set(said.map((record) => record.accessor)), new Set([accessor]), 'made once');
    await other.kill();
  });

  await t.test(
    'killed before it had stored it: the other one makes one, and what nobody knows ends by its time',
    async () => {
      const first = await engine('mint');
      const windowEnd = Date.now() + 40_000;
      await rig.want('alice', 'box-2', { windowEnd });
      await first.said('held');
      assert.deepEqual([await rig.lying(), await verifiers('box-2')], [0, 1]);
      const other = await engine();
      await first.kill();
      await rig.step('alice/box-2', 'preProvisioned');
      assert.equal(await rig.lying(), 1);
      const { body } = await delivery.get('box-2', alice.token);
      assert.equal(body.served, 'preProvisioned');
      assert.equal((await alice.open(body.sealed)).vm, 'box-2');
      await rig.noneLies();
      await until('every password of that window to be of no use', async () => (await verifiers('box-2')) === 0);
      assert.ok(Date.now() >= windowEnd - 2_000, 'the delivered one has lived as long as its window');
      await other.kill();
    },
  );

  await t.test('killed while it lies unused: the other one destroys it at the end of its window', async () => {
    const [first, other] = await Promise.all([engine(), engine()]);
    await rig.want('alice', 'box-3', { windowEnd: Date.now() + 25_000 });
    await rig.step('alice/box-3', 'preProvisioned');
    await first.kill();
    await rig.step('alice/box-3', 'destroyed');
    await rig.noneLies();
    assert.equal(await verifiers('box-3'), 0);
    const steps = rig.provisions.filter(({ pair }) => pair === 'alice/box-3').map(({ state }) => state);
    assert.deepEqual(steps, ['wanted', 'preProvisioned', 'destroyed']);
    await other.kill();
  });
});
