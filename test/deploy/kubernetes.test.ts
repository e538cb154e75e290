import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { until } from '../services/context.ts';
import { type Answer, type ControlPlane, controlPlane } from '../services/kubernetes.ts';
import { requireOrSkip } from '../services/require.ts';
import { chart, combinations, definitions, everything, setting, values } from './chart.ts';
import { deployTools, orSkip } from './tools.ts';

const namespace = 'credentials';
const components = Object.entries(values.components);

interface Cluster extends ControlPlane {
  /** Helm in the namespace, which must succeed. */
  helm(...args: readonly string[]): Promise<Answer>;
}

/** A control plane that knows KEDA's and the Prometheus operator's objects, with a namespace of restricted pods. */
const cluster = async (t: TestContext): Promise<Cluster | undefined> => {
  if (!(await requireOrSkip(t, 'kubernetes'))) return;
  const tools = await deployTools();
  const program = orSkip(t, tools.findHelm(), 'Helm');
  const files = Object.values(definitions).map((name) => orSkip(t, tools.findSchema(name), name));
  if (!program || files.includes(undefined)) return;
  const plane = await controlPlane(t);
  for (const file of files) {
    await plane.kubectl(['apply', '--server-side', '--filename', file!]);
    const wait = ['wait', '--for=condition=Established', '--filename', file!];
    await until('the definition is served', async () => (await plane.run('kubectl', wait)).status === 0);
  }
  await admitting(plane, namespace, 'restricted');
  return {
    ...plane,
    helm: async (...args) => {
      const answer = await plane.run(program, [...args, '--namespace', namespace]);
      if (answer.status !== 0) throw new Error(`helm ${args.join(' ')}: ${answer.stderr}`);
      return answer;
    },
  };
};

/** A namespace of the level of Pod Security. */
const admitting = async ({ kubectl }: ControlPlane, name: string, level: string): Promise<void> => {
  await kubectl(['create', 'namespace', name]);
  const labels = ['enforce', 'warn', 'audit'].map((mode) => `pod-security.kubernetes.io/${mode}=${level}`);
  await kubectl(['label', 'namespace', name, ...labels]);
};

interface Workload {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly replicas: number };
}
interface Pod {
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
}
const component = 'app.kubernetes.io/component';
/** How many pods of each component there are. */
const counted = (pods: readonly Pod[]): Readonly<Record<string, number>> => {
  const count: Record<string, number> = {};
  for (const { metadata } of pods) count[metadata.labels[component]!] = (count[metadata.labels[component]!] ?? 0) + 1;
  return count;
};
const wanted = (names: (name: string) => boolean): Readonly<Record<string, number>> =>
  Object.fromEntries(components.filter(([name]) => names(name)).map(([name, { replicas = 0 }]) => [name, replicas]));
/** What a node would say of pods that run. */
const running = async ({ kubectl }: ControlPlane, names: readonly string[], ip = '10.1.0.1'): Promise<void> => {
  const conditions = [{ type: 'Ready', status: 'True' }];
  const status = { phase: 'Running', podIP: ip, podIPs: [{ ip }], conditions };
  const patch = ['--subresource=status', '--patch', JSON.stringify({ status })];
  await kubectl(['patch', 'pods', ...names, '--namespace', namespace, ...patch]);
};
const sorted = (counts: Readonly<Record<string, number>>) => JSON.stringify(Object.entries(counts).sort());

