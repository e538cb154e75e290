import { execFile } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type GuardedServer, logTail, spawnGuarded } from '../../infra/setup/guarded.ts';
import { makeAuthority, makeCertificate } from './certificates.ts';
import { closingAfter } from './closing.ts';
import { until } from './context.ts';
import { temporaryFolder } from './folder.ts';
import { freePort } from './ports.ts';

const needed = ['kube-apiserver', 'etcd', 'kubectl'];
const controllers = 'kube-controller-manager';

/** Folder of Kubernetes' programs, by the variable of controller-runtime's envtest. */
export const assets = (): string | undefined => process.env.KUBEBUILDER_ASSETS;

/** Why no API server can be had here, or undefined. */
export const whyNoKubernetes = (): string | undefined => {
  const folder = assets();
  if (!folder) return `KUBEBUILDER_ASSETS, a folder with ${needed.join(', ')} and, for pods, ${controllers}`;
  const absent = needed.filter((name) => !existsSync(join(folder, name)));
  return absent.length > 0 ? `${absent.join(', ')} in the folder of KUBEBUILDER_ASSETS` : undefined;
};

/** What a command came to. */
export interface Answer {
  readonly status: number;
  readonly stdout: string;
  /** Texts of the API server's warnings. */
  readonly warnings: readonly string[];
  readonly stderr: string;
}

/** A Kubernetes without nodes: what it is told is admitted, defaulted and kept; pods are made, and stay pending. */
export interface ControlPlane {
  readonly address: string;
  /** Authority of its certificate. */
  readonly caFile: string;
  /** Configuration of an administrator. */
  readonly kubeconfig: string;
  /** Whether controllers run, which make pods of workloads. */
  readonly hasControllers: boolean;
  /** Run kubectl, or another program with the administrator's configuration, to its end. */
  run(program: string, args: readonly string[], input?: string): Promise<Answer>;
  /** Run kubectl, which must succeed. */
  kubectl(args: readonly string[], input?: string): Promise<Answer>;
  /** Objects of a kind in a namespace. */
  list<T>(kind: string, namespace: string, selector?: string): Promise<readonly T[]>;
}

/**
 * etcd, the API server and the controllers of one test, stopped after it.
 *
 * @param options.controllerArguments - further ones of kube-controller-manager
 */
