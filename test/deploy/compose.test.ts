import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { loadConfig } from '../../infra/config/load.ts';
import { packageRoot } from '../../infra/paths.ts';
import { temporaryFolder } from '../services/folder.ts';
import { deployTools, fileText, orSkip, parseCommand, partsOf, runProgram, yamlFile } from './tools.ts';

interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly entrypoint?: readonly string[];
  readonly volumes?: readonly string[];
  readonly profiles?: readonly string[];
  readonly mem_limit?: string;
  readonly ports?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { condition: string }>>;
  readonly healthcheck?: { readonly disable?: boolean };
  readonly restart?: string;
  readonly read_only?: boolean;
  readonly user?: string;
  readonly cap_drop?: readonly string[];
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const root = packageRoot();
const compose = yamlFile<Compose>('compose.yaml');
const services = Object.entries(compose.services);
const config = loadConfig(join(root, 'deploy/compose/ebbtide.yaml')).config;
const isOurs = ({ image }: Service) => image.startsWith('ebbtide:');
/** Processes of Ebbtide that plain `docker compose up` starts. */
const processes = services.filter(([, one]) => isOurs(one) && !one.entrypoint && !one.profiles);
const commandOf = (name: string) => compose.services[name]?.command?.join(' ') ?? '';

test('compose.yaml is what the Compose Specification allows', async (t) => {
  const path = orSkip(t, (await deployTools()).findSchema('compose-spec.json'), 'the schema of compose files');
  if (!path) return;
  const schema = JSON.parse(readFileSync(path, 'utf8')) as { $schema?: string };
  const Validator = schema.$schema?.includes('2020-12') ? Ajv2020 : Ajv;
  const ajv = new Validator({ strict: false, validateFormats: false });
  const valid = ajv.validate(schema, compose);
  assert.ok(valid, ajv.errorsText());
});

test('every service names an image with a version, and servers it needs that there are', () => {
  for (const [name, service] of services) {
    assert.match(service.image, /:(\$\{EBBTIDE_VERSION:-)?v?\d[\w.]*\}?$/, name);
    for (const [needed, { condition }] of Object.entries(service.depends_on ?? {})) {
      assert.ok(needed in compose.services, `${name} needs ${needed}`);
      if (condition === 'service_healthy')
        assert.ok(compose.services[needed]!.healthcheck && !compose.services[needed]!.healthcheck.disable, needed);
      if (condition === 'service_completed_successfully')
        assert.notEqual(compose.services[needed]!.restart, 'unless-stopped');
    }
  }
});

