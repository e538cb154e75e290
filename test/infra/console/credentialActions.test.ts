import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { entityPort } from '../../../infra/cli/entity-port.ts';
import { consoleConfig } from '../../../infra/console/config.ts';
import { startConsole } from '../../../infra/console/server.ts';
import type { AuditEvent, Control, Decision, ScopeOverride } from '../../../schemas/generated/index.ts';
import { topics } from '../../../schemas/topics.ts';
import { openBao } from '../../services/openbao.ts';
import { requireOrSkip } from '../../services/require.ts';
import { issueToken, kafkaRig, lifeS, opens, prepareVault, startRig, until } from '../vault/rig.ts';
import { mapping } from './people/caller.ts';

/** A console beside a real Vault and its actuator, and requests as operators behind a proxy. */
const rig = async (t: TestContext, config: Record<string, unknown> = {}) => {
  const kafka = await kafkaRig(t);
  const vault = await prepareVault(t, await openBao(t));
  await startRig(t, vault, kafka);
  const entities = entityPort(vault.configs.actuator, kafka.context().log);
  const console = await startConsole(
    kafka.context(),
    consoleConfig.parse({ port: 0, access: 'proxy', roles: mapping, ...config }),
    { parts: () => [], actOnEntity: entities.actOnEntity },
  );
  t.after(async () => {
    await console.close();
    await entities.close();
  });
  const post = async (who: string, path: string, body: object) => {
    const [user = '', groups = 'sre'] = who.split('/');
    const answer = await fetch(`${console.address}${path}`, {
      method: 'POST',
      headers: {
        'x-forwarded-user': user,
        'x-forwarded-groups': groups,
        'content-type': 'application/json',
        'x-ebbtide-console': '1',
      },
      body: JSON.stringify(body),
    });
    // biome-ignore lint/suspicious/noExplicitAny: tests look at what answers hold
    return { status: answer.status, body: (await answer.json()) as any };
  };
  const standing = async (credentialId: string) => {
    const answer = await fetch(
      `${console.address}/api/credentials/standing?credentialId=${encodeURIComponent(credentialId)}`,
      { headers: { 'x-forwarded-user': 'otto' } },
    );
    // biome-ignore lint/suspicious/noExplicitAny: tests look at what answers hold
    return (await answer.json()) as any;
  };
  const issued = async (overrides: Parameters<typeof issueToken>[1] = {}) => {
    const one = await issueToken(vault, overrides);
    await kafka.register(one.credential);
    const { credentialId } = one.credential;
    await until('the console to hear of it', async () => (await standing(credentialId)).registered);
    return { ...one, credentialId };
  };
  return { kafka, vault, post, standing, issued, events: await kafka.seen<AuditEvent>(topics.actions) };
};

const why = { reason: 'phished' };

