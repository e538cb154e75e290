import assert from 'node:assert/strict';
import { readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { localPerson, OneTimeLink } from '../../../../infra/console/people/link.ts';
import { Sessions } from '../../../../infra/console/people/sessions.ts';
import { topics } from '../../../../schemas/topics.ts';
import { temporaryFolder } from '../../../services/folder.ts';
import { startHarness } from '../harness.ts';

const rig = async (t: TestContext) => {
  const keyFile = join(temporaryFolder(t, 'ebbtide-door-'), 'key');
  writeFileSync(keyFile, 'k'.repeat(48));
  const harness = await startHarness({ session: { keyFile } });
  t.after(() => harness.close());
  const { address } = harness.console;
  const post = (path: string, headers: Record<string, string>): Promise<number> =>
    new Promise((resolve, reject) => {
      const sent = request(
        `${address}${path}`,
        {
          method: 'POST',
          headers: {
            host: new URL(address).host,
            'content-type': 'application/json',
            'x-ebbtide-console': '1',
            ...headers,
          },
        },
        (answer) => {
          answer.resume().on('end', () => resolve(answer.statusCode!));
        },
      );
      sent.on('error', reject);
      sent.end('{"on":false}');
    });
  return { harness, address, keyFile, post };
};

it('a session that has expired, or was sealed with another key, opens nothing', async (t) => {
  const { harness, address, keyFile } = await rig(t);
  const hour = 3_600_000;
  const at = (now: number, file: string | undefined = keyFile) =>
    new Sessions({ idleMs: hour, absoluteMs: hour, keyFile: file, base: address, now: () => now }).begin(localPerson());
  const status = async (cookie: string): Promise<number> =>
    (await fetch(`${address}/api/state`, { headers: { cookie: cookie.split(';')[0]! } })).status;
  assert.equal(await status(await at(Date.now())), 200);
  assert.equal(await status(await at(Date.now() - 2 * hour)), 401);
  const otherKey = `${keyFile}.other`;
  writeFileSync(otherKey, 'o'.repeat(48));
  assert.equal(await status(await at(Date.now(), otherKey)), 401);
  assert.equal(await status(await harness.enter()), 200);
});

it('a session by an entrance that is closed now opens nothing', async (t) => {
  const { address, keyFile } = await rig(t);
  const sessions = new Sessions({ idleMs: 60_000, absoluteMs: 60_000, keyFile, base: address, now: Date.now });
  const cookie = await sessions.begin({ ...localPerson(), how: 'oidc' });
  const answer = await fetch(`${address}/api/state`, { headers: { cookie: cookie.split(';')[0]! } });
  assert.equal(answer.status, 401);
});

it('the file with the link is private and its own, whatever was there before', (t) => {
  const folder = temporaryFolder(t, 'ebbtide-link-');
  const [file, victim] = [join(folder, 'link'), join(folder, 'victim')];
  writeFileSync(victim, 'as it was', { mode: 0o644 });
  symlinkSync(victim, file);
  const { link } = new OneTimeLink('http://127.0.0.1:7070', file);
  assert.equal(readFileSync(victim, 'utf8'), 'as it was');
  assert.equal(readFileSync(file, 'utf8').trim(), link);
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

it('a request that was caught is refused from another site, and after sign-out from everywhere', async (t) => {
  const { harness, address, post } = await rig(t);
  const cookie = await harness.enter();
  const path = '/api/control/kill-switch';
  for (const headers of [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: address, 'sec-fetch-site': 'same-site' },
  ])
    assert.equal(await post(path, { cookie, ...headers } as Record<string, string>), 403, JSON.stringify(headers));
  assert.equal(harness.kafka.messages.filter(({ topic }) => topic === topics.control.name).length, 0);
  const own = { cookie, origin: address, 'sec-fetch-site': 'same-origin' };
  assert.equal(await post(path, own), 200);
  assert.equal(await post('/api/sign-out', own), 200);
  assert.equal(await post(path, own), 401);
});

it('a token in the place of a cookie stands for itself alone', async (t) => {
  const { harness, post } = await rig(t);
  const cookie = await harness.enter();
  assert.equal(await post('/api/control/kill-switch', { cookie, authorization: 'Bearer ebbtide_forged' }), 401);
});
