import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../infra/setup/guarded.ts';
import { type OpenBao, startOpenBao } from '../../infra/vault/embedded.ts';
import type { CertificateFiles } from './certificates.ts';
import { temporaryFolder } from './folder.ts';

/** A fresh OpenBao in memory for one test, stopped after it. */
export const openBao = async (t: TestContext): Promise<OpenBao> => {
  let server: OpenBao | undefined;
  t.after(() => server?.stop());
  server = await startOpenBao({ folder: temporaryFolder(t, 'ebbtide-bao-'), dev: true });
  return server;
};

/** A fresh OpenBao that also listens by TLS, and there refuses whoever shows no certificate of `authority`. */
export const mutualTlsOpenBao = async (
  t: TestContext,
  authority: CertificateFiles,
  server: CertificateFiles,
): Promise<OpenBao & { readonly tlsAddress: string }> => {
  const [folder, port] = [temporaryFolder(t, 'ebbtide-bao-'), await freePort()];
  const configFile = join(folder, 'tls.json');
  const tcp = {
    address: `127.0.0.1:${port}`,
    cluster_address: `127.0.0.1:${await freePort()}`,
    tls_cert_file: server.certFile,
    tls_key_file: server.keyFile,
    tls_client_ca_file: authority.certFile,
    tls_require_and_verify_client_cert: true,
  };
  writeFileSync(configFile, JSON.stringify({ listener: { tcp } }));
  const bao = await startOpenBao({ folder, dev: true, configFile });
  t.after(() => bao.stop());
  return { ...bao, tlsAddress: `https://127.0.0.1:${port}` };
};

/** An OpenBao that keeps its data, so that a test can seal, stop, freeze and start it. */
export interface SealableOpenBao {
  readonly address: string;
  readonly rootToken: string;
  /** Process id of the server while it runs. */
  pid(): number;
  /** Every request is answered by 503 from now on. */
  seal(): Promise<void>;
  unseal(): Promise<void>;
  /** Stop the server: connections are refused from now on. */
  stop(): Promise<void>;
  /** Start it again at the same address with the same data, unsealed. */
  start(): Promise<void>;
  /** Stop its process; when this resolves, requests hang. */
  freeze(): Promise<void>;
  thaw(): void;
}

const answers = (address: string): Promise<boolean> =>
  fetch(`${address}/v1/sys/health`, { signal: AbortSignal.timeout(250) }).then(
    () => true,
    () => false,
  );

/** A fresh OpenBao on raft storage for one test, stopped after it. */
export const sealableOpenBao = async (t: TestContext): Promise<SealableOpenBao> => {
  let server: OpenBao | undefined;
  const thaw = () => {
    if (server) process.kill(server.pid, 'SIGCONT');
  };
  let running = false;
  t.after(async () => {
    if (!running) return;
    thaw();
    await server?.stop();
  });
  const folder = temporaryFolder(t, 'ebbtide-bao-');
  const first = await startOpenBao({ folder });
  server = first;
  running = true;
  const port = Number(new URL(first.address).port);
  const current = () => server ?? first;
  return {
    address: first.address,
    rootToken: first.rootToken,
    pid: () => current().pid,
    seal: () => current().seal(),
    unseal: () => current().unseal(),
    stop: async () => {
      await current().stop();
      running = false;
    },
    start: async () => {
      server = await startOpenBao({ folder, port });
      running = true;
    },
    freeze: async () => {
      process.kill(current().pid, 'SIGSTOP');
      // A process of many threads answers for a moment more
      while (await answers(first.address)) await sleep(10);
    },
    thaw,
  };
};