test('a Kubernetes of restricted pods takes whatever the chart renders, and warns of the agent alone', async (t) => {
  const plane = await cluster(t);
  if (!plane) return;
  await admitting(plane, 'nodes', 'privileged');
  for (const settings of combinations) {
    const { stdout } = await plane.helm('template', 'tide', chart, ...setting(settings));
    for (const [where, mode] of [
      [namespace, ['--dry-run=server']],
      [namespace, ['--force-conflicts']],
      ['nodes', ['--force-conflicts']],
    ] as const) {
      const text = stdout.replaceAll(`namespace: ${namespace}`, `namespace: ${where}`);
      const apply = ['apply', '--server-side', '--validate=strict', ...mode, '--namespace', where, '--filename=-'];
      const { warnings } = await plane.kubectl(apply, text);
      const warned = where === namespace && settings.some((one) => one.startsWith('components.agent'));
      assert.equal(warnings.length, warned ? 1 : 0, `${where} ${settings.join(' ')}: ${warnings.join('; ')}`);
      if (warned)
        assert.match(warnings[0]!, /would violate PodSecurity "restricted:latest": host namespaces \(hostPID/);
    }
  }
});

test('Helm installs, upgrades, rolls back and uninstalls a release; what is kept is its claims', async (t) => {
  const plane = await cluster(t);
  if (!plane) return;
  const withoutAgent = everything.filter((one) => !one.startsWith('components.agent'));
  const whole = [chart, ...setting([...withoutAgent, 'keda.enabled=false'])];
  await plane.helm('install', 'tide', ...whole, '--dry-run=server');
  assert.deepEqual(await plane.list('deployments', namespace), []);
  const { warnings } = await plane.helm('install', 'tide', ...whole);
  assert.deepEqual(warnings, []);
  if (!plane.hasControllers) return;

  const pods = () => plane.list<Pod>('pods', namespace);
  const complete = sorted(wanted((name) => name !== 'agent'));
  await until('a pod for each replica', async () => sorted(counted(await pods())) === complete);
  for (const { metadata } of await plane.list<Workload>('poddisruptionbudgets', namespace))
    await until(`the budget ${metadata.name}`, async () => {
      const path = `jsonpath={.status.expectedPods}`;
      const { stdout } = await plane.kubectl(['get', 'pdb', metadata.name, '-n', namespace, '-o', path]);
      return Number(stdout) === values.components[metadata.name.replace('tide-', '')]!.replicas;
    });

  const revision = async (name: string) =>
    (await plane.list<Pod>('replicasets', namespace, `${component}=${name}`)).length;
  assert.equal(await revision('lifecycle'), 1);
  const rolled = (what: string) =>
    until(what, async () => {
      const found = (await pods()).map(({ metadata }) => metadata.name);
      // One that was replaced meanwhile is not there to be patched
      await running(plane, found).catch(() => {});
      const status = ['rollout', 'status', 'deployment', '--namespace', namespace, '--watch=false'];
      return !/waiting/i.test((await plane.kubectl(status)).stdout);
    });
  await rolled('every pod is ready');
  await plane.helm('upgrade', 'tide', ...whole, ...setting(['config.policy.lifecycle.mode=enforce']));
  await rolled('the upgrade is rolled out');
  for (const name of ['lifecycle', 'console']) assert.equal(await revision(name), 2, `${name} has new pods`);
  await plane.helm('rollback', 'tide', '1');
  await rolled('the upgrade is rolled back');
  assert.equal(await revision('lifecycle'), 2, 'the pods of before, and not third ones');

  await plane.kubectl(['scale', 'deployment/tide-keyhost', '--replicas=0', '-n', namespace]);
  await plane.helm('upgrade', 'tide', ...whole);
  const keyhost = (await plane.list<Workload>('deployments', namespace, `${component}=keyhost`))[0]!;
  assert.equal(keyhost.spec.replicas, values.components.keyhost!.replicas, 'an upgrade takes replicas back');

  await plane.helm('uninstall', 'tide');
  const ours = 'app.kubernetes.io/name=ebbtide';
  const kinds =
    'all,configmaps,serviceaccounts,networkpolicies,poddisruptionbudgets,servicemonitors,prometheusrules,secrets';
  await until('nothing is left', async () => (await plane.list(kinds, namespace, ours)).length === 0);
  const claims = await plane.list<Workload>('persistentvolumeclaims', namespace);
  assert.deepEqual(
    claims.map(({ metadata }) => metadata.name),
    ['data-tide-retrain-0', 'data-tide-signals-0', 'data-tide-threat-0'],
  );
});

test('each pod is behind its service, and a release of the longest name has all its pods', async (t) => {
  const plane = await cluster(t);
  if (!plane) return;
  if (!plane.hasControllers)
    return t.skip('Skipped without kube-controller-manager in the folder of KUBEBUILDER_ASSETS');
  const release = 'r'.repeat(53);
  const withoutAgent = everything.filter((one) => !one.startsWith('components.agent'));
  await plane.helm('install', release, chart, ...setting([...withoutAgent, 'keda.enabled=false']));
  const complete = sorted(wanted((name) => name !== 'agent'));
  const pods = await until('a pod for each replica', async () => {
    const found = await plane.list<Pod>('pods', namespace);
    return sorted(counted(found)) === complete && found;
  });
  const target = { apiVersion: 'v1', kind: 'Node', name: 'node' };
  await plane.kubectl(
    ['create', '-f-'],
    JSON.stringify({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'node' } }),
  );
  const items = pods.map(({ metadata: { name } }) => ({
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name, namespace },
    target,
  }));
  await plane.kubectl(['create', '-f-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  for (const [index, { metadata }] of pods.entries()) {
    await running(plane, [metadata.name], `10.1.0.${index + 1}`);
  }
  interface Slice {
    readonly ports: readonly { readonly name: string; readonly port: number }[] | null;
    readonly endpoints: readonly { readonly conditions: { readonly ready: boolean } }[];
  }
  for (const [name, { ports = {}, replicas = 0 }] of components.filter(([one]) => one !== 'agent')) {
    const listening = sorted({ http: 9464, ...ports });
    await until(`endpoints of ${name}`, async () =>
      (await plane.list<Slice>('endpointslices', namespace, `${component}=${name}`)).some(
        (slice) =>
          sorted(Object.fromEntries((slice.ports ?? []).map((port) => [port.name, port.port]))) === listening &&
          slice.endpoints.filter(({ conditions }) => conditions.ready).length === replicas,
      ),
    );
  }
});
