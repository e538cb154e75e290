import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { startRegistryServer } from '../../infra/http/registry-server.ts';
import { startMockCluster } from '../../infra/kafka/mock.ts';
import { packageRoot } from '../../infra/paths.ts';
import { loadSetup } from '../../infra/setup/load.ts';
import { MemoryRegistry } from '../../schemas/registry.ts';

const run = promisify(execFile);
const root = packageRoot();
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  version: string;
  devDependencies: Record<string, string>;
};

/** As a user has it: without what a test's own environment says to Ebbtide, and with the OpenBao that is here already. */
const environment = async (): Promise<NodeJS.ProcessEnv> => {
  const { findOpenBao } = await loadSetup<{ findOpenBao(): { path: string } | undefined }>('openbao.mjs');
  const clean = Object.entries(process.env).filter(([name]) => !/^(EBBTIDE|npm_|NODE_)/.test(name));
  return { ...Object.fromEntries(clean), EBBTIDE_BAO: findOpenBao()?.path };
};

const folder = mkdtempSync(join(tmpdir(), 'ebbtide-user-'));
let env: NodeJS.ProcessEnv = {};

/** A project of a user's, with Ebbtide installed from its tarball, out of packages that are here already. */
const install = async (): Promise<void> => {
  // Writes the types too, and refuses an API that its report does not tell of
  await run(process.execPath, [join(root, 'infra/setup/api.mjs'), '--check']);
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], {
    cwd: root,
  });
  const versions = ['typescript', '@types/node'].map((name) => [name, manifest.devDependencies[name]]);
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'user', private: true, type: 'module', devDependencies: Object.fromEntries(versions) }),
  );
  await run('cp', ['-al', join(root, 'node_modules'), folder]).catch(() =>
    run('cp', ['-a', join(root, 'node_modules'), folder]),
  );
  // npm writes its list in place, and that of the checkout is the same file here
  rmSync(join(folder, 'node_modules', '.package-lock.json'), { force: true });
  const flags = ['--offline', '--ignore-scripts', '--no-audit', '--no-fund'];
  await run('npm', ['install', ...flags, `./${stdout.trim()}`], { cwd: folder, env });
};

const ebbtide = (...args: string[]) => run('npx', ['--no-install', 'ebbtide', ...args], { cwd: folder, env });

before(async () => {
  env = await environment();
  await install();
});
after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 }));

test('the package holds what runs, and neither sources nor tests nor development tools', async () => {
  const own = join(folder, 'node_modules', 'ebbtide');
  for (const path of ['dist/infra/cli/main.js', 'dist/ebbtide.d.ts', 'dist/console/index.html', 'dist/agent/main.cjs'])
    assert.ok(existsSync(join(own, path)), path);
  for (const path of ['dist/test', 'test', 'infra/cli/main.ts', 'tsconfig.json', 'package-lock.json'])
    assert.ok(!existsSync(join(own, path)), path);
  for (const tool of ['@biomejs/biome', 'playwright-core', '@microsoft/api-extractor'])
    assert.ok(!existsSync(join(folder, 'node_modules', tool)), tool);
});

test('ebbtide --version says the version of the package', async () => {
  assert.equal((await ebbtide('--version')).stdout.trim(), manifest.version);
});

test('the set-up of the installed package finds everything in place', async () => {
  const script = join(folder, 'node_modules/ebbtide/infra/setup/setup.mjs');
  const { stderr, stdout } = await run(process.execPath, [script, '--without', 'openbao'], { cwd: folder, env });
  assert.doesNotMatch(stdout + stderr, /fail/i);
});

test('ebbtide doctor finds everything that is needed', async () => {
  const { stdout } = await ebbtide('doctor', '--json');
  const { ready, findings } = JSON.parse(stdout) as { ready: boolean; findings: { name: string; found: string }[] };
  assert.equal(ready, true);
  assert.match(findings.find(({ name }) => name === 'data folder')!.found, new RegExp(`^${folder}/\\.ebbtide`));
});

test('ebbtide up brings everything up, answers at its address, and stops when told to', async (t) => {
  const child = spawn('npx', ['--no-install', 'ebbtide', 'up', '--json', '--port', '0'], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const first = await Promise.race([
    new Promise<string>((resolve) => createInterface(child.stdout).once('line', resolve)),
    ended.then((code) => assert.fail(`ebbtide up ended with code ${code}:\n${said}`)),
  ]);
  const { console: link, pid } = JSON.parse(first) as { console: string; pid: number };
  t.after(() => {
    if (child.exitCode === null) process.kill(pid, 'SIGKILL');
  });
  const entered = await fetch(link, { redirect: 'manual' });
  const page = await fetch(new URL('/', link), { headers: { cookie: entered.headers.get('set-cookie') ?? '' } });
  assert.equal(page.status, 200);
  assert.match(await page.text(), /<title>Ebbtide/);
  process.kill(pid, 'SIGTERM');
  await ended;
  await assert.rejects(fetch(link));
});

test('a pipeline and an operator of a user compile against the types of the package, and run', async (t) => {
  const example = join(folder, 'night-watch');
  cpSync(join(root, 'examples', 'night-watch'), example, { recursive: true });
  const compiled = await run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', example], {
    cwd: folder,
    env,
  }).catch((error: { stdout: string }) => assert.fail(error.stdout));
  assert.equal(compiled.stdout, '');
  const checked = await run(process.execPath, [join(example, 'out', 'check.js')], {
    cwd: folder,
    env: { ...env, EBBTIDE_LOG: 'fatal' },
    timeout: 120_000,
  });
  assert.match(checked.stdout, /The night watch works/);
  const brokers = await startMockCluster();
  const registry = await startRegistryServer(new MemoryRegistry(), { host: '127.0.0.1', port: 0 });
  const watch = spawn(process.execPath, [join(example, 'out', 'main.js')], {
    cwd: folder,
    env: { ...env, KAFKA_BROKERS: brokers.brokers, REGISTRY_URL: registry.address },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => watch.kill('SIGKILL'));
  const ended = new Promise<number | null>((resolve) => watch.once('exit', resolve));
  const said = await Promise.race([
    new Promise<string>((resolve) => createInterface(watch.stdout).once('line', resolve)),
    ended.then((code) => assert.fail(`The night watch ended with ${code}`)),
  ]);
  assert.match(said, /The night watch runs/);
  watch.kill('SIGTERM');
  assert.equal(await ended, 0);
  await registry.close();
  await brokers.close();
});

test('what is not part of the API cannot be imported', async () => {
  const script = `import('ebbtide/dist/infra/cli/main.js').then(() => process.exit(1), ({ code }) => console.log(code))`;
  const { stdout } = await run(process.execPath, ['-e', script], { cwd: folder, env });
  assert.equal(stdout.trim(), 'ERR_PACKAGE_PATH_NOT_EXPORTED');
});