export const controlPlane = async (
  t: TestContext,
  { controllerArguments = [] }: { readonly controllerArguments?: readonly string[] } = {},
): Promise<ControlPlane> => {
  const folder = temporaryFolder(t, 'ebbtide-kubernetes-');
  const closing = closingAfter(t);
  const program = (name: string) => join(assets() ?? '', name);
  const start = async (name: string, args: readonly string[]): Promise<GuardedServer> => {
    const logFile = join(folder, `${name}.log`);
    const server = await spawnGuarded(program(name), args, { env: { PATH: process.env.PATH, HOME: folder }, logFile });
    closing.push(() => server.stop());
    return server;
  };
  const authority = makeAuthority(folder);
  const serving = makeCertificate(folder, 'kube-apiserver', authority);
  // By which servers of further APIs know that it is the API server who asks
  const asking = makeCertificate(folder, 'front-proxy-client', authority);
  const accounts = makeAuthority(folder, 'accounts');
  const token = 'administrator';
  const tokens = join(folder, 'tokens.csv');
  writeFileSync(tokens, `${token},administrator,1,"system:masters"\n`, { mode: 0o600 });

  const [store, peers, port] = [await freePort(), await freePort(), await freePort()];
  const storeAddress = `http://127.0.0.1:${store}`;
  await start('etcd', [
    ...[`--data-dir=${join(folder, 'etcd')}`, '--unsafe-no-fsync', '--logger=zap', '--log-level=warn'],
    ...[`--listen-client-urls=${storeAddress}`, `--advertise-client-urls=${storeAddress}`],
    ...[`--listen-peer-urls=http://127.0.0.1:${peers}`, `--initial-advertise-peer-urls=http://127.0.0.1:${peers}`],
    `--initial-cluster=default=http://127.0.0.1:${peers}`,
  ]);
  const address = `https://127.0.0.1:${port}`;
  const server = await start('kube-apiserver', [
    ...[`--etcd-servers=${storeAddress}`, `--secure-port=${port}`, '--bind-address=127.0.0.1'],
    ...['--advertise-address=127.0.0.1', '--endpoint-reconciler-type=none', '--service-cluster-ip-range=10.0.0.0/16'],
    ...[`--tls-cert-file=${serving.certFile}`, `--tls-private-key-file=${serving.keyFile}`],
    ...['--service-account-issuer=https://kubernetes.default.svc', `--service-account-key-file=${accounts.certFile}`],
    ...[`--service-account-signing-key-file=${accounts.keyFile}`, `--token-auth-file=${tokens}`],
    ...['--authorization-mode=Node,RBAC', '--allow-privileged=true'],
    ...[`--proxy-client-cert-file=${asking.certFile}`, `--proxy-client-key-file=${asking.keyFile}`],
    ...[`--requestheader-client-ca-file=${authority.certFile}`, '--requestheader-allowed-names=front-proxy-client'],
    ...['--requestheader-username-headers=X-Remote-User', '--requestheader-group-headers=X-Remote-Group'],
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
  ]);
  const kubeconfig = join(folder, 'kubeconfig.json');
  const named = (name: string, key: string, value: object) => [{ name, [key]: value }];
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: named('test', 'cluster', { server: address, 'certificate-authority': authority.certFile }),
    users: named('administrator', 'user', { token }),
    contexts: named('test', 'context', { cluster: 'test', user: 'administrator' }),
    'current-context': 'test',
  };
  writeFileSync(kubeconfig, JSON.stringify(config), { mode: 0o600 });

  const run: ControlPlane['run'] = (command, args, input = '') =>
    new Promise((resolve, reject) => {
      const env = { ...process.env, KUBECONFIG: kubeconfig, HOME: folder };
      const name = command === 'kubectl' ? program(command) : command;
      const child = execFile(name, args, { env, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
        if (error && typeof error.code !== 'number') return reject(error);
        const warnings = [...stderr.matchAll(/^.*Warning: (.*)$|^.*level=WARN msg="?(.*?)"?$/gm)];
        const status = typeof error?.code === 'number' ? error.code : 0;
        resolve({ status, stdout, stderr, warnings: warnings.map(([, ours, helms]) => ours ?? helms ?? '') });
      });
      child.stdin?.on('error', () => {});
      child.stdin?.end(input);
    });
  const kubectl: ControlPlane['kubectl'] = async (args, input) => {
    const answer = await run('kubectl', args, input);
    if (answer.status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${answer.stderr}`);
    return answer;
  };
  await until('the API server', async () => {
    if (!server.isRunning()) throw new Error(`kube-apiserver ended: ${logTail(join(folder, 'kube-apiserver.log'))}`);
    return (await run('kubectl', ['get', '--raw', '/readyz'])).status === 0;
  });
  const hasControllers = existsSync(program(controllers));
  if (hasControllers)
    await start(controllers, [
      ...[`--kubeconfig=${kubeconfig}`, '--leader-elect=false', '--secure-port=0'],
      ...[`--service-account-private-key-file=${accounts.keyFile}`, `--root-ca-file=${authority.certFile}`],
      ...controllerArguments,
    ]);
  return {
    address,
    caFile: authority.certFile,
    kubeconfig,
    hasControllers,
    run,
    kubectl,
    list: async <T>(kind: string, namespace: string, selector?: string) => {
      const selected = selector === undefined ? [] : ['--selector', selector];
      const { stdout } = await kubectl(['get', kind, '--namespace', namespace, ...selected, '--output=json']);
      return (JSON.parse(stdout) as { items: readonly T[] }).items;
    },
  };
};
