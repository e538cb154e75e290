import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { packageRoot } from '../../infra/paths.ts';
import { freePort, logTail, spawnGuarded } from '../../infra/setup/guarded.ts';
import { loadSetup } from '../../infra/setup/load.ts';
import { until } from '../infra/vault/rig.ts';
import { temporaryFolder } from './folder.ts';
import { findNginx } from './require.ts';

/** Where a proxy passes requests on to. */
export interface ProxyTargets {
  /** Port of the gateway, HTTP or gRPC as the proxy speaks. */
  readonly gateway: number;
  readonly backend: number;
}

/** The configuration that ships, with the ports of a test. */
const shipped = (file: string, ports: Readonly<Record<string, number>>): string => {
  let text = readFileSync(join(packageRoot(), 'infra/services/gateway/proxies', file), 'utf8');
  for (const [from, to] of Object.entries(ports)) {
    if (!text.includes(from)) throw new Error(`${file} holds no ${from}`);
    text = text.replaceAll(from, from.replace(/\d+$/, String(to)));
  }
  return text;
};

/** A real Envoy with the configuration that ships for HTTP or gRPC; its URL. */
export const envoy = async (t: TestContext, mode: 'http' | 'grpc', targets: ProxyTargets): Promise<string> => {
  const { findEnvoy } = await loadSetup<{ findEnvoy(): string | undefined }>('envoy.mjs');
  const folder = temporaryFolder(t, 'ebbtide-envoy-');
  const [port, admin] = [await freePort(), await freePort()];
  const config = join(folder, 'envoy.yaml');
  const gateway = mode === 'http' ? 'port_value: 7072' : 'port_value: 7073';
  const ports = {
    'port_value: 9901': admin,
    'port_value: 8000': port,
    'port_value: 8080': targets.backend,
    [gateway]: targets.gateway,
  };
  writeFileSync(config, shipped(`envoy-${mode}.yaml`, ports));
  const logFile = join(folder, 'envoy.log');
  const args = ['-c', config, '--concurrency', '1', '--disable-hot-restart', '--log-level', 'warning'];
  const server = await spawnGuarded(findEnvoy()!, args, { env: process.env, logFile, graceS: 2 });
  t.after(() => server.stop());
  const ready = () =>
    fetch(`http://127.0.0.1:${admin}/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  await until('the proxy answers', async () => {
    if (!server.isRunning()) throw new Error(`Envoy ended; its log:\n${logTail(logFile)}`);
    return ready();
  });
  return `http://127.0.0.1:${port}`;
};

/** A real nginx with the configuration that ships; its URL. */
export const nginx = async (t: TestContext, targets: ProxyTargets): Promise<string> => {
  const { onPath } = await loadSetup<{ onPath(name: string): string | undefined }>('exec.mjs');
  const folder = temporaryFolder(t, 'ebbtide-nginx-');
  const port = await freePort();
  const text = shipped('nginx.conf', {
    '0.0.0.0:8000': port,
    '127.0.0.1:7072': targets.gateway,
    '127.0.0.1:8080': targets.backend,
  });
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((what) => `${what}_temp_path ${what};`);
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  const own = [user, 'daemon off; worker_processes 1; pid nginx.pid; error_log stderr warn;', text];
  writeFileSync(
    join(folder, 'nginx.conf'),
    own.join('\n').replace('http {', `http { access_log off; ${temporary.join(' ')}`),
  );
  const logFile = join(folder, 'nginx.log');
  const args = ['-p', folder, '-e', 'stderr', '-c', join(folder, 'nginx.conf')];
  const server = await spawnGuarded(findNginx(onPath)!, args, { env: process.env, logFile, graceS: 2 });
  t.after(() => server.stop());
  await until('the proxy answers', async () => {
    if (!server.isRunning()) throw new Error(`nginx ended; its log:\n${logTail(logFile)}`);
    return fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    );
  });
  return `http://127.0.0.1:${port}`;
};
