import assert from 'node:assert/strict';
import { createSign, generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSharedSecret } from '../../../../infra/services/token/shared-secret.ts';
import type { Effect } from '../../../../schemas/generated/index.ts';
import { topics } from '../../../../schemas/topics.ts';
import { openBao, sealableOpenBao } from '../../../services/openbao.ts';
import { decide, kafkaRig, lifeS, opens, prepareVault, until } from '../../vault/rig.ts';
import { startService } from './rig.ts';

const revokedBy = (subject: string): Effect => ({
  decisionId: `reconcile/${subject}/3`,
  subject,
  pipeline: 'actuate',
  action: 'revoke',
  outcome: 'enforced',
  detail: '',
  skipped: '',
  requestedTtlMs: 0,
  remainingMs: 0,
  expiresAt: null,
  status: 200,
  attempts: 1,
  latencyMs: 1,
  appliedAt: Date.now(),
});

test('startTokenService must issue event-specific credentials and renew them by the current decision', async (t) => {
  const vault = await prepareVault(t, await openBao(t));
  const kafka = await kafkaRig(t);
  const service = await startService(t, vault, kafka);
  assert.deepEqual((await service.health()).ready, true);

  await t.test(
    'a fresh token opens what functions may open, has an entity and no default policy, and is registered before it is given',
    async () => {
      const { status, body, headers } = await service.issue();
      assert.equal(status, 201);
      assert.equal(await opens(vault, body.token), true);
      assert.equal(headers.get('cache-control'), 'no-store');
      const { data } = await vault.root.write<Record<string, unknown>>('auth/token/lookup-accessor', {
        accessor: body.accessor,
      });
      assert.deepEqual(
        [data.policies, data.orphan, data.meta],
        [['ebbtide-function'], true, { event: 'order-4711', function: 'checkout', instance: 'checkout-1' }],
      );
      assert.ok(data.entity_id);
      const registered = await until('the registration', () =>
        kafka.credentials.find(({ credentialId }) => credentialId === body.credentialId),
      );
      assert.deepEqual(
        [registered.reference, registered.entityId, registered.maxTtlMs, registered.shortening, registered.event],
        [body.accessor, data.entity_id, 600_000, 'continuous', 'order-4711'],
      );
      assert.equal(JSON.stringify(registered).includes(body.token), false);
      const self = await fetch(`${vault.address}/v1/auth/token/renew-self`, {
        method: 'POST',
        headers: { 'X-Vault-Token': body.token },
      });
      assert.equal(self.status, 403);
    },
  );

  await t.test('renewals give the TTL in force, and nothing to what was shortened or revoked', async () => {
    const { body } = await service.issue();
    const renew = () => service.call('POST', `/v1/credentials/${body.credentialId}/renew`);
    const credential = await until('the registration', () =>
      kafka.credentials.find(({ credentialId }) => credentialId === body.credentialId),
    );
    assert.equal((await renew()).body.ttlMs, 60_000);
    await kafka.decide(decide(credential, 'extend', 300_000));
    await until('the extension to count', async () => (await renew()).body.ttlMs === 300_000);
    const life = await lifeS(vault, body.accessor);
    assert.ok(life! > 200, `${life}`);
    await kafka.decide(
      decide(credential, 'revoke', 0, { mode: 'shadow' }),
      decide(credential, 'shorten', 150_000, { withheld: 'budget' }),
    );
    await kafka.decide(decide(credential, 'shorten', 30_000));
    const refused = await until('the shortening to count', async () => {
      const answer = await renew();
      return answer.status === 403 && answer;
    });
    assert.equal(refused.body.code, 'credential-shortened');
    assert.equal(refused.headers.get('content-type')?.split(';')[0], 'application/problem+json');
    assert.equal(refused.headers.get('x-correlation-id'), refused.body.correlationId);
    await kafka.decide(decide(credential, 'keep', 30_000));
    assert.equal(
      (
        await until('renewals to be allowed again', async () => {
          const answer = await renew();
          return answer.status === 200 && answer;
        })
      ).body.ttlMs,
      30_000,
    );
    await kafka.send(topics.effects, revokedBy(body.credentialId));
    assert.equal(
      (
        await until('the revocation to count', async () => {
          const answer = await renew();
          return answer.status === 403 && answer;
        })
      ).body.code,
      'credential-revoked',
    );
    assert.equal((await service.call('GET', `/v1/credentials/${body.credentialId}`)).body.state, 'revoked');
  });

  await t.test('a credential that has ended at Vault is not renewed', async () => {
    const { body } = await service.issue();
    await vault.root.write('auth/token/revoke-accessor', { accessor: body.accessor });
    const answer = await service.call('POST', `/v1/credentials/${body.credentialId}/renew`);
    assert.deepEqual([answer.status, answer.body.code], [403, 'credential-ended']);
    assert.equal((await service.call('GET', `/v1/credentials/${body.credentialId}`)).body.state, 'ended');
  });

  for (const [what, request, status] of [
    ['no secret', { authorization: null }, 401],
    ['a wrong secret', { authorization: 'Bearer wrong' }, 401],
    ['another scheme', { authorization: 'Basic eDp5' }, 401],
    ['a member too many', { body: { event: 'e', function: 'f', instance: 'i', sudo: true } }, 400],
    ['a name that is none', { body: { event: 'e', function: '../f', instance: 'i' } }, 400],
    ['a role that is none', { body: { event: 'e', function: 'f', instance: 'i', role: 'constructor' } }, 400],
    ['no JSON', { body: '{"event":' }, 400],
    ['a body too large', { body: { event: 'e'.repeat(20_000), function: 'f', instance: 'i' } }, 413],
  ] as [string, { authorization?: string | null; body?: unknown }, number][])
    await t.test(`refuses ${what}`, async () => {
      const body = request.body ?? { event: 'e', function: 'f', instance: 'i' };
      const answer = await service.call(
        'POST',
        '/v1/credentials',
        body,
        ...('authorization' in request ? [request.authorization ?? null] : []),
      );
      assert.equal(answer.status, status, JSON.stringify(answer.body));
      assert.ok(answer.body.correlationId && answer.body.code && answer.body.detail);
    });

  await t.test('an unknown credential and an unknown address are not found', async () => {
    assert.equal((await service.call('GET', '/v1/credentials/nobody')).status, 404);
    assert.equal((await service.call('GET', '/nothing')).status, 404);
  });

  await t.test('a function whose entity is disabled gets no new credential', async () => {
    const { body } = await service.issue({ function: 'banned' });
    const { data } = await vault.root.write<{ entity_id: string }>('auth/token/lookup-accessor', {
      accessor: body.accessor,
    });
    await vault.root.write(`identity/entity/id/${data.entity_id}`, { disabled: true });
    const refused = await service.issue({ function: 'banned' });
    assert.deepEqual([refused.status, refused.body.code], [403, 'entity-disabled']);
  });

  await t.test('neither logs nor metrics hold a token or the shared secret', async () => {
    const { body } = await service.issue();
    const said = [...kafka.lines, await service.context.metrics.metrics()].join('\n');
    const secret = await readSharedSecret(join(vault.folder, 'shared-secret'));
    for (const hidden of [body.token, secret]) assert.equal(said.includes(hidden), false);
    assert.match(said, /credential issued/);
    assert.match(said, /ebbtide_token_service_issued_total\{kind="token"\}/);
  });
});

