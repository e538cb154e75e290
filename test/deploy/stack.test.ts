import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { stringify } from 'yaml';
import { startClickHouse } from '../../infra/clickhouse/embedded.ts';
import { startRegistryServer } from '../../infra/http/registry-server.ts';
import { packageRoot } from '../../infra/paths.ts';
import { MemoryRegistry } from '../../schemas/registry.ts';
import { startEbbtide } from '../infra/cli/ebbtide.ts';
import { until } from '../services/context.ts';
import { temporaryFolder } from '../services/folder.ts';
import { privateKafka } from '../services/kafka.ts';
import { openBao } from '../services/openbao.ts';
import { requireOrSkip } from '../services/require.ts';
import { runProgram, yamlFile } from './tools.ts';

type Section = Record<string, unknown>;
interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly profiles?: readonly string[];
  readonly volumes?: readonly string[];
}

const { services } = yamlFile<{ services: Readonly<Record<string, Service>> }>('compose.yaml');
/** Services whose logins `vault-init` hands out. */
const logins = services['vault-init']!.volumes!.flatMap(
  (one) => /:\/run\/ebbtide\/logins\/([\w-]+)$/.exec(one)?.[1] ?? [],
);

/** Real servers, and the configuration of compose.yaml with their addresses and any free ports in it. */
const openStack = async (t: TestContext) => {
  // Hooks run in the order of their registration: ClickHouse ends before its folder is removed
  let clickhouse: Awaited<ReturnType<typeof startClickHouse>> | undefined;
  t.after(() => clickhouse?.stop());
  const folder = temporaryFolder(t);
  const at = (name: string) => join(folder, name);
  const [kafka, bao, archive] = await Promise.all([
    privateKafka(t),
    openBao(t),
    startClickHouse({ folder: at('clickhouse') }),
  ]);
  clickhouse = archive;
  const registry = await startRegistryServer(new MemoryRegistry(), { host: '127.0.0.1', port: 0 });
  t.after(() => registry.close());
  const script = (name: string) => join(packageRoot(), 'deploy/compose', name);
  for (const service of logins) mkdirSync(at(`logins/${service}`), { recursive: true });
  await runProgram(process.execPath, [
    script('secrets.mjs'),
    ...['unseal', 'users', 'secrets/token', 'secrets/clickhouse', 'grafana', 'owned'].map(at),
  ]);
  const given = yamlFile<Record<string, Section>>('deploy/compose/ebbtide.yaml');
  const text = stringify({
    ...given,
    kafka: { ...given.kafka, brokers: kafka.brokers },
    schemaRegistry: { url: registry.address },
    // The users of compose.yaml are tested beside this
    clickhouse: { url: archive.url },
    vault: { ...given.vault, address: bao.address },
    ...Object.fromEntries(
      ['http', 'token', 'console', 'delivery', 'keyhost', 'signals'].map((name) => [
        name,
        { ...given[name], host: '127.0.0.1', port: 0 },
      ]),
    ),
    gateway: { ...given.gateway, host: '127.0.0.1', port: 0, grpcPort: 0 },
  })
    .replaceAll('/run/ebbtide', folder)
    .replaceAll('/var/lib/ebbtide-models', at('models'));
  writeFileSync(at('ebbtide.yaml'), text);
  mkdirSync(at('admin'));
  writeFileSync(at('admin/root-token'), bao.rootToken, { mode: 0o600 });
  await runProgram(process.execPath, [script('vault.mjs'), bao.address, at('admin'), at('logins')], {
    env: { ...process.env, EBBTIDE_CONFIG: at('ebbtide.yaml') },
  });
  for (const service of logins)
    assert.deepEqual(readdirSync(at(`logins/${service}`)).sort(), [
      `ebbtide-${service}.role-id`,
      `ebbtide-${service}.secret-id`,
    ]);
  return { at, config: at('ebbtide.yaml') };
};

/** Start one of compose.yaml's processes and wait until it says that it is ready. */
const startProcess = async (t: TestContext, command: readonly string[], config: string, data: string) => {
  mkdirSync(data, { recursive: true });
  const child = startEbbtide([...command, '--config', config], { EBBTIDE_DATA: data });
  t.after(() => child.kill('SIGKILL'));
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  let over = false;
  void ended.then(() => {
    over = true;
  });
  const address = await until(
    `${command.join(' ')} to answer`,
    () => {
      if (over) throw new Error(`${command.join(' ')} ended:\n${said}`);
      return /Health and metrics at (\S+)/.exec(said)?.[1];
    },
    180_000,
  );
  await until(
    `${command.join(' ')} to be ready`,
    async () => {
      if (over) throw new Error(`${command.join(' ')} ended:\n${said}`);
      const response = await fetch(`${address}/health/ready`).catch(() => undefined);
      await response?.text();
      return response?.status === 200;
    },
    180_000,
  );
  return { address, ended, child };
};

test('the processes of compose.yaml get ready on real servers with its configuration, and stop when told to', async (t) => {
  if (!(await requireOrSkip(t, 'java', 'openbao', 'clickhouse'))) return;
  const { at, config } = await openStack(t);
  const ours = Object.entries(services).filter(
    ([, { image, entrypoint, profiles }]) => image.startsWith('ebbtide:') && !entrypoint && !profiles,
  );
  assert.equal(ours.length, 11);
  // All at once, as Compose does
  const running = await Promise.all(
    ours.map(([name, { command }]) => startProcess(t, command!, config, at(`data-${name}`))),
  );
  for (const { address } of running)
    assert.match(await (await fetch(`${address}/metrics`)).text(), /ebbtide_build_info/);
  for (const { child } of running) child.kill('SIGTERM');
  assert.deepEqual(
    await Promise.all(running.map(({ ended }) => ended)),
    running.map(() => 0),
  );
});
