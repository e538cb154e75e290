import assert from 'node:assert/strict';
import { test } from 'node:test';
import { longestCloseMs } from '../../infra/cli/lifetime.ts';
import { everything, type Manifest, render, values, workloads } from './chart.ts';
import { deployTools, orSkip } from './tools.ts';

interface Pod {
  readonly terminationGracePeriodSeconds: number;
  readonly priorityClassName?: string;
  readonly nodeSelector?: object;
  readonly tolerations?: readonly object[];
  readonly affinity?: object;
  readonly topologySpreadConstraints?: readonly {
    readonly topologyKey: string;
    readonly matchLabelKeys: readonly string[];
  }[];
  readonly containers: readonly [{ readonly lifecycle?: { readonly preStop: { exec: { command: string[] } } } }];
}
const podsOf = (manifests: readonly Manifest[]): ReadonlyMap<string, Pod> =>
  new Map(
    workloads(manifests).map(({ metadata, spec }) => [
      metadata.name.replace(/^tide-/, ''),
      spec!.template.spec as unknown as Pod,
    ]),
  );
const helmOrSkip = async (t: Parameters<typeof orSkip>[0]) => orSkip(t, (await deployTools()).findHelm(), 'Helm');

test('services let their callers go before they end, and every process has the time that it takes to end by itself', async (t) => {
  const helm = await helmOrSkip(t);
  if (!helm) return;
  for (const [name, pod] of podsOf(await render(helm, [...everything, 'terminationGracePeriodSeconds=30']))) {
    const waits = pod.containers[0].lifecycle?.preStop.exec.command;
    assert.equal(waits !== undefined, values.components[name]!.ports !== undefined, name);
    const [program, seconds = '0'] = waits ?? ['sleep'];
    assert.equal(program, 'sleep');
    assert.ok(Number(seconds) * 1000 + longestCloseMs <= pod.terminationGracePeriodSeconds * 1000, name);
  }
});

test('pods are spread over zones and nodes, and go where values say, or those of their component', async (t) => {
  const helm = await helmOrSkip(t);
  if (!helm) return;
  const pods = podsOf(
    await render(helm, [
      ...[...everything, 'priorityClassName=common', 'nodeSelector.pool=common', 'tolerations[0].key=common'],
      ...['components.lifecycle.priorityClassName=high', 'components.lifecycle.nodeSelector.pool=fast'],
      'components.lifecycle.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight=1',
    ]),
  );
  for (const [name, pod] of pods) {
    const own = name === 'lifecycle';
    assert.equal(pod.priorityClassName, own ? 'high' : 'common', name);
    assert.deepEqual(pod.nodeSelector, own ? { pool: 'fast' } : { pool: 'common' }, name);
    assert.deepEqual(pod.tolerations, [{ key: 'common' }], name);
    assert.equal(pod.affinity !== undefined, own, name);
    const { kind } = values.components[name]!;
    const revision = kind === 'StatefulSet' ? 'controller-revision-hash' : 'pod-template-hash';
    assert.deepEqual(
      pod.topologySpreadConstraints?.map(({ topologyKey, matchLabelKeys }) => [topologyKey, ...matchLabelKeys]),
      kind === 'DaemonSet'
        ? undefined
        : ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'].map((key) => [key, revision]),
      name,
    );
  }
});

test('a component is replaced without a gap, or after the old one is gone; what is not ready keeps no node', async (t) => {
  const helm = await helmOrSkip(t);
  if (!helm) return;
  const manifests = await render(helm, [...everything, 'components.keyhost.strategy=Recreate']);
  for (const { kind, metadata, spec } of workloads(manifests)) {
    const { strategy } = spec as unknown as { strategy?: object };
    const without = kind === 'Deployment' ? { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } } : undefined;
    assert.deepEqual(strategy, metadata.name === 'tide-keyhost' ? { type: 'Recreate' } : without, metadata.name);
  }
  for (const { spec } of manifests.filter(({ kind }) => kind === 'PodDisruptionBudget')) {
    const budget = spec as unknown as { maxUnavailable: number; unhealthyPodEvictionPolicy: string };
    assert.deepEqual([budget.maxUnavailable, budget.unhealthyPodEvictionPolicy], [1, 'AlwaysAllow']);
  }
});