test('startTokenService must accept a caller by its AppRole, for its functions only, and keep nothing of the login', async (t) => {
  const vault = await prepareVault(t, await openBao(t));
  const kafka = await kafkaRig(t);
  const role = 'auth/approle/role/shop';
  await vault.root.write(role, { token_policies: ['shop'] });
  await vault.root.write('auth/approle/role/stranger', { token_policies: ['other'] });
  const material = async (path: string) => ({
    method: 'approle',
    roleId: (await vault.root.read<{ role_id: string }>(`${path}/role-id`)).data.role_id,
    secretId: (await vault.root.write<{ secret_id: string }>(`${path}/secret-id`, {})).data.secret_id,
  });
  const service = await startService(t, vault, kafka, {
    callers: [{ method: 'approle', policies: ['shop'], functions: ['shop-*'] }],
  });
  const auth = await material(role);
  const tokens = async () => (await vault.root.list<{ keys: string[] }>('auth/token/accessors')).data.keys.length;
  const before = await tokens();
  const given = await service.issue({ function: 'shop-cart', auth }, null);
  assert.equal(given.status, 201, JSON.stringify(given.body));
  assert.equal(await tokens(), before + 1, 'the login must have been revoked');
  assert.equal((await service.issue({ function: 'billing', auth }, null)).status, 403);
  assert.equal(
    (await service.issue({ function: 'shop-cart', auth: await material('auth/approle/role/stranger') }, null)).status,
    401,
  );
  assert.equal(
    (await service.issue({ function: 'shop-cart', auth: { ...auth, secretId: 'wrong' } }, null)).status,
    401,
  );
  assert.equal((await service.issue({ function: 'shop-cart' })).status, 401, 'the shared secret is not for this one');
  const renewed = await service.call('POST', `/v1/credentials/${given.body.credentialId}/renew`, { auth }, null);
  assert.equal(renewed.status, 200);
});