test('every mounted file is there, and every volume declared', () => {
  let files = 0;
  for (const [name, { volumes = [] }] of services)
    for (const volume of volumes) {
      const [source, target] = volume.split(':') as [string, string];
      assert.match(target, /^\//, volume);
      if (source.startsWith('./')) {
        files++;
        assert.ok(existsSync(join(root, source)), `${name} mounts ${source}`);
        assert.match(volume, /:ro$/, `${name} mounts ${source}`);
      } else if (source.startsWith('/')) assert.ok(compose.services[name]!.profiles?.includes('host'), volume);
      else assert.ok(source in compose.volumes, `${name} mounts ${source}`);
    }
  assert.ok(files >= 10);
});

test('all four systems run without a profile, and every part of the product that no profile names', () => {
  const started = new Set(processes.flatMap(([, { command }]) => command!.slice(1)));
  const optional = new Set(services.flatMap(([, one]) => (one.profiles ? one.command!.slice(1) : [])));
  assert.deepEqual([...optional].sort(), ['collector', 'mail']);
  for (const name of [...partsOf('run'), ...partsOf('serve')])
    assert.ok(started.has(name) !== optional.has(name), `${name} is started once, or by a profile`);
  for (const name of ['lifecycle', 'scope', 'preprovision', 'keylife'] as const)
    assert.equal(config.policy[name].mode, 'shadow');
});

test('each login at Vault is mounted where it is used, and nowhere else', () => {
  const logins = new Map<string, string[]>();
  for (const [name, { volumes = [] }] of services)
    for (const volume of volumes.filter((one) => one.startsWith('login-'))) {
      const [source, target, mode] = volume.split(':') as [string, string, string?];
      if (name === 'secrets') continue;
      assert.equal(target, `/run/ebbtide/logins/${source.slice('login-'.length)}`, name);
      if (name === 'vault-init') continue;
      assert.equal(mode, 'ro', name);
      logins.set(source, [...(logins.get(source) ?? []), commandOf(name)]);
    }
  assert.deepEqual(Object.fromEntries(logins), {
    'login-actuator': ['run actuate'],
    'login-console': ['serve console'],
    'login-delivery': ['serve provision delivery'],
    'login-keyhost': ['serve keyhost'],
    'login-keylife': ['run keylife'],
    'login-provision': ['serve provision delivery'],
    'login-token-service': ['serve token gateway'],
  });
  const named = Object.values(config.vault).flatMap((one) =>
    typeof one === 'object' && one.method === 'approle' ? [dirname(one.roleIdFile), dirname(one.secretIdFile)] : [],
  );
  assert.deepEqual(
    [...new Set(named)].sort(),
    [...logins.keys()].map((name) => `/run/ebbtide/logins/${name.slice('login-'.length)}`).sort(),
  );
  const holders = (volume: string) =>
    services
      .filter(([, { volumes = [] }]) => volumes.some((one) => one.startsWith(`${volume}:`)))
      .map(([name]) => name);
  assert.deepEqual(holders('vault-admin'), ['secrets', 'vault-init']);
  assert.deepEqual(holders('clickhouse-secret'), ['secrets', 'archive', 'retrain', 'console']);
  assert.deepEqual(holders('token-secret'), ['secrets', 'services']);
  for (const volume of [...logins.keys(), 'vault-admin', 'models'])
    assert.ok(compose.services.secrets!.volumes!.includes(`${volume}:/run/owned/${volume}`), volume);
});

test('what keeps state has a volume of its own, no container may take all memory, and ports are of this machine alone', () => {
  const states = new Set<string>();
  for (const [name, { volumes = [], ports = [], mem_limit, entrypoint }] of services) {
    for (const volume of volumes)
      if (isOurs(compose.services[name]!) && volume.includes(':/var/lib/ebbtide')) {
        const source = volume.split(':')[0]!;
        assert.ok(source === 'models' || !states.has(source), volume);
        states.add(source);
      }
    for (const port of ports) assert.match(port, /^127\.0\.0\.1:/, name);
    if (!entrypoint || name === 'vault-init') assert.match(mem_limit ?? '', /^\d+[mg]$/, name);
  }
  for (const name of ['services', 'keyhost', 'keylife', 'outside', 'signals', 'retrain'])
    assert.ok(states.has(name), name);
  assert.equal(config.models.registry, '/var/lib/ebbtide-models');
  const writers = services.filter(([, { volumes = [] }]) => volumes.includes('models:/var/lib/ebbtide-models'));
  assert.deepEqual(writers.map(([name]) => name).sort(), ['console', 'retrain']);
});

test('whoever reads the configuration has it, what prepares Vault by provision.targets among them', () => {
  const readers = services.filter(([name, one]) => isOurs(one) && name !== 'secrets');
  assert.ok(readers.some(([name]) => name === 'vault-init'));
  for (const [name, { environment, volumes = [] }] of readers) {
    const file = environment?.EBBTIDE_CONFIG;
    assert.ok(file && volumes.includes(`./deploy/compose/ebbtide.yaml:${file}:ro`), name);
  }
});

test('every command of Ebbtide is one that the command line takes', async () => {
  let commands = 0;
  for (const [name, service] of services) {
    if (!isOurs(service)) continue;
    assert.equal(service.read_only, true, name);
    if (service.entrypoint) {
      assert.match(service.entrypoint[1]!, /^\/app\/deploy\//);
      assert.ok(existsSync(join(root, service.entrypoint[1]!.replace('/app/', ''))), name);
      continue;
    }
    assert.deepEqual(service.cap_drop, ['ALL'], name);
    assert.equal(service.user, name === 'agent' ? '0:0' : undefined, name);
    await assert.doesNotReject(parseCommand(service.command!), name);
    commands++;
  }
  assert.ok(commands >= 5);
  await assert.rejects(parseCommand(['run', 'nothing']), /Allowed choices/);
});

test('what the configuration reaches are services of compose.yaml, and files that a volume brings', () => {
  const { kafka, schemaRegistry, clickhouse, vault, http } = config;
  for (const address of [`kafka://${kafka.brokers}`, schemaRegistry.url, clickhouse.url, vault.address])
    assert.ok(new URL(address).hostname in compose.services, address);
  /** Commands of those that a volume brings a file to. */
  const holdersOf = (file: string | undefined) =>
    services
      .filter(([, one]) => isOurs(one) && !one.entrypoint)
      .filter(([, { volumes = [] }]) => volumes.some((volume) => file!.startsWith(`${volume.split(':')[1]}/`)))
      .map(([name]) => commandOf(name))
      .sort();
  assert.deepEqual(holdersOf(clickhouse.passwordFile), ['run archive', 'run retrain', 'serve console']);
  assert.deepEqual(holdersOf(config.token.sharedSecretFile), ['serve token gateway']);
  assert.equal(http.host, '0.0.0.0');
  const ports = new Set(
    services
      .filter(([, one]) => isOurs(one))
      .flatMap(([, { ports: all = [] }]) => all.map((port) => Number(port.split(':').at(-1)))),
  );
  assert.deepEqual(
    ports,
    new Set([
      ...[config.token.port, config.gateway.port, config.gateway.grpcPort, config.delivery.port],
      ...[config.keyhost.port, config.signals.port, config.console.port],
    ]),
  );
  for (const name of ['token', 'gateway', 'delivery', 'keyhost', 'signals', 'console'] as const)
    assert.equal(config[name].host, '0.0.0.0', name);
  assert.ok(config.keyhost.names.every((name) => name === 'localhost' || name in compose.services));
});

test('Prometheus scrapes every process, and Grafana has the data sources that dashboards name', () => {
  const [{ targets }] = yamlFile<[{ targets: readonly string[] }]>('deploy/compose/targets/ebbtide.yaml');
  assert.deepEqual([...targets].sort(), processes.map(([name]) => `${name}:${config.http.port}`).sort());
  const { datasources } = yamlFile<{
    datasources: readonly { uid: string; url?: string; jsonData?: { host: string } }[];
  }>('deploy/compose/grafana/datasources/ebbtide.yaml');
  const alerting = fileText('infra/grafana/generated/alerting/ebbtide.yaml');
  for (const [, uid] of alerting.matchAll(/datasourceUid: (\S+)/g))
    assert.ok(uid === '__expr__' || datasources.some((source) => source.uid === uid), uid);
  for (const { url, jsonData } of datasources)
    assert.ok((jsonData?.host ?? new URL(url!).hostname) in compose.services);
});

test('secrets are made once, each for those alone who need it', async (t) => {
  const folder = temporaryFolder(t);
  const folders = ['unseal', 'clickhouse', 'token', 'password', 'grafana', 'owned'].map((name) => join(folder, name));
  mkdirSync(join(folder, 'owned', 'models'), { recursive: true });
  const make = () => runProgram(process.execPath, [join(root, 'deploy/compose/secrets.mjs'), ...folders]);
  await make();
  for (const [name, files] of [
    ['token', ['token-service.secret']],
    ['password', ['clickhouse.password']],
  ] as const)
    assert.deepEqual(readdirSync(join(folder, name)), files);
  const read = (name: string) => readFileSync(join(folder, name));
  assert.equal(read('unseal/unseal.key').length, 32);
  assert.equal(statSync(join(folder, 'owned', 'models')).mode & 0o777, 0o700);
  const password = read('password/clickhouse.password').toString();
  assert.equal(statSync(join(folder, 'password/clickhouse.password')).mode & 0o777, 0o400);
  const users = read('clickhouse/ebbtide.xml').toString();
  assert.ok(!users.includes(password));
  assert.notEqual(read('grafana/clickhouse.password').toString(), password);
  await make();
  assert.equal(read('password/clickhouse.password').toString(), password);
  assert.equal(read('clickhouse/ebbtide.xml').toString(), users);
});
