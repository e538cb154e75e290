import assert from 'node:assert/strict';
import { request } from 'node:http';
import { describe, it } from 'node:test';
import { fastify } from 'fastify';
import { guardRoutes } from '../../../../infra/console/people/guard.ts';
import { roles } from '../../../../infra/console/people/roles.ts';
import { isEbbtideError } from '../../../../schemas/errors.ts';
import { topics } from '../../../../schemas/topics.ts';
import { startPeople } from './caller.ts';

const who = { viewer: 'vera/all', analyst: 'ann/soc', operator: 'otto/all,sre', administrator: 'ada/admins' } as const;
const why = { reason: 'drill' };

/** What each role is needed for: path and body. */
const changes: readonly [keyof typeof who, string, unknown][] = [
  ['analyst', '/api/labels', { subject: 'cred-1', verdict: 'falsePositive' }],
  ['analyst', '/api/demo/misbehave', { credentialId: 'nobody' }],
  ['analyst', '/api/alerts/acknowledge', { alertId: 'none' }],
  ['operator', '/api/alerts/silence', { subject: 'x*', forMs: 60_000, ...why }],
  ['operator', '/api/alerts/unsilence', { subject: 'x*' }],
  ['operator', '/api/alerts/test', { severity: 'info' }],
  ['operator', '/api/control/kill-switch', { on: false }],
  ['operator', '/api/control/mode', { mode: 'shadow' }],
  ['operator', '/api/credentials/revoke', { credentialId: 'nobody', ...why }],
  ['operator', '/api/credentials/restore', { credentialId: 'nobody', ...why }],
  ['operator', '/api/credentials/exempt', { credentialId: 'cred-1', forMs: 60_000, ...why }],
  ['operator', '/api/credentials/entity', { credentialId: 'nobody', action: 'disable', ...why }],
  ['operator', '/api/approvals/approve', { approvalId: 'none' }],
  ['operator', '/api/approvals/decline', { approvalId: 'none' }],
  ['administrator', '/api/control/policy', { pipeline: 'lifecycle', policy: {}, ...why }],
  ['administrator', '/api/tokens', { name: 'backup', role: 'viewer', days: 1 }],
  ['administrator', '/api/tokens/revoke', { tokenId: 'none' }],
];

describe('rights of people', () => {
  it('lets each role do what it may, and refuses those below it, on record', async (t) => {
    const people = await startPeople(t);
    for (const [needed, path, body] of changes)
      for (const role of roles) {
        const { status, body: answer } = await people.post(who[role], path, body);
        const may = roles.indexOf(role) >= roles.indexOf(needed);
        assert.equal(status === 403, !may, `${role} ${path}: ${status} ${JSON.stringify(answer)}`);
        if (!may) assert.match(answer.detail, new RegExp(`needs the role ${needed}, and ${who[role].split('/')[0]}`));
      }
    const refused = (await people.recorded()).filter(({ outcome }) => outcome === 'refused');
    const expected = changes.reduce((sum, [needed]) => sum + roles.indexOf(needed), 0);
    assert.equal(refused.length, expected);
    const one = refused.find(({ subject }) => subject === '/api/credentials/revoke')!;
    assert.deepEqual([one.action, one.name, one.role, one.entrance], ['access', 'vera', 'viewer', 'proxy']);
    assert.match(one.address, /127\.0\.0\.1|::1/);
  });

  it('shows when named people come to analysts alone', async (t) => {
    const people = await startPeople(t);
    for (const role of roles) {
      const { status } = await people.get(who[role], '/api/access?user=ada');
      assert.equal(status === 403, role === 'viewer', `${role}: ${status}`);
    }
  });

  it('refuses a viewer who posts a revocation, and decides nothing', async (t) => {
    const people = await startPeople(t);
    const { status } = await people.post(who.viewer, '/api/credentials/revoke', { credentialId: 'cred-1', ...why });
    assert.equal(status, 403);
    assert.equal(people.harness.kafka.messages.filter(({ topic }) => topic === topics.decisions.name).length, 0);
  });

  it('refuses to start with a route that does not say which role it needs', () => {
    const server = fastify();
    guardRoutes(server, {
      recognise: async () => undefined,
      turnAway: 'out',
      admitted: () => {},
      refused: async () => {},
    });
    assert.throws(
      () => server.get('/api/secret', async () => 'secret'),
      (error) =>
        isEbbtideError(error, 'CONFIG_INVALID') && /GET \/api\/secret does not say which role/.test(error.message),
    );
    assert.doesNotThrow(() => server.get('/api/open', { config: { role: 'viewer' } }, async () => 'open'));
  });

  it('tells who one is, and gives whoever has no mapped group the default role', async (t) => {
    const people = await startPeople(t);
    const { body } = await people.get(who.operator, '/api/me');
    assert.deepEqual([body.id, body.name, body.role, body.canSignOut], ['proxy:otto', 'otto', 'operator', false]);
    assert.equal((await people.get('new/nowhere', '/api/me')).body.role, 'viewer');
    const strict = await startPeople(t, { defaultRole: 'none' });
    assert.equal((await strict.get('new/nowhere', '/api/me')).status, 401);
  });

  it('believes a proxy only at the addresses that it is trusted at', async (t) => {
    const people = await startPeople(t, { trustedProxies: ['10.0.0.0/8'] });
    assert.equal((await people.get(who.administrator, '/api/me')).status, 401);
    await assert.rejects(startPeople(t, { trustedProxies: ['10.0.0.0/99'] }), /a network such as/);
  });

  it('believes no proxy that adds its headers beside those that a browser sent', async (t) => {
    const people = await startPeople(t);
    const status = (headers: Record<string, string | string[]>) =>
      new Promise<number | undefined>((resolve, reject) => {
        const sent = request(`${people.harness.console.address}/api/me`, { headers }, (answer) =>
          answer.resume().on('end', () => resolve(answer.statusCode)),
        );
        sent.on('error', reject).end();
      });
    assert.equal(await status({ 'x-forwarded-user': 'ann', 'x-forwarded-groups': 'sre' }), 200);
    assert.equal(await status({ 'x-forwarded-user': ['x', 'ann'], 'x-forwarded-groups': 'sre' }), 401);
    assert.equal(await status({ 'x-forwarded-user': 'ann', 'x-forwarded-groups': ['admins', 'all'] }), 401);
  });

  it('limits how often one person changes something, and lets others go on', async (t) => {
    const people = await startPeople(t, { limits: { changesPerSecond: 0.001, changesBurst: 2 } });
    const label = (name: string) => people.post(name, '/api/labels', { subject: 'cred-1', verdict: 'falsePositive' });
    assert.deepEqual(
      [(await label(who.analyst)).status, (await label(who.analyst)).status, (await label(who.analyst)).status],
      [201, 201, 429],
    );
    assert.equal((await label('bob/soc')).status, 201);
    assert.equal((await people.get(who.analyst, '/api/me')).status, 200);
  });

  it('limits how often one address asks, whoever it is', async (t) => {
    const people = await startPeople(t, { limits: { addressPerSecond: 0.001, addressBurst: 3 } });
    const statuses = [];
    for (let index = 0; index < 4; index += 1) statuses.push((await people.get('', '/api/me')).status);
    assert.deepEqual(statuses, [401, 401, 401, 429]);
  });
});

