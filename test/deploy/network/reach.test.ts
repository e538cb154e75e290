import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { configSchema } from '../../../infra/config/config.ts';
import { kafkaAccess } from '../../../infra/kafka/acls.ts';
import { everything, render, values } from '../chart.ts';
import { deployTools, fileText, orSkip } from '../tools.ts';
import { admits, type Endpoint, type NetworkPolicy } from './policies.ts';

const namespace = 'credentials';
type Server = 'kafka' | 'registry' | 'tracing' | 'vault' | 'clickhouse' | 'models' | 'identity' | 'mail' | 'internet';

const podOf = (where: string, name: string, labels: Readonly<Record<string, string>> = {}): Endpoint => ({
  address: '10.0.0.1',
  namespace: { name: where, labels: { 'kubernetes.io/metadata.name': where } },
  labels: { 'app.kubernetes.io/name': name, ...labels },
});
const component = (name: string): Endpoint =>
  podOf(namespace, 'ebbtide', { 'app.kubernetes.io/instance': 'tide', 'app.kubernetes.io/component': name });
const outside: Endpoint = { address: '198.51.100.7' };
const servers: Readonly<Record<Server, readonly [Endpoint, number]>> = {
  kafka: [podOf('kafka', 'kafka'), 9092],
  registry: [podOf('kafka', 'registry'), 8080],
  tracing: [podOf('monitoring', 'collector'), 4318],
  vault: [podOf('vault', 'vault'), 8200],
  clickhouse: [podOf('clickhouse', 'clickhouse'), 8123],
  models: [outside, 9000],
  identity: [outside, 8443],
  mail: [outside, 587],
  internet: [outside, 443],
};
const addresses = [
  ...['config.models.registry=s3://models', 'config.models.s3.endpoint=https://s3.example:9000/below'],
  ...['config.tracing.endpoint=http://collector.monitoring:4318', 'config.console.oidc.issuer=https://id.example:8443'],
  'config.gateway.credentials[0].keysUrl=https://id.example:8443/keys',
];

/** The text that begins a process, out of the code: a property of `pipelines`, or a function of `serve`. */
const starts = (command: readonly string[]): string => {
  const [verb, name] = command;
  if (verb !== 'run' && verb !== 'serve') return '';
  const file = verb === 'run' ? 'infra/cli/pipelines.ts' : 'infra/cli/actions/serve.ts';
  const begin = verb === 'run' ? `\n  ${name}: ` : `\nconst serve${name![0]!.toUpperCase()}${name!.slice(1)}: Start = `;
  const after = fileText(file).split(begin)[1];
  assert.ok(after, `${file} begins ${name}`);
  return after.split(verb === 'run' ? /\n {2}\w+: / : /\nconst /)[0]!;
};
const sections = (z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }).properties ?? {}) as Readonly<
  Record<string, object>
