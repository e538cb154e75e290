import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseAllDocuments, stringify } from 'yaml';
import { temporaryFolder } from '../services/folder.ts';
import { chart, everything, type Manifest, render, setting, values, workloads } from './chart.ts';
import { deployTools, orSkip, runProgram } from './tools.ts';

type Labels = Readonly<Record<string, string>>;
interface Port {
  readonly name: string;
  readonly port: number;
  readonly targetPort: string;
}
interface Rule {
  readonly from?: readonly object[];
  readonly ports: readonly { readonly port: number }[];
}
interface Selecting {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels: Labels };
  readonly spec: {
    readonly selector: Labels & { readonly matchLabels: Labels };
    readonly podSelector: { readonly matchLabels: Labels };
    readonly ports: readonly Port[];
    readonly ingress?: readonly Rule[];
    readonly egress: readonly Rule[];
    readonly serviceName?: string;
    readonly scaleTargetRef: { readonly kind: string; readonly name: string };
    readonly endpoints: readonly { readonly port: string }[];
    readonly template: {
      readonly metadata: { readonly labels: Labels };
      readonly spec: { readonly containers: readonly Record<string, unknown>[] };
    };
  };
}
interface ContainerPort {
  readonly name: string;
  readonly containerPort: number;
}

const selects = (selector: Labels, labels: Labels): boolean =>
  Object.entries(selector).every(([key, value]) => labels[key] === value);
const rendered = async (helm: string, settings: readonly string[]) =>
  (await render(helm, settings)) as unknown as readonly Selecting[];
const named = (objects: readonly Selecting[]) => objects.map(({ metadata }) => metadata.name);

test('policies, budgets, services and scaling select the pods that they are meant for, and no others', async (t) => {
  const helm = orSkip(t, (await deployTools()).findHelm(), 'Helm');
  if (!helm) return;
  const objects = await rendered(helm, everything);
  const of = (...kinds: readonly string[]) => objects.filter(({ kind }) => kinds.includes(kind));
  const [monitor] = of('ServiceMonitor');
  const workloads = of('Deployment', 'StatefulSet', 'DaemonSet');
  assert.equal(workloads.length, Object.keys(values.components).length);
  for (const { kind, metadata, spec } of workloads) {
    const { name } = metadata;
    const { labels } = spec.template.metadata;
    assert.ok(selects(spec.selector.matchLabels, labels), name);
    const [container] = spec.template.spec.containers as readonly [Record<string, unknown>];
    const ports = container.ports as readonly ContainerPort[];
    const open = ports.map(({ containerPort }) => containerPort).sort();
    for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
      const { httpGet } = container[probe] as { readonly httpGet: { readonly port: string } };
      assert.ok(
        ports.some((port) => port.name === httpGet.port),
        `${name} ${probe}`,
      );
    }

    const policies = of('NetworkPolicy').filter((one) => selects(one.spec.podSelector.matchLabels, labels));
    assert.deepEqual(named(policies), [name]);
    const admitted = policies[0]!.spec.ingress!.flatMap((rule) => rule.ports.map(({ port }) => port));
    assert.deepEqual(admitted.sort(), open, `${name}: what it listens on, and nothing else`);

    const services = of('Service').filter((one) => selects(one.spec.selector, labels));
    assert.deepEqual(named(services), [name]);
    const served = services[0]!.spec.ports.map(
      ({ targetPort }) => ports.find((port) => port.name === targetPort)?.containerPort,
    );
    assert.deepEqual(served.sort(), open, `${name}: a service for each port`);
    if (kind === 'StatefulSet') assert.equal(spec.serviceName, name);
    assert.ok(selects(monitor!.spec.selector.matchLabels, services[0]!.metadata.labels), `${name} is scraped`);
    for (const { port } of monitor!.spec.endpoints) assert.ok(services[0]!.spec.ports.some((one) => one.name === port));

    const budgets = of('PodDisruptionBudget').filter((one) => selects(one.spec.selector.matchLabels, labels));
    assert.deepEqual(named(budgets), kind === 'DaemonSet' ? [] : [name]);
    const scaled = of('ScaledObject').filter((one) => one.spec.scaleTargetRef.name === name);
    for (const { spec: scaling } of scaled) assert.equal(scaling.scaleTargetRef.kind, kind);
  }
  for (const { spec, metadata } of of('ScaledObject'))
    assert.ok(named(workloads).includes(spec.scaleTargetRef.name), metadata.name);
  for (const kind of ['NetworkPolicy', 'Service']) assert.equal(of(kind).length, workloads.length, kind);
  assert.deepEqual(named(of('Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding')), [], 'no rights at the API');
});

test('a release of the longest name has names that pods of StatefulSets can bear, another for each component', async (t) => {
  const helm = orSkip(t, (await deployTools()).findHelm(), 'Helm');
  if (!helm) return;
  const { stdout } = await runProgram(helm, ['template', 'r'.repeat(53), chart, ...setting(everything)]);
  const named = [...stdout.matchAll(/^kind: (?:Deployment|StatefulSet|DaemonSet)\nmetadata:\n {2}name: (.*)$/gm)];
  const names = new Set(named.map(([, name]) => name!));
  assert.equal(names.size, Object.keys(values.components).length);
  // The revision that the label of a pod adds has 11 characters, and a label 63
  for (const name of names) assert.ok(name.length <= 52, name);
});