test('startTokenService must accept a caller by a signed token of its platform, and by its claims', async (t) => {
  const vault = await prepareVault(t, await openBao(t));
  const kafka = await kafkaRig(t);
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await vault.root.write('sys/auth/jwt', { type: 'jwt' });
  await vault.root.write('auth/jwt/config', {
    jwt_validation_pubkeys: [publicKey.export({ type: 'spki', format: 'pem' })],
  });
  await vault.root.write('auth/jwt/role/workload', {
    role_type: 'jwt',
    user_claim: 'sub',
    bound_audiences: ['ebbtide'],
    claim_mappings: { team: 'team' },
    token_type: 'batch',
  });
  const sign = (claims: object): string => {
    const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
    const at = Math.floor(Date.now() / 1000);
    const content = `${encode({ alg: 'ES256', typ: 'JWT' })}.${encode({ aud: 'ebbtide', iat: at, exp: at + 300, ...claims })}`;
    const signature = createSign('SHA256').update(content).sign({ key: privateKey, dsaEncoding: 'ieee-p1363' });
    return `${content}.${signature.toString('base64url')}`;
  };
  const service = await startService(t, vault, kafka, {
    callers: [{ method: 'jwt', metadata: { team: 'shop' }, functions: ['shop-*'] }],
  });
  const ask = (claims: object) =>
    service.issue({ function: 'shop-cart', auth: { method: 'jwt', role: 'workload', jwt: sign(claims) } }, null);
  const given = await ask({ sub: 'cart', team: 'shop' });
  assert.equal(given.status, 201, JSON.stringify(given.body));
  assert.equal((await ask({ sub: 'cart', team: 'billing' })).status, 401);
  assert.equal((await ask({ sub: 'cart', team: 'shop', exp: 1 })).status, 401);
});

test('startTokenService must accept a caller by the service account of its pod, as Kubernetes reviews it', async (t) => {
  const vault = await prepareVault(t, await openBao(t));
  const kafka = await kafkaRig(t);
  const account = { namespace: 'shop', name: 'cart', uid: '7d1c' };
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const tokenOf = ({ namespace, name, uid }: typeof account): string => {
    const claims = { iss: 'https://cluster', 'kubernetes.io': { namespace, serviceaccount: { name, uid } } };
    const at = Math.floor(Date.now() / 1000);
    // Kubernetes alone judges the signature.
    return `${encode({ alg: 'RS256', kid: '1' })}.${encode({ ...claims, iat: at, nbf: at, exp: at + 300 })}.${Buffer.from('signed').toString('base64url')}`;
  };
  const good = tokenOf(account);
  // The part of the Kubernetes API that Vault asks: who is the bearer of this token?
  const reviews = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const authenticated = (JSON.parse(body) as { spec: { token: string } }).spec.token === good;
      const username = `system:serviceaccount:${account.namespace}:${account.name}`;
      const status = authenticated
        ? { authenticated, user: { username, uid: account.uid, groups: ['system:serviceaccounts'] } }
        : { authenticated, error: 'unknown token' };
      response
        .writeHead(201, { 'content-type': 'application/json' })
        .end(JSON.stringify({ kind: 'TokenReview', apiVersion: 'authentication.k8s.io/v1', status }));
    });
  });
  await new Promise<void>((resolve) => reviews.listen(0, '127.0.0.1', resolve));
  t.after(() => reviews.close());
  await vault.root.write('sys/mounts/cluster-ca', { type: 'pki' });
  const { data: authority } = await vault.root.write<{ certificate: string }>('cluster-ca/root/generate/internal', {
    common_name: 'cluster',
    key_type: 'ec',
  });
  await vault.root.write('sys/auth/kubernetes', { type: 'kubernetes' });
  await vault.root.write('auth/kubernetes/config', {
    kubernetes_host: `http://127.0.0.1:${(reviews.address() as AddressInfo).port}`,
    kubernetes_ca_cert: authority.certificate,
    disable_local_ca_jwt: true,
    disable_iss_validation: true,
  });
  await vault.root.write('auth/kubernetes/role/cart', {
    bound_service_account_names: [account.name],
    bound_service_account_namespaces: [account.namespace],
    token_type: 'batch',
  });
  const service = await startService(t, vault, kafka, {
    callers: [
      { method: 'kubernetes', metadata: { service_account_namespace: account.namespace }, functions: ['shop-*'] },
    ],
  });
  const ask = (jwt: string, name = 'shop-cart') =>
    service.issue({ function: name, auth: { method: 'kubernetes', role: 'cart', jwt } }, null);
  const given = await ask(good);
  assert.equal(given.status, 201, JSON.stringify(given.body));
  assert.equal((await ask(good, 'billing-run')).status, 403);
  assert.equal((await ask(tokenOf({ ...account, name: 'other' }))).status, 401);
});

