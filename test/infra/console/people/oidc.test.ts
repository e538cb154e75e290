import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import type { Page } from 'playwright-core';
import { temporaryFolder } from '../../../services/folder.ts';
import { freePort } from '../../../services/ports.ts';
import { requireOrSkip } from '../../../services/require.ts';
import { eventually, startBrowser } from '../browser.ts';
import { mapping, startPeople } from './caller.ts';
import { clientId, clientSecret, startProvider } from './provider.ts';

/** A console in front of which a real provider stands. */
const rig = async (t: TestContext) => {
  const port = await freePort();
  const publicUrl = `http://127.0.0.1:${port}`;
  const provider = await startProvider(
    t,
    { callback: `${publicUrl}/auth/callback`, home: `${publicUrl}/` },
    { ann: ['all', 'soc'], otto: ['sre'], nobody: ['guests'] },
  );
  const clientSecretFile = join(temporaryFolder(t, 'ebbtide-oidc-'), 'secret');
  writeFileSync(clientSecretFile, `${clientSecret}\n`);
  const people = await startPeople(t, {
    access: 'oidc',
    port,
    portTries: 1,
    publicUrl,
    roles: mapping,
    oidc: { issuer: provider.issuer, clientId, clientSecretFile, allowHttp: true, timeoutS: 2 },
  });
  return { publicUrl, provider, people };
};

/** Begin a sign-in as a browser does: where it is sent, and what it keeps. */
const begin = async (publicUrl: string, to = '/') => {
  const answer = await fetch(`${publicUrl}/auth/sign-in?to=${encodeURIComponent(to)}`, { redirect: 'manual' });
  const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? '';
  return { answer, cookie, url: new URL(answer.headers.get('location') ?? publicUrl) };
};

const signIn = async (page: Page, name: string): Promise<void> => {
  await page.fill('input[name=login]', name);
  await page.fill('input[name=password]', 'any');
  await page.click('button[type=submit]');
  await page.click('button[type=submit]');
};

it('OpenID Connect signs people in with their roles, and out again, in a browser', async (t) => {
  if (!(await requireOrSkip(t, 'chromium'))) return;
  const { publicUrl, people } = await rig(t);
  const browser = await startBrowser();
  t.after(() => browser.close());
  const context = await browser.newContext();
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  await page.goto(publicUrl);
  await eventually(async () => assert.equal(await page.textContent('h1'), 'Sign in'));
  await page.click('a.door-action');
  await signIn(page, 'ann');
  await page.waitForURL(`${publicUrl}/`);
  const me = await page.evaluate(async () => (await fetch('/api/me')).json() as Promise<Record<string, unknown>>);
  assert.deepEqual([me.name, me.role, me.how, me.canSignOut], ['ann', 'analyst', 'oidc', true]);
  const post = (path: string, body: object) =>
    page.evaluate(
      async ([to, text]) =>
        (
          await fetch(to!, {
            method: 'POST',
            headers: { 'content-type': 'application/json', 'x-ebbtide-console': '1' },
            body: text!,
          })
        ).status,
      [path, JSON.stringify(body)],
    );
  assert.equal(await post('/api/labels', { subject: 'cred-1', verdict: 'falsePositive' }), 201);
  assert.equal(await post('/api/control/kill-switch', { on: true }), 403);
  const [cookie] = (await context.cookies()).filter(({ name }) => /^ebbtide_console_\d+$/.test(name));
  assert.deepEqual([cookie!.httpOnly, cookie!.sameSite], [true, 'Strict']);

  assert.equal(await post('/api/sign-out', {}), 200);
  await page.goto(publicUrl);
  await eventually(async () => assert.equal(await page.textContent('h1'), 'Sign in'));
  // A copy of the cookie that was kept does not bring the session back
  await context.addCookies([cookie!]);
  assert.equal((await page.goto(`${publicUrl}/api/me`))!.status(), 401);
  const events = (await people.recorded()).map(({ personId, action, outcome }) => `${personId} ${action} ${outcome}`);
  assert.deepEqual(events, [
    'oidc:ann signIn done',
    'oidc:ann label asked',
    'oidc:ann label done',
    'oidc:ann access refused',
    'oidc:ann signOut done',
  ]);
});

it('OpenID Connect lets nobody in whose groups stand for no role, and says so', async (t) => {
  if (!(await requireOrSkip(t, 'chromium'))) return;
  const { publicUrl } = await rig(t);
  const browser = await startBrowser();
  t.after(() => browser.close());
  const page = await browser.newPage();
  await page.goto(`${publicUrl}/auth/sign-in`);
  await signIn(page, 'nobody');
  await page.waitForSelector('text=none of your groups stands for a role');
  assert.equal((await page.goto(`${publicUrl}/api/me`))!.status(), 401);
});

it('OpenID Connect asks with PKCE, state and nonce, and believes no answer that it did not ask for', async (t) => {
  const { publicUrl, provider } = await rig(t);
  const { answer, cookie, url } = await begin(publicUrl);
  assert.equal(answer.status, 303);
  assert.equal(url.origin, provider.issuer);
  const asked = Object.fromEntries(url.searchParams);
  assert.equal(asked.code_challenge_method, 'S256');
  assert.ok(asked.code_challenge && asked.state && asked.nonce);
  assert.equal(asked.redirect_uri, `${publicUrl}/auth/callback`);
  const callback = async (query: string, headers: Record<string, string>) => {
    const back = await fetch(`${publicUrl}/auth/callback?${query}`, { headers, redirect: 'manual' });
    assert.doesNotMatch(back.headers.get('set-cookie') ?? '', /ebbtide_console_\d+=\w/);
    return back.status;
  };
  const issuer = `iss=${encodeURIComponent(provider.issuer)}`;
  assert.equal(await callback(`code=x&state=${asked.state}&${issuer}`, {}), 400, 'another browser');
  assert.equal(await callback(`code=x&state=other&${issuer}`, { cookie }), 403, 'another state');
  assert.equal(await callback(`code=forged&state=${asked.state}&${issuer}`, { cookie }), 403, 'a forged code');
  assert.equal(await callback(`code=x&state=${asked.state}&iss=http://evil.example`, { cookie }), 403, 'mixed up');
  assert.equal(await callback(`error=access_denied&state=${asked.state}&${issuer}`, { cookie }), 403);
});

it('OpenID Connect says when the provider is away, and goes on once it is back', async (t) => {
  const { publicUrl, provider } = await rig(t);
  provider.away(true);
  const { answer } = await begin(publicUrl);
  assert.equal(answer.status, 503);
  assert.match(await answer.text(), /Sign-in is not possible now/);
  assert.equal((await fetch(`${publicUrl}/health/ready`)).status, 200, 'the console itself is well');
  provider.away(false);
  assert.equal((await begin(publicUrl)).answer.status, 303);
});

it('doors lead nowhere else', async (t) => {
  const { publicUrl } = await rig(t);
  for (const to of ['//evil.example/x', 'https://evil.example/', '/\\evil.example', 'javascript:alert(1)']) {
    const { answer } = await begin(publicUrl, to);
    assert.equal(answer.status, 303);
    const page = await (await fetch(`${publicUrl}/?to=${encodeURIComponent(`"><script>${to}`)}`)).text();
    assert.doesNotMatch(page, /<script>/);
  }
  const page = await fetch(publicUrl);
  assert.equal(page.status, 401);
  const crossed = await fetch(publicUrl, { headers: { 'sec-fetch-site': 'cross-site' } });
  assert.match(await crossed.text(), /http-equiv="refresh" content="0;url=\/"/);
});