test('the agent is a release of its own by the values that come with the chart, whatever a values file before them enables', async (t) => {
  const helm = orSkip(t, (await deployTools()).findHelm(), 'Helm');
  if (!helm) return;
  const full = join(temporaryFolder(t), 'values.yaml');
  const enabled = Object.keys(values.components).map((name) => [name, { enabled: true }]);
  writeFileSync(
    full,
    stringify({
      components: Object.fromEntries(enabled),
      keda: { enabled: true },
      serviceMonitor: { enabled: true },
      prometheusRule: { enabled: true },
      secretName: 'of-services',
      envSecretName: 'environment-of-services',
    }),
  );
  const agent = async (...settings: readonly string[]) => {
    const files = [full, join(chart, 'values-agent.yaml')].flatMap((file) => ['--values', file]);
    return (await runProgram(helm, ['template', 'tide', chart, ...files, ...setting(settings)])).stdout;
  };
  const plain = await agent();
  const kinds = [...plain.matchAll(/^kind: (.*)$/gm)].map(([, kind]) => kind!);
  const expected = ['ConfigMap', 'DaemonSet', 'NetworkPolicy', 'Service', 'ServiceAccount', 'ServiceMonitor'];
  assert.deepEqual(kinds.sort(), expected);
  assert.doesNotMatch(plain, /secretName|secretRef|of-services/);

  const own = await agent(
    'components.agent.secretName=of-agent',
    'components.agent.envSecretName=environment-of-agent',
  );
  assert.match(own, /name: secrets, mountPath: \/etc\/ebbtide\/secrets, readOnly: true/);
  assert.match(own, /secretName: of-agent,/);
  assert.match(own, /secretRef: \{ name: environment-of-agent \}/);
  assert.doesNotMatch(own, /of-services/);
});

test('a component has the common Secrets, or those of its own in their place', async (t) => {
  const helm = orSkip(t, (await deployTools()).findHelm(), 'Helm');
  if (!helm) return;
  const manifests = await render(helm, [
    ...everything,
    ...['secretName=common', 'envSecretName=common', 'components.console.secretName=of-console'],
  ]);
  for (const { metadata, spec } of workloads(manifests)) {
    const pod = spec!.template.spec;
    const files = pod.volumes.find(({ name }) => name === 'secrets')?.secret?.secretName;
    const environment = pod.containers[0].envFrom?.map(({ secretRef }) => secretRef.name);
    const agent = metadata.name === 'tide-agent';
    const expected = metadata.name === 'tide-console' ? 'of-console' : 'common';
    assert.equal(files, agent ? undefined : expected, metadata.name);
    assert.deepEqual(environment, agent ? undefined : ['common'], metadata.name);
  }
});

test('a component is placed as all are, or as it says itself, which may be anywhere', async (t) => {
  const helm = orSkip(t, (await deployTools()).findHelm(), 'Helm');
  if (!helm) return;
  const file = join(temporaryFolder(t), 'values.yaml');
  const placement = {
    priorityClassName: 'high',
    nodeSelector: { pool: 'credentials' },
    tolerations: [{ key: 'pool', operator: 'Exists' }],
    affinity: { nodeAffinity: {} },
  };
  const anywhere = { priorityClassName: '', nodeSelector: {}, tolerations: [], affinity: {} };
  const components = { gateway: anywhere, token: { nodeSelector: { pool: 'tokens' }, tolerations: [] } };
  writeFileSync(file, stringify({ ...placement, components }));
  const { stdout } = await runProgram(helm, ['template', 'tide', chart, '--values', file]);
  const placed = new Map(
    workloads(parseAllDocuments(stdout).map((document) => document.toJS() as Manifest)).map(({ metadata, spec }) => {
      const pod = spec!.template.spec as unknown as Readonly<Record<string, unknown>>;
      return [
        metadata.name,
        Object.fromEntries(Object.keys(placement).flatMap((key) => (key in pod ? [[key, pod[key]]] : []))),
      ];
    }),
  );
  assert.deepEqual(placed.get('tide-console'), placement);
  assert.deepEqual(placed.get('tide-gateway'), {});
  const { priorityClassName, affinity } = placement;
  assert.deepEqual(placed.get('tide-token'), { priorityClassName, affinity, nodeSelector: { pool: 'tokens' } });
});

test('network policies let in nobody where no peers are named, and let out to ports that are added', async (t) => {
  const helm = orSkip(t, (await deployTools()).findHelm(), 'Helm');
  if (!helm) return;
  const policies = async (...settings: readonly string[]) =>
    new Map(
      (await rendered(helm, [...everything, ...settings]))
        .filter(({ kind }) => kind === 'NetworkPolicy')
        .map(({ metadata, spec }) => [metadata.name, spec]),
    );
  for (const [name, { ingress }] of await policies('networkPolicy.ingressFrom=null', 'networkPolicy.metricsFrom=null'))
    assert.equal(ingress, undefined, name);
  const unseen = await policies('networkPolicy.metricsFrom=null');
  assert.deepEqual(
    unseen.get('tide-gateway')!.ingress!.map(({ from, ports }) => [from!.length, ports.map(({ port }) => port)]),
    [[1, [7072, 7073]]],
  );
  assert.equal(unseen.get('tide-lifecycle')!.ingress, undefined);

  const out = await policies('components.retrain.egressPorts[0]=9001', 'networkPolicy.egressPorts[0]=15012');
  const further = (name: string) =>
    out
      .get(`tide-${name}`)!
      .egress.at(-1)!
      .ports.map(({ port }) => port);
  for (const [name, ports] of Object.entries({ lifecycle: [], notify: [], retrain: [9001] }))
    assert.deepEqual(further(name), [15012, ...ports], name);
});
