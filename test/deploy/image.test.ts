import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { startRegistryServer } from '../../infra/http/registry-server.ts';
import { packageRoot } from '../../infra/paths.ts';
import { freePort } from '../../infra/setup/guarded.ts';
import { MemoryRegistry } from '../../schemas/registry.ts';
import { until } from '../services/context.ts';
import { temporaryFolder } from '../services/folder.ts';
import { privateKafka } from '../services/kafka.ts';
import { uniqueName } from '../services/ports.ts';
import { requireOrSkip } from '../services/require.ts';
import { fileText, runProgram } from './tools.ts';

// Minutes and gigabytes, so only where it is asked for: EBBTIDE_TEST_DOCKER=1. Flags for "docker build", such as
// "--network host", are in EBBTIDE_TEST_DOCKER_BUILD.
const { EBBTIDE_TEST_DOCKER: asked, EBBTIDE_TEST_DOCKER_BUILD: buildFlags = '' } = process.env;
const image = uniqueName('ebbtide-image-test').toLowerCase();
/** As docs/deployment.md says that it may be run. */
const confined = ['--read-only', '--tmpfs', '/tmp', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges:true'];

const docker = async (...args: readonly string[]): Promise<string> =>
  (await runProgram('docker', args, { maxBuffer: 64 << 20 })).stdout.trim();

let building: Promise<string> | undefined;

/** Build the image once for all tests here; false after the test was skipped. */
const builtOrSkip = async (t: TestContext): Promise<boolean> => {
  if (asked !== '1') {
    t.skip('Skipped unless EBBTIDE_TEST_DOCKER=1: it builds an image of a gigabyte with a Docker engine');
    return false;
  }
  building ??= docker('build', '--tag', image, ...buildFlags.split(' ').filter(Boolean), packageRoot());
  await building;
  return true;
};

after(async () => {
  if (building) await docker('image', 'rm', image).catch(() => {});
});

test('the image is the package without root, and holds nothing that was needed to build it alone', async (t) => {
  if (!(await builtOrSkip(t))) return;
  const [{ Config }] = JSON.parse(await docker('image', 'inspect', image)) as [
    { Config: { User: string; Healthcheck: object; Volumes?: object | null } },
  ];
  assert.equal(Config.User, '10001:10001');
  assert.ok(Config.Healthcheck);
  assert.ok(!Config.Volumes, 'each container that mounts nothing there would leave an anonymous volume');
  const { version } = JSON.parse(fileText('package.json')) as { version: string };
  assert.equal(await docker('run', '--rm', ...confined, image, '--version'), version);
  assert.match(await docker('run', '--rm', ...confined, image), /Usage: ebbtide/);
  const shell = (script: string) =>
    docker('run', '--rm', ...confined, '--volume', '/var/lib/ebbtide', '--entrypoint', 'sh', image, '-c', script);
  assert.equal(await shell('id -u; touch /app/x 2>/dev/null || echo refused'), '10001\nrefused');
  assert.equal(await shell('touch /tmp/x /var/lib/ebbtide/x && ebbtide --version'), version);
  assert.ok(Number(await shell('du -sm /app | cut -f1')) < 600, 'more than 600 MB');
  assert.equal(
    await shell('find /app -name "*.gyp" -path "*librdkafka*"; find /app -name "*.dylib" -o -name "*.dll"'),
    '',
  );
});

test('a pipeline in the image gets healthy on a real Kafka, confined, and ends by itself when told to', async (t) => {
  if (!(await builtOrSkip(t)) || !(await requireOrSkip(t, 'java'))) return;
  const kafka = await privateKafka(t);
  const registry = await startRegistryServer(new MemoryRegistry(), { host: '127.0.0.1', port: 0 });
  t.after(() => registry.close());
  const port = await freePort();
  const file = join(temporaryFolder(t), 'ebbtide.yaml');
  const config = { kafka: { brokers: kafka.brokers }, schemaRegistry: { url: registry.address }, http: { port } };
  writeFileSync(file, JSON.stringify(config), { mode: 0o644 });
  const mounted = [
    '--volume',
    `${file}:/etc/ebbtide/ebbtide.yaml:ro`,
    '--env',
    'EBBTIDE_CONFIG=/etc/ebbtide/ebbtide.yaml',
  ];
  const health = ['--env', `EBBTIDE_HEALTH_URL=http://127.0.0.1:${port}/health/live`, '--health-interval', '1s'];
  const id = await docker(
    ...['run', '--detach', '--network', 'host', ...confined, ...mounted, ...health],
    ...[image, 'run', 'lifecycle'],
  );
  t.after(() => docker('rm', '--force', '--volumes', id));
  const inspect = async () =>
    (
      JSON.parse(await docker('inspect', id)) as [
        { State: { Status: string; ExitCode: number; Health: { Status: string } } },
      ]
    )[0].State;
  await until('the container to be healthy', async () => {
    const { Status, Health } = await inspect();
    if (Status === 'exited') throw new Error(await docker('logs', id));
    return Health.Status === 'healthy';
  });
  await until('the pipeline to be ready', async () => (await fetch(`http://127.0.0.1:${port}/health/ready`)).ok);
  await docker('stop', '--time', '60', id);
  assert.equal((await inspect()).ExitCode, 0);
});