describe('labels of two people', () => {
  it('keeps both where two judge one decision at once, and tells of the other', async (t) => {
    const people = await startPeople(t);
    const judge = (name: string, verdict: string) =>
      people.post(name, '/api/labels', { subject: 'cred-1', decisionId: 'lifecycle/cred-1/5', verdict });
    const [first, second] = await Promise.all([
      judge('ann/soc', 'falsePositive'),
      judge('bob/soc', 'maliciousActivity'),
    ]);
    assert.deepEqual([first.status, second.status], [201, 201]);
    assert.equal(people.harness.kafka.messages.filter(({ topic }) => topic === topics.labels.name).length, 2);
    const told = [...first.body.others, ...second.body.others] as { by: string }[];
    assert.equal(told.length, 1, 'whoever came second hears of the first');
    assert.equal((await judge('ann/soc', 'maliciousActivity')).body.others.length, 0, 'agreed by now');
  });

  it('keeps HTML of a note as the text that it is', async (t) => {
    const people = await startPeople(t);
    const note = '<img src=x onerror=alert(1)> & "quotes"';
    const { body } = await people.post('ann/soc', '/api/labels', { subject: 'cred-1', verdict: 'falsePositive', note });
    assert.equal(body.note, note);
    assert.equal((await people.recorded()).at(-1)!.reason, note);
  });

  it('takes a subject that looks like a path as a name, and refuses one of 10 KB', async (t) => {
    const people = await startPeople(t);
    const named = '../../etc/passwd%00?x=1#y';
    assert.equal(
      (await people.post('ann/soc', '/api/labels', { subject: named, verdict: 'falsePositive' })).status,
      201,
    );
    const { body } = await people.get('ann/soc', `/api/credentials/standing?credentialId=${encodeURIComponent(named)}`);
    assert.deepEqual([body.credentialId, body.registered], [named, false]);
    const long = 'x'.repeat(10_240);
    for (const answer of [
      await people.post('ann/soc', '/api/labels', { subject: long, verdict: 'falsePositive' }),
      await people.get('ann/soc', `/api/credentials/standing?credentialId=${long}`),
    ]) {
      assert.equal(answer.status, 400);
      assert.match(answer.body.detail, /<=1024 characters/);
    }
    assert.ok((await people.get('ann/soc', `/api/credentials/${long}/history`)).status < 500);
  });
});
