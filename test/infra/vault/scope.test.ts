import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { packageRoot } from '../../../infra/paths.ts';
import { scopeBody, scopePolicies, scopePolicyName } from '../../../infra/vault/scope-body.ts';
import { bindsInVault } from '../../../infra/vault/scope-enforcer.ts';
import type { Decision, ScopeOverride } from '../../../schemas/generated/index.ts';
import { topics } from '../../../schemas/topics.ts';
import { openBao } from '../../services/openbao.ts';
import { requireOrSkip } from '../../services/require.ts';
import { override } from '../services/gateway/stage.ts';
import {
  decide,
  effectOf,
  issueToken,
  kafkaRig,
  opens,
  type PreparedVault,
  prepareVault,
  startRig,
  until,
} from './rig.ts';

const scopes = scopePolicies.parse({
  denied: { 'read-only': ['database/creds/orders-rw'] },
  services: { orders: ['database/creds/orders-rw', 'kv/data/functions/*'], billing: ['kv/data/billing/*'] },
});
const pathsOf = (scope: string): string[] =>
  [...scopeBody(scope, scopes).matchAll(/^path "(.+)"/gm)].map(([, path]) => path!);

test('scopeBody denies the paths that a scope refuses; denies of several scopes add up', () => {
  assert.deepEqual(pathsOf('default'), []);
  assert.deepEqual(pathsOf('read-only'), ['database/creds/orders-rw']);
  assert.deepEqual(pathsOf('single-service(orders)'), ['kv/data/billing/*']);
  assert.deepEqual(pathsOf('read-only & single-service(orders)'), ['database/creds/orders-rw', 'kv/data/billing/*']);
  const all = ['database/creds/orders-rw', 'kv/data/billing/*', 'kv/data/functions/*'];
  for (const scope of ['blocked', 'nobody-knows', 'single-service(nowhere)', 'constructor', ''])
    assert.deepEqual(pathsOf(scope), all, scope);
  assert.ok(
    !scopeBody('x"\n}\npath "*" { capabilities = ["sudo"] }', scopes).includes('\npath "*"'),
    'no name writes rules',
  );
});

test('scopePolicies refuses a path that would end its string', () => {
  assert.equal(scopePolicies.safeParse({ denied: { a: ['kv/"x'] } }).success, false);
});

test('bindsInVault leaves blocks that another party asked for to gateways, where they lapse', () => {
  assert.equal(bindsInVault({ action: 'narrow', pipeline: 'scope' }), true);
  assert.equal(bindsInVault({ action: 'narrow', pipeline: 'signals' }), false);
  assert.equal(bindsInVault({ action: 'keep', pipeline: 'scope' }), true);
  assert.equal(bindsInVault({ action: 'revoke', pipeline: 'lifecycle' }), false);
});

const frontend = 'key-mobile';
const onScope = (action: 'narrow' | 'widen' | 'keep', newScope: string, more: Partial<Decision> = {}): Decision => {
  const { credential } = { credential: { credentialId: frontend, ttlMs: 0 } } as Awaited<ReturnType<typeof issueToken>>;
  const decision = decide(credential, action, 0, { pipeline: 'scope', newScope, ...more });
  return { ...decision, decisionId: `scope/${frontend}/${decision.windowEnd}` };
};

/** Let the actuator write scope policies, as an administrator would. */
const allowScopes = async (vault: PreparedVault): Promise<void> => {
  const policy = readFileSync(join(packageRoot(), 'infra/vault/policies/scope.hcl'), 'utf8');
  await vault.root.write('sys/policies/acl/ebbtide-actuator-scope', { policy });
  await vault.root.write('auth/approle/role/ebbtide-actuator', {
    token_policies: ['ebbtide-actuator', 'ebbtide-actuator-scope'],
  });
};
const liveToken = async (vault: PreparedVault): Promise<string> => {
  const policies = ['ebbtide-function', scopePolicyName(frontend, scopes)];
  return (await issueToken(vault, { role: '', body: { policies, no_default_policy: true } })).token;
};
const staged = async (t: TestContext) => {
  const vault = await prepareVault(t, await openBao(t));
  return { vault, rig: await kafkaRig(t), token: await liveToken(vault) };
};

test('a decision to narrow binds a live token at its next request, and one to widen frees it again', async (t) => {
  if (!(await requireOrSkip(t, 'openbao'))) return;
  const { vault, rig, token } = await staged(t);
  await allowScopes(vault);
  await startRig(t, vault, rig, { scopes });
  assert.equal(await opens(vault, token), true);

  const blocked = onScope('narrow', 'blocked');
  await rig.decide(blocked);
  const effect = await effectOf(rig, blocked.decisionId);
  assert.deepEqual(
    [effect.outcome, effect.action, effect.status, effect.pipeline],
    ['enforced', 'narrow', 200, 'scope'],
  );
  assert.equal(await opens(vault, token), false);

  const widened = onScope('widen', 'single-service(orders)');
  await rig.decide(widened);
  assert.equal((await effectOf(rig, widened.decisionId)).outcome, 'enforced');
  assert.equal(await opens(vault, token), true);

  const shadow = onScope('narrow', 'blocked', { mode: 'shadow' });
  const withheld = onScope('narrow', 'blocked', { withheld: 'budget' });
  await rig.decide(shadow, withheld);
  assert.match((await effectOf(rig, shadow.decisionId)).detail, /Policy of scope default/);
  assert.equal((await effectOf(rig, withheld.decisionId)).skipped, 'withheld');
  await rig.control({ kind: 'killSwitch', value: 'true' });
  await until('the kill switch is known', async () => {
    const again = onScope('narrow', 'single-service(orders)');
    await rig.decide(again);
    return (await effectOf(rig, again.decisionId)).skipped === 'killSwitch';
  });
  assert.equal(await opens(vault, token), true);
});

