import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { temporaryFolder } from '../../../services/folder.ts';
import { openBao } from '../../../services/openbao.ts';
import { requireOrSkip } from '../../../services/require.ts';
import { sshd } from '../../../services/sshd.ts';
import { ebbtide } from '../../cli/ebbtide.ts';
import { provisionRig } from '../../provision/rig.ts';
import { until } from '../../vault/rig.ts';

test('a user logs in to a real sshd with what was delivered, as long as it lives and only at its machine', async (t) => {
  if (!(await requireOrSkip(t, 'sshd'))) return;
  const rig = await provisionRig(t, await openBao(t));
  const token = await rig.token('alice');
  await rig.engine();
  const delivery = await rig.delivery();
  const home = temporaryFolder(t);
  const account = userInfo().username;
  const environment = {
    HOME: home,
    XDG_CONFIG_HOME: join(home, '.config'),
    VAULT_TOKEN: token,
    EBBTIDE_DELIVERY: delivery.address,
    EBBTIDE_DATA: join(home, 'data'),
  };
  const { data: authority } = await rig.vault.root.read<{ public_key: string }>('ssh/config/ca');
  const server = await sshd(t, authority.public_key, ['alice@web-1']);
  const said: string[] = [];
  const run = async (...args: string[]) => {
    const { status, stdout, stderr } = await ebbtide(['--json', ...args], environment);
    said.push(stdout, stderr);
    assert.equal(status, 0, stderr);
    return JSON.parse(stdout) as { served: string; files: string[] };
  };
  const get = async (vm: string, ...options: string[]) => {
    const { served, files } = await run('credential', 'get', vm, ...options);
    return { served, files, key: files[0]!, certificate: files.find((file) => file.endsWith('-cert.pub'))! };
  };
  await run('credential', 'enrol');

  await t.test('with what was prepared', async () => {
    await rig.want('alice', 'web-1');
    await rig.step('alice/web-1', 'preProvisioned');
    const got = await get('web-1');
    assert.equal(got.served, 'preProvisioned');
    for (const file of got.files) assert.equal(statSync(file).mode & 0o777, 0o600, file);
    assert.deepEqual(await server.login(got), { status: 0, output: account });
    assert.match(
      server.log(),
      /ID ebbtide\/alice\/web-1\/[0-9a-f]{12}/,
      "the machine's own log names user and machine",
    );
  });

  await t.test('with what was made on demand', async () => {
    const got = await get('web-1');
    assert.equal(got.served, 'generated');
    assert.deepEqual(await server.login(got), { status: 0, output: account });
  });

  await t.test("not with another machine's", async () => {
    const { status, output } = await server.login(await get('web-2'));
    assert.equal(status, 255);
    assert.match(output, /Permission denied/);
  });

  await t.test('not once it has ended', async () => {
    // One that is asked for after its window is made anew, for longer
    const got = await until('one that was prepared for a short window', async () => {
      const end = Date.now() + 15_000;
      await rig.want('alice', 'web-1', { windowEnd: end });
      await rig.step('alice/web-1', 'preProvisioned', ({ windowEnd }) => windowEnd === end);
      const one = await get('web-1');
      return one.served === 'preProvisioned' && one;
    });
    await until('the certificate to end', async () => (await server.login(got)).status === 255);
  });

  await t.test("with the user's own key, for which a certificate alone is made", async () => {
    const own = join(home, 'own');
    await promisify(execFile)('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'own', '-f', own]);
    await run('credential', 'enrol', '--ssh-key', `${own}.pub`);
    await rig.want('alice', 'web-1');
    await rig.step('alice/web-1', 'preProvisioned');
    const { served, files, certificate } = await get('web-1', '--out', join(home, 'out'));
    assert.deepEqual([served, files.length], ['preProvisioned', 1]);
    assert.deepEqual(await server.login({ key: own, certificate }), { status: 0, output: account });
  });

  await t.test('and the command prints no secret', () => assert.doesNotMatch(said.join(''), /PRIVATE KEY|AGE-SECRET/));
});
