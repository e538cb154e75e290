import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { EbbtideError } from '../../schemas/errors.ts';
import { assertPortFree, claimFolder, freePort, spawnGuarded } from '../setup/guarded.ts';
import { loadSetup } from '../setup/load.ts';
import { askOpenBao, untilReady } from './embedded-api.ts';

/** How an embedded OpenBao is started. */
export interface OpenBaoOptions {
  /** Folder for its data, keys and log; created readable by its owner alone. */
  readonly folder: string;
  /** Port of the loopback interface. @default one that is free */
  readonly port?: number;
  /** Keep everything in memory and forget it at the end, with a fresh root token. @default false */
  readonly dev?: boolean;
  /** File of further configuration, such as a listener by TLS (with `dev`). */
  readonly configFile?: string;
  /** Write an audit log to `audit.log` in the folder (not in `dev`). @default false */
  readonly audit?: boolean;
}

/** A running OpenBao. */
export interface OpenBao {
  /** `http://127.0.0.1:<port>` */
  readonly address: string;
  readonly rootToken: string;
  /** Process id of the server. */
  readonly pid: number;
  /** Settles with the exit code when the server has ended, for whatever reason. */
  readonly exited: Promise<number>;
  /** Stop the server and wait for its end; a second call changes nothing. */
  stop(): Promise<void>;
  /** Seal it: every request is answered by 503 until it is unsealed. */
  seal(): Promise<void>;
  /** Unseal it and wait until it answers again. */
  unseal(): Promise<void>;
}

const readyTimeoutMs = 60_000;

/** The server's environment: ours, without settings meant for clients or other servers. */
const serverEnv = (extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(BAO|VAULT)_/.test(name))),
  ...extra,
});

const findBinary = async (): Promise<string> => {
  const setup = await loadSetup<{ findOpenBao(): { path: string } | undefined }>('openbao.mjs');
  try {
    const found = setup.findOpenBao();
    if (found) return found.path;
  } catch (cause) {
    throw new EbbtideError('SERVICE_MISSING', (cause as Error).message, { service: 'openbao' }, cause);
  }
  const message = 'No OpenBao binary was found; run "npm run setup", put "bao" on PATH, or name it in EBBTIDE_BAO';
  throw new EbbtideError('SERVICE_MISSING', message, { service: 'openbao' });
};

/** A file that only its owner can read, whole or not at all. */
const writeSecret = (path: string, content: string): void => {
  writeFileSync(`${path}.new`, content, { mode: 0o600 });
  renameSync(`${path}.new`, path);
};

/** JSON is a subset of HCL that needs no quoting of paths. */
const writeConfig = async (folder: string, port: number, binary: string, audit: boolean): Promise<string> => {
  const clusterPort = await freePort();
  const listen = `127.0.0.1:${port}`;
  const cluster = `127.0.0.1:${clusterPort}`;
  const config = {
    ui: false,
    log_level: 'warn',
    api_addr: `http://${listen}`,
    cluster_addr: `http://${cluster}`,
    storage: { raft: { path: join(folder, 'data'), node_id: 'ebbtide', performance_multiplier: 1 } },
    listener: { tcp: { address: listen, cluster_address: cluster, tls_disable: true } },
    ...(audit ? { audit: [{ type: 'file', path: 'to-file', options: { file_path: join(folder, 'audit.log') } }] } : {}),
    // OpenBao has given mlock up, Vault refuses to start on raft without a word about it
    ...(basename(binary).startsWith('vault') ? { disable_mlock: true } : {}),
  };
  const path = join(folder, 'server.json');
  writeFileSync(path, JSON.stringify(config, null, 2), { mode: 0o600 });
  return path;
};

/** Initialise a fresh server once; its keys stay in the folder, since whoever can read the data folder is its owner. */
const initialise = async (address: string, keysFile: string, marker: string): Promise<void> => {
  writeFileSync(marker, '', { mode: 0o600 });
  const answer = await askOpenBao<{ keys_base64: string[]; root_token: string }>(address, 'PUT', 'sys/init', {
    body: { secret_shares: 1, secret_threshold: 1 },
  });
  writeSecret(keysFile, JSON.stringify({ unsealKey: answer.keys_base64[0], rootToken: answer.root_token }));
  rmSync(marker);
};

