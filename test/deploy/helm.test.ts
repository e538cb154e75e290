import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { parseConfig } from '../../infra/config/load.ts';
import { packageRoot } from '../../infra/paths.ts';
import { blocksOf, pages } from '../docs/blocks.ts';
import { temporaryFolder } from '../services/folder.ts';
import { chart, encrypted, everything, render, values, workloads } from './chart.ts';
import { deployTools, orSkip, parseCommand, runProgram } from './tools.ts';

test('values name commands that the command line takes, and ports that services listen on', async () => {
  const config = parseConfig('{}');
  const listening: Readonly<Record<string, number>> = {
    token: config.token.port,
    gateway: config.gateway.port,
    grpc: config.gateway.grpcPort,
    keyhost: config.keyhost.port,
    delivery: config.delivery.port,
    signals: config.signals.port,
    console: config.console.port,
  };
  for (const [name, { command, ports = {} }] of Object.entries(values.components)) {
    await assert.doesNotReject(parseCommand(command), name);
    for (const [port, number] of Object.entries(ports)) assert.equal(number, listening[port], `${name} ${port}`);
  }
});

test('the chart passes helm lint, and refuses values that cannot be', async (t) => {
  const helm = orSkip(t, (await deployTools()).findHelm(), 'Helm');
  if (!helm) return;
  await runProgram(helm, ['lint', '--strict', chart]);
  for (const [wrong, message] of [
    ['image.digest=sha256:12', /digest/],
    ['components.lifecycle.replicas=-1', /replicas/],
    ['components.threat.persistence=null', /persistence/],
    ['config.kafka.brokers=embedded', /brokers is embedded.*name your Kafka as host:port/],
    ['config.kafka.brokers=kafka://kafka:9092', /name each broker as host:port, without a scheme/],
    ['components.console.replicas=2', /sessions live in the console's memory, so keep one replica/],
    ['components.threat.strategy=Recreate', /threat/],
    ['components.agent.keda.topics={telemetry.resource},components.agent.keda.consumerGroup=agent', /agent/],
    ['networkPolicy.servers.vault.to[0].ipBlock.cidr=192.0.2.7', /cidr/],
    ['networkPolicy.servers.vault.to[0].ipBlock.cidr=vault/32', /cidr/],
    ['networkPolicy.ingressFrom[0].podSelectors.matchLabels.app=envoy', /podSelectors/],
    ['components.token.host=true', /wants to be a DaemonSet/],
    ['terminationGracePeriodSeconds=10', /terminationGracePeriodSeconds/],
    ['components.token.reaches={postgres}', /reaches/],
    ['vault.login=root', /login/],
    ['components.token.ports.http=80', /http/],
    [`components.${'x'.repeat(41)}.enabled=true`, /maxLength/],
    ['typo=1', /typo/],
  ] as const)
    await assert.rejects(render(helm, [wrong]), (error: { stderr: string }) => message.test(error.stderr), wrong);
});

test('the chart takes values that only look as if they could not be', async (t) => {
  const helm = orSkip(t, (await deployTools()).findHelm(), 'Helm');
  if (!helm) return;
  for (const settings of [
    ['config.kafka.brokers=kafka-embedded.kafka:9092'],
    ['components.console.enabled=false', 'components.console.replicas=2'],
    ['components.gateway.strategy=Recreate'],
    ['networkPolicy.egressPorts=null', 'networkPolicy.servers=null'],
    ['networkPolicy.servers.vault.to[0].ipBlock.cidr=2001:db8::/32'],
    ['networkPolicy.servers.vault.to[0].ipBlock.cidr=192.0.2.7/32'],
  ])
    await assert.doesNotReject(render(helm, settings), settings.join(' '));
});

test('every pod is restricted, has what it mounts, and takes its configuration', async (t) => {
  const helm = orSkip(t, (await deployTools()).findHelm(), 'Helm');
  if (!helm) return;
  for (const login of ['kubernetes', 'agent', 'config']) {
    const manifests = await render(helm, [...everything, `vault.login=${login}`]);
    const text = manifests.find(({ kind }) => kind === 'ConfigMap')!.data!['ebbtide.yaml']!;
    const config = parseConfig(text, { environment: { NODE_NAME: 'node-1' } });
    assert.equal(config.agent.host, 'node-1');
    assert.equal(config.http.host, '0.0.0.0');
    assert.equal(
      config.vault.actuatorLogin?.method,
      { kubernetes: 'kubernetes', agent: 'token', config: undefined }[login],
    );
    const accounts = new Set(
      manifests.filter(({ kind }) => kind === 'ServiceAccount').map(({ metadata }) => metadata.name),
    );
    const all = workloads(manifests);
    assert.equal(all.length, Object.keys(values.components).length);
    for (const { metadata, kind, spec } of all) {
      const pod = spec!.template.spec;
      const [container] = pod.containers;
      const { runAsNonRoot, runAsUser, seccompProfile } = pod.securityContext;
      const onHost = kind === 'DaemonSet';
      assert.deepEqual(
        [runAsNonRoot, runAsUser, seccompProfile],
        [onHost ? undefined : true, onHost ? 0 : 10_001, { type: 'RuntimeDefault' }],
      );
      assert.deepEqual(container.securityContext, {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: onHost ? { drop: ['ALL'], add: ['DAC_READ_SEARCH', 'SYS_PTRACE'] } : { drop: ['ALL'] },
      });
      assert.equal(pod.hostPID ?? false, onHost);
      assert.equal(
        pod.volumes.some(({ hostPath }) => hostPath),
        onHost,
        'only the agent sees the node',
      );
      assert.ok(accounts.has(pod.serviceAccountName), pod.serviceAccountName);
      const nodeName = container.env.find(({ name }) => name === 'NODE_NAME')?.valueFrom;
      assert.deepEqual(nodeName, { fieldRef: { fieldPath: 'spec.nodeName' } });
      assert.ok(container.ports.some(({ containerPort }) => containerPort === config.http.port));
      const volumes = new Set(
        [...pod.volumes, ...(spec!.volumeClaimTemplates ?? []).map((claim) => claim.metadata)].map(({ name }) => name),
      );
      for (const { name } of container.volumeMounts) assert.ok(volumes.has(name), `${metadata.name} mounts ${name}`);
      assert.equal(kind === 'StatefulSet', spec!.volumeClaimTemplates !== undefined);
      if (login === 'kubernetes') assert.equal(pod.automountServiceAccountToken, false);
      await parseCommand(container.args);
    }
  }
});

test('service accounts of pods that log in at Vault are those that ebbtide vault bootstrap binds', async (t) => {
  const helm = orSkip(t, (await deployTools()).findHelm(), 'Helm');
  if (!helm) return;
  const accounts = workloads(await render(helm, everything)).map(({ spec }) => spec!.template.spec.serviceAccountName);
  const bound = ['actuator', 'console', 'token-service', 'keyhost', 'keylife', 'provision', 'delivery'].map(
    (name) => `ebbtide-${name}`,
  );
  assert.deepEqual([...new Set(accounts.filter((name) => name !== 'tide-default'))].sort(), bound.sort());
});

test('tokens for Vault are projected to the services that log in there, for its audience alone where one is named', async (t) => {
  const helm = orSkip(t, (await deployTools()).findHelm(), 'Helm');
  if (!helm) return;
  for (const audience of [undefined, 'https://vault.example']) {
    const manifests = await render(helm, [...everything, ...(audience ? [`vault.audience=${audience}`] : [])]);
    const tokens = workloads(manifests).flatMap(({ metadata, spec }) => {
      const volume = spec!.template.spec.volumes.find(({ name }) => name === 'vault-token');
      const name = metadata.name.replace(/^tide-/, '');
      return volume ? [[name, volume.projected!.sources.map((source) => source.serviceAccountToken)] as const] : [];
    });
    const logsIn = Object.entries(values.components).flatMap(([name, { vault }]) => (vault ? [name] : []));
    assert.deepEqual(tokens.map(([name]) => name).sort(), logsIn.sort());
    for (const [name, sources] of tokens)
      assert.deepEqual(sources, [{ path: 'token', expirationSeconds: 600, ...(audience ? { audience } : {}) }], name);
  }
});

test("with TLS, every process trusts the cluster's authority and comes to Kafka as itself", async (t) => {
  const helm = orSkip(t, (await deployTools()).findHelm(), 'Helm');
  if (!helm) return;
  const authority = '/etc/ebbtide/tls/ca.crt';
  for (const login of ['certificate', 'scram'] as const) {
    const manifests = await render(helm, [...everything, ...encrypted, `kafka.login=${login}`]);
    const text = manifests.find(({ kind }) => kind === 'ConfigMap')!.data!['ebbtide.yaml']!;
    for (const { metadata, spec } of workloads(manifests)) {
      const pod = spec!.template.spec;
      const [{ env, volumeMounts }] = pod.containers;
      const user = `ebbtide-${metadata.name.replace(/^tide-/, '')}`;
      const set = Object.fromEntries(env.map(({ name, value }) => [name, value ?? 'out of a secret']));
      assert.equal(set.NODE_EXTRA_CA_CERTS, authority);
      assert.ok(volumeMounts.some(({ mountPath, readOnly }) => mountPath === '/etc/ebbtide/tls' && readOnly));
      const { kafka, vault, clickhouse } = parseConfig(text, { environment: set });
      assert.deepEqual([vault.caFile, clickhouse.caFile], [authority, authority]);
      assert.equal(kafka.settings['ssl.ca.location'], authority);
      if (login === 'scram')
        assert.deepEqual([kafka.settings['sasl.username'], kafka.settings['security.protocol']], [user, 'sasl_ssl']);
      else {
        assert.equal(pod.volumes.find(({ name }) => name === 'kafka-user')?.secret?.secretName, user);
        assert.equal(kafka.settings['ssl.key.location'], '/etc/ebbtide/kafka/user.key');
      }
    }
  }
});

test('the link to the console lies in a file of its pod, and not in a log', async (t) => {
  const helm = orSkip(t, (await deployTools()).findHelm(), 'Helm');
  if (!helm) return;
  const manifests = await render(helm, []);
  const text = manifests.find(({ kind }) => kind === 'ConfigMap')!.data!['ebbtide.yaml']!;
  const { linkFile } = parseConfig(text, { environment: { NODE_NAME: 'node-1' } }).console;
  const pod = workloads(manifests).find(({ metadata }) => metadata.name === 'tide-console')!.spec!.template.spec;
  assert.ok(pod.containers[0].volumeMounts.some(({ mountPath }) => linkFile?.startsWith(`${mountPath}/`)));
  assert.equal(pod.serviceAccountName, 'ebbtide-console');
});

test('rules of the Prometheus operator are those that promtool has tested, for the job that the monitor names', async (t) => {
  const helm = orSkip(t, (await deployTools()).findHelm(), 'Helm');
  if (!helm) return;
  const manifests = await render(helm, everything);
  const folder = join(packageRoot(), 'infra/prometheus/rules');
  const tested = readdirSync(folder).flatMap(
    (name) => (parse(readFileSync(join(folder, name), 'utf8')) as { groups: object[] }).groups,
  );
  const { groups } = manifests.find(({ kind }) => kind === 'PrometheusRule')!.spec as unknown as { groups: object[] };
  assert.deepEqual(groups, tested);
  assert.match(JSON.stringify(groups), /up\{job=\\"ebbtide\\"\}/);
  const monitor = manifests.find(({ kind }) => kind === 'ServiceMonitor')!.spec as unknown as { jobLabel: string };
  for (const { metadata } of manifests.filter(({ kind }) => kind === 'Service'))
    assert.equal((metadata as unknown as { labels: Record<string, string> }).labels[monitor.jobLabel], 'ebbtide');
});

test('values in the documents are values that the chart takes', async (t) => {
  const helm = orSkip(t, (await deployTools()).findHelm(), 'Helm');
  if (!helm) return;
  const blocks = pages().flatMap((page) => blocksOf(page, 'yaml values'));
  assert.ok(blocks.length > 1);
  const folder = temporaryFolder(t);
  const files = blocks.map((block, index) => {
    const file = join(folder, `${index}.yaml`);
    writeFileSync(file, block);
    return file;
  });
  await runProgram(helm, ['lint', '--strict', chart, ...files.flatMap((file) => ['--values', file])]);
});