describe('actions of operators on credentials at a real Vault', () => {
  it('revoke ends one at once, in shadow mode too, on record before it was done', async (t) => {
    if (!(await requireOrSkip(t, 'openbao'))) return;
    const { kafka, vault, post, issued, standing, events } = await rig(t);
    const { token, credentialId } = await issued();
    await kafka.control({ key: 'mode', kind: 'mode', value: '"shadow"' });
    assert.equal(await opens(vault, token), true);
    const { status, body } = await post('otto', '/api/credentials/revoke', { credentialId, ...why });
    assert.equal(status, 200);
    assert.deepEqual(
      body.outcomes.map(({ what, outcome }: Record<string, string>) => [what, outcome]),
      [['life', 'enforced']],
    );
    assert.equal(await opens(vault, token), false);
    const decisions = await kafka.seen<Decision>(topics.decisions);
    const decision = await until('the decision', () => decisions[0]);
    assert.deepEqual([decision.pipeline, decision.action, decision.reason], ['console', 'revoke', 'By otto: phished']);
    const [asked, done] = await until('both events', () => events.length >= 2 && events);
    assert.deepEqual([asked!.action, asked!.outcome, asked!.reason], ['revoke', 'asked', 'phished']);
    assert.ok(asked!.at <= decision.decidedAt);
    assert.deepEqual([done!.outcome, done!.actionId], ['done', asked!.actionId]);
    assert.match(done!.result, /Vault no longer accepts it/);

    await until('the register to say that it ended', async () => (await standing(credentialId)).ended);
    for (const action of ['revoke', 'restore']) {
      const again = await post('otto', `/api/credentials/${action}`, { credentialId, ...why });
      assert.equal(again.status, 409);
      assert.match(again.body.detail, /has ended already, and Vault brings nothing back/);
    }
    assert.equal((await post('otto', '/api/credentials/revoke', { credentialId: 'nobody', ...why })).status, 404);
    const silent = await post('otto', '/api/credentials/revoke', { credentialId });
    assert.match(silent.body.detail, /reason/);
  });

  it('revoke respects the kill switch and an exemption, and says which stands in the way', async (t) => {
    if (!(await requireOrSkip(t, 'openbao'))) return;
    const { kafka, vault, post, issued, standing } = await rig(t);
    const { token, credentialId } = await issued();
    assert.equal(
      (await post('otto', '/api/credentials/exempt', { credentialId, forMs: 3_600_000, reason: 'month end' })).status,
      200,
    );
    const { exemption } = await until('the exemption', async () => {
      const now = await standing(credentialId);
      return now.exemption && now;
    });
    assert.deepEqual([exemption.by, exemption.reason, exemption.own], ['otto', 'month end', true]);
    const spared = await post('otto', '/api/credentials/revoke', { credentialId, ...why });
    assert.deepEqual([spared.status, /end the exemption first/.test(spared.body.detail)], [409, true]);
    assert.equal((await post('otto', '/api/credentials/exempt', { credentialId, end: true })).status, 200);
    await until('its end', async () => !(await standing(credentialId)).exemption);
    await kafka.control({ key: 'killSwitch', kind: 'killSwitch', value: 'true' });
    await until('the kill switch', async () => {
      const { status, body } = await post('otto', '/api/credentials/restore', { credentialId, ...why });
      return status === 409 && /kill switch is on/.test(body.detail);
    });
    assert.equal((await post('otto', '/api/credentials/revoke', { credentialId, ...why })).status, 409);
    assert.equal(await opens(vault, token), true);
    for (const wrong of [{ forMs: 1 }, { forMs: 1e12 }, { forMs: 60_000, reason: ' ' }, {}])
      assert.equal(
        (await post('otto', '/api/credentials/exempt', { credentialId, reason: 'x', ...wrong })).status,
        400,
      );
  });

  it('restore extends a shortened life to what it was issued with, and lifts what narrows its scope', async (t) => {
    if (!(await requireOrSkip(t, 'openbao'))) return;
    const { kafka, vault, post, issued, standing } = await rig(t);
    const { credentialId, credential } = await issued({ ttlS: 1_200 });
    await vault.root.write('auth/token/renew-accessor', { accessor: credential.reference, increment: '60s' });
    const override: ScopeOverride = {
      frontendCredential: credentialId,
      scope: 'blocked',
      service: null,
      mode: 'enforce',
      risk: 90,
      reasons: ['test'],
      decisionId: 'scope/1',
      policyVersion: '',
      at: Date.now(),
      expiresAt: null,
    };
    await kafka.send(topics.scopeOverrides, override);
    await until('the override', async () => (await standing(credentialId)).scope);
    const { status, body } = await post('otto', '/api/credentials/restore', { credentialId, ...why });
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual(
      body.outcomes.map(({ what, outcome }: Record<string, string>) => [what, outcome]),
      [
        ['scope', 'enforced'],
        ['life', 'enforced'],
      ],
    );
    assert.ok((await lifeS(vault, credential.reference))! > 1_000);
    await until('the override to be lifted', async () => !(await standing(credentialId)).scope);
  });

  it('entity actions disable and enable all at Vault, and revoke each, once another operator approves', async (t) => {
    if (!(await requireOrSkip(t, 'openbao'))) return;
    const { kafka, vault, post, issued, standing, events } = await rig(t, { approvals: { revokeEntity: true } });
    const first = await issued();
    const second = await issued();
    const { credentialId } = first;
    assert.equal(first.credential.entityId, second.credential.entityId);
    await until('both', async () => (await standing(credentialId)).ofEntity === 2);
    const act = (action: string) => post('ann', '/api/credentials/entity', { credentialId, action, ...why });
    const approve = async (approvalId: string) => post('bob', '/api/approvals/approve', { approvalId });

    const disable = await act('disable');
    assert.equal(disable.status, 202);
    assert.equal(await opens(vault, first.token), true, 'nothing is done before it is approved');
    assert.equal((await post('ann', '/api/approvals/approve', disable.body.approval)).status, 400);
    const { approvalId } = disable.body.approval;
    assert.equal((await post('ann', '/api/approvals/approve', { approvalId })).status, 403, 'the same person');
    assert.equal((await approve(approvalId)).status, 200);
    assert.equal(await opens(vault, first.token), false);
    assert.equal((await approve(approvalId)).status, 409, 'once');
    assert.equal((await act('enable')).status, 200, 'what gives back needs nobody else');
    assert.equal(await opens(vault, first.token), true);

    const revoke = await act('revoke');
    const declined = await post('bob', '/api/approvals/decline', { approvalId: revoke.body.approval.approvalId });
    assert.equal(declined.body.approval.state, 'declined');
    assert.equal(await opens(vault, second.token), true);
    const anew = await approve((await act('revoke')).body.approval.approvalId);
    assert.deepEqual(
      anew.body.done.outcomes.map(({ outcome }: Record<string, string>) => outcome),
      ['enforced', 'enforced'],
    );
    assert.equal(await opens(vault, first.token), false);
    assert.equal(await opens(vault, second.token), false);
    const doneBy = (who: string, what: string) => () =>
      events.some(({ action, outcome, name }) => action === what && outcome === 'done' && name === who);
    await until('the record of the approved revocation', doneBy('bob', 'revokeEntity'));
    await until('the record of what was declined', () =>
      events.some(
        ({ action, outcome, result }) => action === 'approval' && outcome === 'done' && result === 'Declined',
      ),
    );
    const settings = await kafka.seen<Control>(topics.control);
    assert.equal(settings.length, 0);
  });

  it('entity actions shut nobody out under the kill switch, nor one who is exempt', async (t) => {
    if (!(await requireOrSkip(t, 'openbao'))) return;
    const { kafka, vault, post, issued, standing } = await rig(t);
    const { token, credentialId } = await issued();
    const act = (action: string) => post('otto', '/api/credentials/entity', { credentialId, action, ...why });
    await post('otto', '/api/credentials/exempt', { credentialId, forMs: 3_600_000, reason: 'month end' });
    await until('the exemption', async () => (await standing(credentialId)).exemption);
    for (const action of ['disable', 'deny']) {
      const { status, body } = await act(action);
      assert.deepEqual([status, /end the exemption first/.test(body.detail)], [409, true], action);
    }
    await post('otto', '/api/credentials/exempt', { credentialId, end: true });
    await until('its end', async () => !(await standing(credentialId)).exemption);
    await kafka.control({ key: 'killSwitch', kind: 'killSwitch', value: 'true' });
    await until('the kill switch', async () =>
      /kill switch is on/.test((await post('otto', '/api/credentials/restore', { credentialId, ...why })).body.detail),
    );
    assert.equal((await act('disable')).status, 409);
    assert.equal(await opens(vault, token), true);
    assert.equal((await act('enable')).status, 200, 'what gives back is not held up');
  });

  it('entity actions say so where there is no entity', async (t) => {
    if (!(await requireOrSkip(t, 'openbao'))) return;
    const { post, issued } = await rig(t);
    const { credentialId } = await issued({ credential: { entityId: null } });
    const { status, body } = await post('otto', '/api/credentials/entity', { credentialId, action: 'deny', ...why });
    assert.deepEqual([status, /belongs to no entity/.test(body.detail)], [409, true]);
  });
});