test('a switch to enforcing binds live tokens, and one to shadow frees them, for good', async (t) => {
  if (!(await requireOrSkip(t, 'openbao'))) return;
  const { vault, rig, token } = await staged(t);
  await allowScopes(vault);
  await startRig(t, vault, rig, { scopes });
  const settled = async (...decision: Parameters<typeof onScope>) => {
    const one = onScope(...decision);
    await rig.decide(one);
    const { outcome, action, skipped } = await effectOf(rig, one.decisionId);
    return [outcome, action, skipped];
  };
  const shadow = { mode: 'shadow' } as const;
  assert.deepEqual(await settled('narrow', 'blocked', shadow), ['skipped', 'narrow', 'shadow']);
  assert.equal(await opens(vault, token), true);
  assert.deepEqual(await settled('keep', 'blocked'), ['enforced', 'keep', '']);
  assert.equal(await opens(vault, token), false, 'written again on the switch to enforcing');
  assert.deepEqual(await settled('keep', 'blocked', { ...shadow, withheld: 'budget' }), ['skipped', 'keep', 'shadow']);
  assert.equal(await opens(vault, token), false, 'what is withheld changes nothing');
  assert.deepEqual(await settled('keep', 'blocked', shadow), ['enforced', 'keep', '']);
  assert.equal(await opens(vault, token), true, 'taken back on the switch to shadow');
  assert.deepEqual(await settled('widen', 'default', shadow), ['skipped', 'widen', 'shadow']);
  assert.equal(await opens(vault, token), true);
  assert.deepEqual(rig.alerts, []);
});

test('the kill switch, an exemption and the end of an override lift what Vault denies, and it is bound again after', async (t) => {
  if (!(await requireOrSkip(t, 'openbao'))) return;
  const { vault, rig, token } = await staged(t);
  await allowScopes(vault);
  let running = await startRig(t, vault, rig, { scopes });
  const blocked = onScope('narrow', 'blocked');
  const set = (more: Partial<ScopeOverride> = {}) =>
    rig.send(topics.scopeOverrides, {
      ...override(frontend, 'blocked', { decisionId: blocked.decisionId, at: blocked.decidedAt }),
      ...more,
    });
  await rig.decide(blocked);
  await set();
  await effectOf(rig, blocked.decisionId);
  assert.equal(await opens(vault, token), false);
  const becomes = (open: boolean, why: string) => until(why, async () => (await opens(vault, token)) === open);

  await rig.control({ kind: 'killSwitch', value: 'true' });
  await becomes(true, 'the kill switch lifts it');
  await rig.control({ kind: 'killSwitch', value: 'false' });
  await becomes(false, 'it is bound again');

  await running.close();
  await rig.control({ kind: 'killSwitch', pipeline: 'scope', value: 'true' });
  running = await startRig(t, vault, rig, { scopes });
  await becomes(true, 'a switch that was thrown while no actuator ran');
  await rig.control({ kind: 'killSwitch', pipeline: 'scope', value: 'false' });
  await becomes(false, 'and off again');

  await rig.control({ kind: 'exemption', pipeline: 'scope', subject: frontend, value: 'true' });
  await becomes(true, 'an exemption lifts it');
  await rig.control({ kind: 'exemption', pipeline: 'scope', subject: frontend, value: 'false' });
  await becomes(false, 'it is bound again');

  await set({ expiresAt: Date.now() });
  await becomes(true, 'what has lapsed binds nobody');
  await set();
  await becomes(false, 'renewed');
  await rig.producer.send([{ topic: topics.scopeOverrides.name, key: frontend, value: null }]);
  await becomes(true, 'lifted by hand');
  await set({ decisionId: 'administrator/ann/1', at: Date.now() });
  await set({ mode: 'shadow', at: Date.now() });
  assert.equal(await opens(vault, token), true, 'neither is for Vault to enforce');
  assert.deepEqual(rig.alerts, []);
});

test('an actuator that may not write the policy says so, and raises an alert', async (t) => {
  if (!(await requireOrSkip(t, 'openbao'))) return;
  const { vault, rig, token } = await staged(t);
  await startRig(t, vault, rig, { scopes });
  const blocked = onScope('narrow', 'blocked');
  await rig.decide(blocked);
  const effect = await effectOf(rig, blocked.decisionId);
  assert.deepEqual([effect.outcome, effect.status], ['impossible', 403]);
  await until('the alert', () =>
    rig.alerts.find(({ decisionId, severity }) => decisionId === blocked.decisionId && severity === 'critical'),
  );
  assert.equal(await opens(vault, token), true);
});

test('an actuator without scopes passes over decisions on scope without an effect, a wait or a word', async (t) => {
  if (!(await requireOrSkip(t, 'openbao'))) return;
  const { vault, rig } = await staged(t);
  await startRig(t, vault, rig);
  const { credential } = await issueToken(vault);
  await rig.register(credential);
  const onLife = decide(credential, 'shorten', 60_000);
  const before = rig.lines.length;
  await rig.decide(onScope('narrow', 'blocked'), onScope('keep', 'blocked'), onScope('widen', 'default'), onLife);
  assert.equal((await effectOf(rig, onLife.decisionId)).outcome, 'enforced');
  assert.deepEqual(
    rig.effects.filter(({ pipeline }) => pipeline === 'scope'),
    [],
  );
  assert.deepEqual(rig.alerts, []);
  assert.ok(!rig.lines.slice(before).some((line) => line.includes(frontend)));
});
