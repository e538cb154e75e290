import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { packageRoot } from '../../infra/paths.ts';
import { loadSetup } from '../../infra/setup/load.ts';
import { whyNoKeda } from './keda.ts';
import { whyNoKubernetes } from './kubernetes.ts';

/** What a test can need beyond Node; `java` is for a broker of the test's own, where Docker does not help. */
export type Requirement =
  | 'kafka'
  | 'java'
  | 'openbao'
  | 'clickhouse'
  | 'chromium'
  | 'envoy'
  | 'nginx'
  | 'sshd'
  | 'promtool'
  | 'prometheus'
  | 'kubernetes'
  | 'keda'
  | 'data';

interface KafkaModule {
  runningKafka(): Promise<unknown>;
  whyNoKafka(): Promise<string | undefined>;
}
interface JarsModule {
  missingForJars(): Promise<string | undefined>;
}
interface OpenBaoModule {
  findOpenBao(): { path: string } | undefined;
}
interface EnvoyModule {
  findEnvoy(): string | undefined;
}
interface ExecModule {
  onPath(name: string): string | undefined;
}

const chromiumNames = ['chromium', 'chromium-browser', 'google-chrome'];

/** The browser for tests of pages: `$EBBTIDE_CHROMIUM`, else the one on PATH. */
export const findChromium = async (): Promise<string | undefined> => {
  const { onPath } = await loadSetup<ExecModule>('exec.mjs');
  return process.env.EBBTIDE_CHROMIUM ?? chromiumNames.map(onPath).find((path) => path !== undefined);
};

/** OpenSSH's server, which wants to be started by its whole path. */
export const sshdPath = '/usr/sbin/sshd';
/** The nginx on PATH, or where Debian puts it for root alone. */
export const findNginx = (onPath: ExecModule['onPath']): string | undefined =>
  onPath('nginx') ?? (existsSync('/usr/sbin/nginx') ? '/usr/sbin/nginx' : undefined);

/** The folder of real data sets beside the repository, which is too large to ship. */
export const sharedData = (): string => join(packageRoot(), '..', 'shared', 'data');

/** For each requirement: why it is not met, in words, or undefined. */
const missing: Record<Requirement, () => Promise<string | undefined>> = {
  kafka: async () => {
    const { runningKafka, whyNoKafka } = await loadSetup<KafkaModule>('kafka.mjs');
    return (await runningKafka()) ? undefined : whyNoKafka();
  },
  java: async () => (await loadSetup<JarsModule>('kafka-jars.mjs')).missingForJars(),
  openbao: async () => {
    const { findOpenBao } = await loadSetup<OpenBaoModule>('openbao.mjs');
    return findOpenBao() ? undefined : 'an OpenBao binary (npm run setup)';
  },
  clickhouse: async () => {
    const supported = process.platform === 'linux' || process.platform === 'darwin';
    return supported ? undefined : 'Linux or macOS';
  },
  chromium: async () => ((await findChromium()) ? undefined : 'Chromium (Debian: chromium)'),
  sshd: async () => {
    if (!existsSync(sshdPath)) return `OpenSSH's server at ${sshdPath} (Debian: openssh-server)`;
    const { onPath } = await loadSetup<ExecModule>('exec.mjs');
    return onPath('ssh') ? undefined : "OpenSSH's client (Debian: openssh-client)";
  },
  prometheus: async () => {
    const { onPath } = await loadSetup<ExecModule>('exec.mjs');
    return onPath('prometheus') ? undefined : 'Prometheus (Debian: prometheus)';
  },
  promtool: async () => {
    const { onPath } = await loadSetup<ExecModule>('exec.mjs');
    return onPath('promtool') ? undefined : 'promtool (Debian: prometheus)';
  },
  envoy: async () => {
    const { findEnvoy } = await loadSetup<EnvoyModule>('envoy.mjs');
    return findEnvoy() ? undefined : 'an Envoy binary (node infra/setup/envoy.mjs)';
  },
  nginx: async () => {
    const { onPath } = await loadSetup<ExecModule>('exec.mjs');
    return findNginx(onPath) ? undefined : 'nginx (Debian: nginx-light)';
  },
  kubernetes: async () => whyNoKubernetes(),
  keda: async () => whyNoKeda(),
  data: async () => (existsSync(sharedData()) ? undefined : `the data sets in ${sharedData()}`),
};

/** May be absent where everything else is required: real data sets, Kubernetes and KEDA come neither with the repository nor by its set-up. */
const mayAlwaysSkip: ReadonlySet<Requirement> = new Set<Requirement>(['data', 'kubernetes', 'keda']);

/**
 * Say whether a test can have what it needs; if not, mark it skipped with the reason.
 *
 * With `EBBTIDE_REQUIRE_SERVICES=1`, as in CI, what is missing fails the test instead.
 *
 * @example
 * test('decisions survive kill -9', async (t) => {
 *   if (!(await requireOrSkip(t, 'kafka'))) return;
 *   const brokers = await realKafka();
 * });
 */
export const requireOrSkip = async (t: TestContext, ...requirements: readonly Requirement[]): Promise<boolean> => {
  for (const requirement of requirements) {
    const reason = await missing[requirement]();
    if (reason === undefined) continue;
    if (process.env.EBBTIDE_REQUIRE_SERVICES === '1' && !mayAlwaysSkip.has(requirement)) {
      throw new Error(`EBBTIDE_REQUIRE_SERVICES=1 requires ${requirement}, but this machine lacks ${reason}`);
    }
    t.skip(`Skipped without ${requirement}: this machine lacks ${reason}`);
    return false;
  }
  return true;
};
