import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { stringify } from 'yaml';
import { startClickHouse } from '../../infra/clickhouse/embedded.ts';
import { startRegistryServer } from '../../infra/http/registry-server.ts';
import { packageRoot } from '../../infra/paths.ts';
import { MemoryRegistry } from '../../schemas/registry.ts';
import { ebbtide, startEbbtide } from '../infra/cli/ebbtide.ts';
import { until } from '../services/context.ts';
import { temporaryFolder } from '../services/folder.ts';
import { privateKafka } from '../services/kafka.ts';
import { openBao } from '../services/openbao.ts';
import { requireOrSkip } from '../services/require.ts';
import { runProgram, yamlFile } from './tools.ts';

type Section = Record<string, unknown>;

/** Real servers, and the configuration of compose.yaml with their addresses and any free ports in it. */
const openStack = async (t: TestContext) => {
  const folder = temporaryFolder(t);
  const at = (name: string) => join(folder, name);
  const [kafka, bao, clickhouse] = await Promise.all([
    privateKafka(t),
    openBao(t),
    startClickHouse({ folder: at('clickhouse') }),
  ]);
  t.after(() => clickhouse.stop());
  const registry = await startRegistryServer(new MemoryRegistry(), { host: '127.0.0.1', port: 0 });
  t.after(() => registry.close());
  await runProgram(process.execPath, [
    join(packageRoot(), 'deploy/compose/secrets.mjs'),
    ...['unseal', 'users', 'secrets', 'grafana'].map(at),
  ]);
  const prepared = await ebbtide(['vault', 'bootstrap', '--address', bao.address, '--folder', at('vault'), '--yes'], {
    VAULT_TOKEN: bao.rootToken,
  });
  assert.equal(prepared.status, 0, prepared.stderr);
  const given = yamlFile<Record<string, Section>>('deploy/compose/ebbtide.yaml');
  const text = stringify({
    ...given,
    kafka: { ...given.kafka, brokers: kafka.brokers },
    schemaRegistry: { url: registry.address },
    // The users of compose.yaml are tested beside this
    clickhouse: { url: clickhouse.url },
    vault: { ...given.vault, address: bao.address },
    ...Object.fromEntries(
      ['http', 'token', 'console'].map((name) => [name, { ...given[name], host: '127.0.0.1', port: 0 }]),
    ),
    gateway: { ...given.gateway, host: '127.0.0.1', port: 0, grpcPort: 0 },
  }).replaceAll('/run/ebbtide', folder);
  writeFileSync(at('ebbtide.yaml'), text);
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
  const { services } = yamlFile<{
    services: Record<string, { image: string; command?: string[]; entrypoint?: string[] }>;
  }>('compose.yaml');
  const ours = Object.entries(services).filter(
    ([, { image, entrypoint }]) => image.startsWith('ebbtide:') && !entrypoint,
  );
  const running = [];
  for (const [name, { command }] of ours) running.push(await startProcess(t, command!, config, at(`data-${name}`)));
  assert.equal(running.length, 5);
  for (const { address } of running)
    assert.match(await (await fetch(`${address}/metrics`)).text(), /ebbtide_build_info/);
  for (const { child } of running) child.kill('SIGTERM');
  assert.deepEqual(
    await Promise.all(running.map(({ ended }) => ended)),
    running.map(() => 0),
  );
});