test('startTokenService must limit the rate of each caller', async (t) => {
  const vault = await prepareVault(t, await openBao(t));
  const service = await startService(t, vault, await kafkaRig(t), { requestsPerSecond: 0.001, requestsBurst: 2 });
  const answers = [];
  for (let n = 0; n < 4; n++) answers.push(await service.call('GET', '/v1/credentials/nobody'));
  assert.deepEqual(
    answers.map(({ status }) => status),
    [404, 404, 429, 429],
  );
  assert.equal(answers[3]!.headers.get('retry-after'), '1');
});

test('startTokenService must say 503 while Vault is sealed, and take a credential back that cannot be registered', async (t) => {
  const server = await sealableOpenBao(t);
  const vault = await prepareVault(t, server);
  const kafka = await kafkaRig(t);
  const broken = {
    ...kafka,
    context: () => {
      const context = kafka.context();
      const producer = async () => ({ send: () => new Promise<void>(() => {}), close: async () => {} });
      return { ...context, kafka: { ...kafka.kafka, producer } };
    },
  };
  const service = await startService(t, vault, broken, { registerTimeoutMs: 200 });
  const tokens = async () => (await vault.root.list<{ keys: string[] }>('auth/token/accessors')).data.keys.length;
  const before = await tokens();
  const unregistered = await service.issue();
  assert.deepEqual([unregistered.status, unregistered.body.code], [503, 'register-unavailable']);
  assert.equal(await tokens(), before);
  await server.seal();
  const sealed = await service.issue();
  assert.deepEqual([sealed.status, sealed.body.code], [503, 'vault-unavailable']);
  assert.equal((await service.health()).ready, false);
  await server.unseal();
  await until('readiness', async () => (await service.health()).ready);
});

test('startTokenService must issue certificates, which can be revoked and not renewed', async (t) => {
  const vault = await prepareVault(t, await openBao(t));
  await vault.root.write('sys/mounts/pki', { type: 'pki', config: { max_lease_ttl: '87600h' } });
  await vault.root.write('pki/root/generate/internal', {
    common_name: 'test',
    ttl: '87600h',
    key_type: 'ec',
    key_bits: 256,
  });
  await vault.root.write('pki/roles/ebbtide-function', {
    max_ttl: '1h',
    key_type: 'ec',
    key_bits: 256,
    allow_any_name: true,
    enforce_hostnames: false,
  });
  const kafka = await kafkaRig(t);
  const service = await startService(t, vault, kafka, {
    roles: { default: { kind: 'certificate', ttlMs: 300_000, maxTtlMs: 300_000 } },
  });
  const { status, body } = await service.issue();
  assert.equal(status, 201, JSON.stringify(body));
  assert.match(String(body.certificate), /BEGIN CERTIFICATE/);
  const registered = await until('the registration', () =>
    kafka.credentials.find(({ credentialId }) => credentialId === body.credentialId),
  );
  assert.deepEqual(
    [registered.kind, registered.reference, registered.shortening],
    ['certificate', body.serial, 'revocable'],
  );
  const renewed = await service.call('POST', `/v1/credentials/${body.credentialId}/renew`);
  assert.equal(renewed.status, 200, 'it lives as long as the TTL in force');
});
