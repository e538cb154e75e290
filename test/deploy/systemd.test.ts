import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { packageRoot } from '../../infra/paths.ts';
import { loadSetup } from '../../infra/setup/load.ts';
import { temporaryFolder } from '../services/folder.ts';
import { fileText, runProgram } from './tools.ts';

const folder = 'deploy/systemd';
const units = readdirSync(join(packageRoot(), folder)).filter((name) => name.endsWith('.service'));
/** Exposure that systemd may find, in tenths: the agent looks at processes of other users, which wants a capability. */
const most: Readonly<Record<string, number>> = { 'ebbtide@.service': 15, 'ebbtide-agent.service': 25 };
/** Where units expect the package. */
const installed = '/opt/ebbtide/node_modules/ebbtide/';

const onPath = async (name: string): Promise<string | undefined> =>
  (await loadSetup<{ onPath(name: string): string | undefined }>('exec.mjs')).onPath(name);

/** A process of another user, until the test ends. */
const processOf = (t: TestContext, uid: number): number => {
  const child = spawn('sleep', ['600'], { uid, gid: uid, stdio: 'ignore' });
  t.after(() => child.kill('SIGKILL'));
  return child.pid!;
};

test('what units start and refer to is in the package', () => {
  const { files } = JSON.parse(fileText('package.json')) as { files: readonly string[] };
  assert.equal(units.length, 2);
  for (const unit of units)
    for (const [, path] of fileText(`${folder}/${unit}`).matchAll(new RegExp(`${installed}(\\S+)`, 'g'))) {
      assert.ok(existsSync(join(packageRoot(), path!)), path);
      assert.ok(
        files.some((packed) => path!.startsWith(packed)),
        `${path} is not packed`,
      );
    }
});

test('an instance is the command that its name says', async () => {
  const start = (instance: string) =>
    runProgram(join(packageRoot(), folder, 'ebbtide-instance'), [instance], {
      env: { ...process.env, EBBTIDE_NODE: 'echo' },
    });
  assert.match((await start('run-lifecycle')).stdout, /ebbtide\.mjs run lifecycle\n$/);
  assert.match((await start('serve-token')).stdout, /ebbtide\.mjs serve token\n$/);
  assert.match((await start('up')).stdout, /ebbtide\.mjs up\n$/);
  await assert.rejects(start('rm'), /neither up, run-<pipeline> nor serve-<service>/);
});

test('systemd takes the units, and finds them little exposed', async (t) => {
  const tool: string | undefined = await onPath('systemd-analyze');
  if (!tool) return t.skip('Skipped without systemd-analyze: this machine lacks systemd');
  const here = temporaryFolder(t);
  for (const unit of units) {
    // Programs and users of a machine that has Ebbtide, with those of this one in their place
    const text = fileText(`${folder}/${unit}`)
      .replace(/^ExecStart=.*$/m, 'ExecStart=/bin/true')
      .replace(/^(User|Group)=.*$/gm, '$1=daemon');
    const file = join(here, unit.replace('@', '@run-lifecycle'));
    writeFileSync(file, text);
    const { stdout, stderr }: { stdout: string; stderr: string } = await runProgram(tool, ['verify', '--man=no', file]);
    const about: string[] = `${stdout}${stderr}`.split('\n').filter((line) => line.includes(unit.split(/[@.]/)[0]!));
    assert.deepEqual(about, []);
    await runProgram(tool, ['security', '--offline=true', `--threshold=${most[unit]}`, '--no-pager', file]);
  }
});

test('the capabilities of the agent let it see what processes of another user read and write, and no less of them does', async (t) => {
  const tool = await onPath('setpriv');
  if (!tool || process.getuid?.() !== 0) return t.skip('Skipped: only root, with setpriv, can take capabilities away');
  const pid = processOf(t, 65_534);
  const [, given] = /^AmbientCapabilities=(.*)$/m.exec(fileText(`${folder}/ebbtide-agent.service`))!;
  const capabilities = given!.split(' ').map((name) => `+${name.replace('CAP_', '').toLowerCase()}`);
  const look = (some: readonly string[]) => {
    const set = some.join(',');
    const user = ['--reuid=1', '--regid=1', '--clear-groups', `--inh-caps=${set}`, `--ambient-caps=${set}`];
    return runProgram(tool, [...user, 'sh', '-c', `cat /proc/${pid}/io && ls /proc/${pid}/fd`]);
  };
  assert.match((await look(capabilities)).stdout, /^read_bytes: \d+$/m);
  for (const left of capabilities) await assert.rejects(look(capabilities.filter((one) => one !== left)), left);
});
