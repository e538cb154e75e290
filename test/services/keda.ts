import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { logTail, spawnGuarded } from '../../infra/setup/guarded.ts';
import { makeAuthority, makeCertificate } from './certificates.ts';
import { closingAfter } from './closing.ts';
import { until } from './context.ts';
import { temporaryFolder } from './folder.ts';
import { assets, type ControlPlane, whyNoKubernetes } from './kubernetes.ts';
import { freePort } from './ports.ts';

const operator = 'keda-operator';
const adapter = 'keda-adapter';
/** Folder of KEDA's definitions of its objects, beside its programs. */
const definitions = 'keda-crds';

/** Why no KEDA can be had here, or undefined. */
export const whyNoKeda = (): string | undefined => {
  const kubernetes = whyNoKubernetes();
  if (kubernetes) return kubernetes;
  const needed = [operator, adapter, definitions, 'kube-controller-manager'];
  const absent = needed.filter((name) => !existsSync(join(assets() ?? '', name)));
  return absent.length > 0 ? `${absent.join(', ')} in the folder of KUBEBUILDER_ASSETS` : undefined;
};

/** KEDA of one test. */
export interface Keda {
  /** What the operator has logged so far. */
  log(): string;
}

/** KEDA's operator and server of metrics, beside a control plane instead of in it, stopped after the test. */
export const startKeda = async (t: TestContext, plane: ControlPlane): Promise<Keda> => {
  const folder = temporaryFolder(t, 'ebbtide-keda-');
  const closing = closingAfter(t);
  const log = (name: string) => join(folder, `${name}.log`);
  const start = async (name: string, args: readonly string[]) => {
    const env = { ...process.env, KUBECONFIG: plane.kubeconfig, HOME: folder, POD_NAMESPACE: 'keda' };
    const server = await spawnGuarded(join(assets() ?? '', name), args, {
      env: { ...env, WATCH_NAMESPACE: '', KEDA_CLUSTER_OBJECT_NAMESPACE: 'keda' },
      logFile: log(name),
    });
    closing.push(() => server.stop());
    return server;
  };
  await plane.kubectl(['create', 'namespace', 'keda']);
  const crds = join(assets() ?? '', definitions);
  await plane.kubectl(['apply', '--server-side', '--filename', crds]);
  const wait = ['wait', '--for=condition=Established', '--filename', crds];
  await until('the definitions are served', async () => (await plane.run('kubectl', wait)).status === 0);

  // Both ends of what the server of metrics asks the operator show a certificate of one authority
  const authority = makeAuthority(folder);
  const { certFile, keyFile } = makeCertificate(folder, 'keda', authority);
  for (const [from, to] of [
    [authority.certFile, 'ca.crt'],
    [certFile, 'tls.crt'],
    [keyFile, 'tls.key'],
  ] as const)
    copyFileSync(from, join(folder, to));
  const [metrics, probes, asked, served] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const running = await start(operator, [
    ...[`--metrics-bind-address=127.0.0.1:${metrics}`, `--health-probe-bind-address=127.0.0.1:${probes}`],
    ...[`--metrics-service-bind-address=127.0.0.1:${asked}`, `--cert-dir=${folder}`, '--enable-cert-rotation=false'],
    ...['--zap-log-level=info', '--zap-encoder=console'],
  ]);
  await until('the operator', async () => {
    if (!running.isRunning()) throw new Error(`${operator} ended: ${logTail(log(operator))}`);
    return fetch(`http://127.0.0.1:${probes}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  });
  const own = ['lister-kubeconfig', 'authentication-kubeconfig', 'authorization-kubeconfig'];
  const server = await start(adapter, [
    ...[`--secure-port=${served}`, '--bind-address=127.0.0.1', '--port=0', `--cert-dir=${folder}`],
    ...[`--tls-cert-file=${certFile}`, `--tls-private-key-file=${keyFile}`],
    ...[`--metrics-service-address=127.0.0.1:${asked}`, ...own.map((name) => `--${name}=${plane.kubeconfig}`)],
  ]);
  const group = 'external.metrics.k8s.io';
  const service = { name: adapter, namespace: 'keda' };
  const api = {
    ...{ service: { ...service, port: served }, group, version: 'v1beta1' },
    ...{ groupPriorityMinimum: 100, versionPriority: 100, insecureSkipTLSVerify: true },
  };
  for (const object of [
    // It runs beside the cluster: the service names this machine
    { apiVersion: 'v1', kind: 'Service', metadata: service, spec: { type: 'ExternalName', externalName: '127.0.0.1' } },
    { apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', metadata: { name: `v1beta1.${group}` }, spec: api },
  ])
    await plane.kubectl(['create', '-f-'], JSON.stringify(object));
  await until('the API of metrics', async () => {
    if (!server.isRunning()) throw new Error(`${adapter} ended: ${logTail(log(adapter))}`);
    return (await plane.run('kubectl', ['get', '--raw', `/apis/${group}/v1beta1`])).status === 0;
  });
  return { log: () => readFileSync(log(operator), 'utf8') };
};
