import assert from 'node:assert/strict';
import { it } from 'node:test';
import { doorPage, pathWithin, plainPage } from '../../../../infra/console/people/page.ts';

it('pathWithin leads nowhere but into the console', () => {
  for (const inside of ['/', '/queue', '/subjects/a%2Fb?x=1']) assert.equal(pathWithin(inside), inside);
  for (const outside of [
    undefined,
    '//evil.example/x',
    '///evil.example',
    'https://evil.example/',
    '/\\evil.example',
    'javascript:alert(1)',
    '/auth/sign-in',
    `/${'x'.repeat(3_000)}`,
  ]) {
    const path = pathWithin(outside);
    assert.equal(new URL(path, 'http://here').host, 'here', String(outside));
    assert.doesNotMatch(path, /^\/auth|^\/\//);
  }
});

it('plainPage writes text as text', () => {
  const page = plainPage('<b>', '"><script>alert(1)</script>', { to: '/"onclick="x', name: '&' });
  assert.doesNotMatch(page, /<script>|<b>|"onclick="/);
  assert.match(doorPage('oidc', '/queue?x="'), /sign-in\?to=%2Fqueue%3Fx%3D/);
});