>;
/** What a process connects to, by what its code is given and its configuration can name. */
const needs = (name: string, command: readonly string[]): readonly Server[] => {
  const code = starts(command);
  const section = JSON.stringify(sections[name] ?? {});
  const found: readonly (readonly [Server, boolean])[] = [
    ['kafka', name in kafkaAccess],
    ['registry', name in kafkaAccess],
    ['tracing', true],
    ['vault', /\bvault\('|\bvaultOf\(|\bentitiesOf\(/.test(code)],
    ['clickhouse', /\bclickhouse\(\)|\bconfig\.clickhouse\b/.test(code)],
    ['models', /\b(openModelRegistry|retrainedModels|archivePorts)\(/.test(code)],
    ['identity', /"(oidc|keysUrl)":/.test(section)],
    ['mail', /\bconfig\.mail\b/.test(code)],
    ['internet', /"(url|jwksUri)":/.test(section)],
  ];
  return found.flatMap(([server, needed]) => (needed ? [server] : []));
};

const policies = async (helm: string, ...settings: readonly string[]): Promise<readonly NetworkPolicy[]> =>
  (await render(helm, [...everything, ...addresses, ...settings]))
    .filter(({ kind }) => kind === 'NetworkPolicy')
    .map((one) => {
      const policy = one as unknown as NetworkPolicy;
      return { ...policy, metadata: { ...policy.metadata, namespace } };
    });
const helmOrSkip = async (t: Parameters<typeof orSkip>[0]) => orSkip(t, (await deployTools()).findHelm(), 'Helm');

test('the code says what each process connects to', () => {
  const table = Object.fromEntries(
    Object.entries(values.components).map(([name, { command }]) => [name, needs(name, command)]),
  );
  const every = ['kafka', 'registry', 'tracing'];
  assert.deepEqual(table, {
    lifecycle: [...every, 'models'],
    scope: [...every, 'models'],
    keylife: [...every, 'vault', 'models'],
    preprovision: [...every, 'models'],
    actuate: [...every, 'vault'],
    archive: [...every, 'clickhouse'],
    notify: [...every, 'mail', 'internet'],
    threat: [...every, 'internet'],
    retrain: [...every, 'clickhouse', 'models'],
    token: [...every, 'vault'],
    gateway: [...every, 'identity'],
    keyhost: [...every, 'vault', 'models'],
    provision: [...every, 'vault'],
    delivery: [...every, 'vault'],
    mail: [...every, 'mail'],
    signals: [...every, 'internet'],
    console: [...every, 'vault', 'clickhouse', 'models', 'identity'],
    agent: every,
  });
});

test('a process reaches what it connects to, names, and nothing else', async (t) => {
  const helm = await helmOrSkip(t);
  if (!helm) return;
  const plain = await policies(helm);
  for (const [name, { command }] of Object.entries(values.components)) {
    const needed = needs(name, command);
    for (const [server, [where, port]] of Object.entries(servers))
      assert.equal(
        admits(plain, component(name), where, port),
        needed.includes(server as Server),
        `${name} → ${server}`,
      );
    const names = podOf('kube-system', 'coredns');
    for (const protocol of ['UDP', 'TCP'] as const)
      assert.ok(admits(plain, component(name), names, 53, protocol), `${name} → names`);
    assert.ok(!admits(plain, component(name), { address: '169.254.169.254' }, 80), `${name} → the node's metadata`);
    assert.ok(!admits(plain, component(name), { address: '10.96.0.1' }, 6443), `${name} → the API server`);
    for (const [other, { ports = {} }] of Object.entries(values.components))
      for (const port of [9464, ...Object.values(ports)])
        assert.ok(!admits(plain, component(name), component(other), port), `${name} → ${other}: none calls another`);
  }
});

test('servers that share a port are told apart by where they are, and ports behind a Service are those that are named', async (t) => {
  const helm = await helmOrSkip(t);
  if (!helm) return;
  const at = (server: string, where: string) =>
    `networkPolicy.servers.${server}.to[0].namespaceSelector.matchLabels.kubernetes\\.io/metadata\\.name=${where}`;
  const shared = await policies(
    helm,
    'config.kafka.brokers=a.kafka:9093\\, b.kafka:9094',
    ...['config.vault.address=https://vault.vault', 'config.clickhouse.url=https://clickhouse.clickhouse'],
    ...['config.schemaRegistry.url=http://registry.kafka', 'networkPolicy.servers.schemaRegistry.ports={8081}'],
    ...[at('vault', 'vault'), at('clickhouse', 'clickhouse')],
  );
  const reaches = (name: string, [where]: readonly [Endpoint, number], port: number) =>
    admits(shared, component(name), where, port);
  for (const name of ['lifecycle', 'scope', 'archive', 'actuate', 'console']) {
    const needed = needs(name, values.components[name]!.command);
    assert.equal(reaches(name, servers.vault, 443), needed.includes('vault'), `${name} → vault`);
    assert.equal(reaches(name, servers.clickhouse, 443), needed.includes('clickhouse'), `${name} → clickhouse`);
    assert.ok(!reaches(name, servers.internet, 443), `${name} → internet`);
    for (const port of [9093, 9094]) assert.ok(reaches(name, servers.kafka, port), `${name} → kafka ${port}`);
    assert.ok(!reaches(name, servers.kafka, 9092), `${name} → kafka 9092`);
    assert.deepEqual([reaches(name, servers.registry, 8081), reaches(name, servers.registry, 80)], [true, false]);
  }
});

test('addresses that the environment of a pod fills in have the port at their end, or the one that is named', async (t) => {
  const helm = await helmOrSkip(t);
  if (!helm) return;
  const at = (name: string, address: string) => `config.${name}=${address}`;
  for (const [server, setting, needed] of [
    ['kafka', at('kafka.brokers', `\${ENV:BROKERS}`), 'scope'],
    ['schemaRegistry', at('schemaRegistry.url', `\${ENV:REGISTRY}`), 'scope'],
    ['tracing', at('tracing.endpoint', `\${ENV:COLLECTOR}`), 'scope'],
    ['vault', at('vault.address', `https://\${ENV:VAULT}`), 'token'],
    ['vault', at('vault.address', `https://vault:\${ENV:PORT}`), 'token'],
    ['clickhouse', at('clickhouse.url', `https://\${FILE:/etc/host}/below`), 'archive'],
    ['models', at('models.registry', `\${ENV:REGISTRY}`), 'scope'],
    ['models', at('models.s3.endpoint', `\${ENV:ENDPOINT}`), 'scope'],
    ['identity', at('gateway.credentials[0].keysUrl', `\${ENV:KEYS}`), 'gateway'],
    ['mail', at('mail.port', `\${ENV:PORT}`), 'mail'],
  ] as const) {
    const settings = [
      'keda.enabled=false',
      ...(setting.includes('models.registry') ? [at('models.s3', 'null')] : []),
      setting,
    ];
    await assert.rejects(
      policies(helm, ...settings),
      ({ stderr }: { stderr: string }) =>
        stderr.includes(`is taken from the environment: name its ports by networkPolicy.servers.${server}.ports`),
      setting,
    );
    const named = await policies(helm, ...settings, `networkPolicy.servers.${server}.ports={7}`);
    assert.ok(admits(named, component(needed), outside, 7), setting);
  }
  const literal = await policies(
    helm,
    ...[
      'keda.enabled=false',
      at('kafka.brokers', `\${ENV:HOST}:9095`),
      at('schemaRegistry.url', `http://\${ENV:HOST}:81/v7`),
    ],
    ...[at('vault.address', `https://vault/\${ENV:PATH}`), at('models.registry', `s3://\${ENV:BUCKET}`)],
  );
  for (const [name, port] of [
    ['scope', 9095],
    ['scope', 81],
    ['scope', 9000],
    ['token', 443],
  ] as const)
    assert.ok(admits(literal, component(name), outside, port), `${name} ${port}`);
});

test('what tells and asks others reaches them at 443 and the ports of its own addresses, where they are said to be', async (t) => {
  const helm = await helmOrSkip(t);
  if (!helm) return;
  const own = [
    'config.notify.routes[0].url=https://chat.example:8444/hook',
    `config.notify.routes[1].url=\${ENV:CHAT}`,
    'config.threat.feeds[0].url=https://feed.example:8445',
    'config.signals.transmitter.authorizationServers[0].jwksUri=https://id.example:8446/keys',
    'config.signals.receiver.transmitters[0].pollUrl=https://peer.example:8447',
  ];
  const anywhere = await policies(helm, ...own);
  const proxy: Endpoint = { address: '192.0.2.7' };
  const block = 'networkPolicy.servers.internet.to[0].ipBlock.cidr=192.0.2.0/28';
  const through = await policies(helm, ...own, block);
  const named = await policies(helm, block, 'networkPolicy.servers.internet.ports={3128}');
  const ports = { notify: [8444], threat: [8445], signals: [8446, 8447] };
  for (const [name, numbers] of Object.entries(ports)) {
    for (const port of [443, ...Object.values(ports).flat()]) {
      const admitted = port === 443 || numbers.includes(port);
      assert.equal(admits(anywhere, component(name), outside, port), admitted, `${name} ${port}`);
      assert.equal(admits(through, component(name), proxy, port), admitted, `${name} ${port}`);
      assert.ok(!admits(through, component(name), outside, port), `${name} ${port} past the proxy`);
    }
    assert.ok(admits(named, component(name), proxy, 3128), name);
    for (const port of [443, 3128]) assert.ok(!admits(named, component(name), outside, port), `${name} ${port}`);
  }
});

test('a component is reached at its own ports by those that are named, and its metrics by the monitoring', async (t) => {
  const helm = await helmOrSkip(t);
  if (!helm) return;
  const proxy = podOf(namespace, 'envoy');
  const stranger = podOf('default', 'envoy');
  const prometheus = podOf('monitoring', 'prometheus');
  const plain = await policies(helm);
  const console = component('console');
  const fromIngress = await policies(
    helm,
    'networkPolicy.ingressFrom[0].namespaceSelector.matchLabels.kubernetes\\.io/metadata\\.name=ingress',
  );
  for (const [name, { ports = {} }] of Object.entries(values.components)) {
    for (const port of Object.values(ports)) {
      assert.ok(admits(plain, proxy, component(name), port), `proxy → ${name} ${port}`);
      for (const from of [stranger, prometheus, outside])
        assert.ok(!admits(plain, from, component(name), port), `${from.namespace?.name} → ${name} ${port}`);
    }
    assert.ok(admits(plain, prometheus, component(name), 9464), `metrics of ${name}`);
    for (const from of [proxy, stranger, outside])
      assert.ok(!admits(plain, from, component(name), 9464), `metrics of ${name} for ${from.namespace?.name}`);
  }
  assert.ok(admits(fromIngress, podOf('ingress', 'nginx'), console, 7070));
  assert.ok(!admits(fromIngress, proxy, console, 7070));
});