/**
 * Start a real OpenBao as a child process on the loopback interface, and wait until it answers.
 *
 * Without `dev` its data lie in `folder` and survive; the first start initialises it and keeps unseal key and root token
 * in `folder/keys.json` (mode 0600), and each start unseals it. The child ends when this process ends, even by
 * `kill -9`.
 *
 * @returns the running, unsealed server
 * @throws EbbtideError `SERVICE_MISSING` without a binary, `VAULT_UNAVAILABLE` when the port is taken, the folder is held
 *   by another server, or it does not start; `VAULT_SEALED` when the data were initialised but their key is missing
 *
 * @example
 * const bao = await startOpenBao({ folder: dataFolder('openbao') });
 * process.env.VAULT_ADDR = bao.address;
 * await bao.stop();
 */
export const startOpenBao = async (options: OpenBaoOptions): Promise<OpenBao> => {
  const folder = resolve(options.folder);
  const binary = await findBinary();
  if (options.port !== undefined) await assertPortFree(options.port, 'OpenBao', 'VAULT_UNAVAILABLE');
  const claim = await claimFolder(folder, 'OpenBao', 'VAULT_UNAVAILABLE');
  try {
    const port = options.port ?? (await freePort());
    const address = `http://127.0.0.1:${port}`;
    const launch = options.dev ? launchDev : launchPersisted;
    const started = await launch({
      folder,
      binary,
      port,
      address,
      audit: options.audit ?? false,
      configFile: options.configFile,
    });
    claim.heldBy(started.server.pid);
    void started.server.exited.then(() => claim.release());
    const { server, keys } = started;
    return {
      address,
      rootToken: keys.rootToken,
      pid: server.pid,
      exited: server.exited,
      stop: () => server.stop(),
      seal: async () => {
        await askOpenBao(address, 'PUT', 'sys/seal', { token: keys.rootToken });
      },
      unseal: async () => {
        await askOpenBao(address, 'PUT', 'sys/unseal', { body: { key: keys.unsealKey } });
        await untilReady(address, server, join(folder, 'openbao.log'), readyTimeoutMs);
      },
    };
  } catch (error) {
    claim.release();
    throw error;
  }
};

interface Launch {
  readonly folder: string;
  readonly binary: string;
  readonly port: number;
  readonly address: string;
  readonly audit: boolean;
  readonly configFile: string | undefined;
}

interface Keys {
  readonly unsealKey: string;
  readonly rootToken: string;
}

const launchDev = async ({ folder, binary, port, address, configFile }: Launch) => {
  const rootToken = randomBytes(24).toString('base64url');
  const logFile = join(folder, 'openbao.log');
  const server = await spawnGuarded(
    binary,
    [
      ...['server', '-dev', '-dev-no-store-token', '-log-level=warn', `-dev-listen-address=127.0.0.1:${port}`],
      ...(configFile === undefined ? [] : [`-config=${configFile}`]),
    ],
    // It prints its root token and unseal key on standard output
    { env: serverEnv({ BAO_DEV_ROOT_TOKEN_ID: rootToken, VAULT_DEV_ROOT_TOKEN_ID: rootToken }), logFile, quiet: true },
  );
  await untilReady(address, server, logFile, readyTimeoutMs);
  return { server, keys: { rootToken, unsealKey: '' } };
};

const launchPersisted = async ({ folder, binary, port, address, audit }: Launch) => {
  const keysFile = join(folder, 'keys.json');
  const marker = join(folder, 'initialising');
  // Ended between initialising and keeping the keys: nothing can have been stored yet
  if (existsSync(marker) && !existsSync(keysFile)) rmSync(join(folder, 'data'), { recursive: true, force: true });
  mkdirSync(join(folder, 'data'), { recursive: true, mode: 0o700 });
  const logFile = join(folder, 'openbao.log');
  rmSync(logFile, { force: true });
  const config = await writeConfig(folder, port, binary, audit);
  const server = await spawnGuarded(binary, ['server', `-config=${config}`], { env: serverEnv(), logFile });
  try {
    const status = await untilReady(address, server, logFile, readyTimeoutMs, 'answers');
    if (!status.initialized) await initialise(address, keysFile, marker);
    if (!existsSync(keysFile)) {
      const message = `OpenBao's data in ${folder} were initialised, but ${keysFile} is missing; restore that file, or remove the folder to begin anew`;
      throw new EbbtideError('VAULT_SEALED', message, { folder });
    }
    const keys = JSON.parse(readFileSync(keysFile, 'utf8')) as Keys;
    await askOpenBao(address, 'PUT', 'sys/unseal', { body: { key: keys.unsealKey } });
    await untilReady(address, server, logFile, readyTimeoutMs);
    return { server, keys };
  } catch (error) {
    await server.stop();
    throw error;
  }
};
