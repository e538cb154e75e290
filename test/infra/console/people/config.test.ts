import assert from 'node:assert/strict';
import { it } from 'node:test';
import { consoleConfig } from '../../../../infra/console/config.ts';

const oidc = { issuer: 'https://login.example', clientId: 'ebbtide' };

it('the configuration of people is refused with the key that is at fault', () => {
  for (const [config, key] of [
    [{ access: 'oidc', publicUrl: 'https://here.example' }, 'oidc'],
    [{ access: 'oidc', oidc }, 'publicUrl'],
    [
      { access: 'oidc', publicUrl: 'https://here.example', oidc: { ...oidc, issuer: 'http://login.example' } },
      'issuer',
    ],
    [{ approvals: { revokeEntity: true } }, 'approvals'],
    [{ session: { idleMs: 120_000, absoluteMs: 60_000 } }, 'idleMs'],
    [{ trustedProxies: ['10.0.0.0/33'] }, 'trustedProxies'],
    [{ trustedProxies: ['proxy.example'] }, 'trustedProxies'],
    [{ roles: { root: ['wheel'] } }, 'roles'],
  ] as const) {
    const { success, error } = consoleConfig.safeParse(config);
    assert.equal(success, false, JSON.stringify(config));
    assert.ok(
      error!.issues.some(({ path }) => path.includes(key)),
      `${key}: ${JSON.stringify(error!.issues)}`,
    );
  }
  assert.ok(consoleConfig.safeParse({ access: 'oidc', publicUrl: 'https://here.example', oidc }).success);
  assert.ok(consoleConfig.safeParse({ trustedProxies: ['10.0.0.0/8', 'fd00::/8', '::1'] }).success);
});
