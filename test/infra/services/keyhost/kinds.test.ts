import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, randomUUID, verify } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { thumbprintOf } from '../../../../infra/services/keyhost/signers/jwt.ts';
import { readSshCertificate } from '../../../../infra/services/keyhost/signers/sshCertificate.ts';
import { emptyDecision } from '../../../../operators/emptyDecision.ts';
import { TopicCodec } from '../../../../schemas/codec.ts';
import type { Credential, Decision } from '../../../../schemas/generated/index.ts';
import { topics } from '../../../../schemas/topics.ts';
import { openBao } from '../../../services/openbao.ts';
import { requireOrSkip } from '../../../services/require.ts';
import { kafkaRig, prepareVault, until } from '../../vault/rig.ts';
import { type AnyAnswer, ask, batchOf, certificateRequest, endpointIdentity, startHost, typist } from './rig.ts';

const minute = 60_000;
const hour = 60 * minute;

/** A line of an OpenSSH public key, of Ed25519. */
const openSshKey = (): string => {
  const { publicKey } = generateKeyPairSync('ed25519');
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url');
  const part = (bytes: Buffer) => Buffer.concat([Buffer.from(Uint32Array.of(bytes.length).buffer).reverse(), bytes]);
  return `ssh-ed25519 ${Buffer.concat([part(Buffer.from('ssh-ed25519')), part(raw)]).toString('base64')}`;
};
const pemKey = (): string =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' }).toString();

const claimsOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString('utf8'));

test('keys that Vault cannot revoke end when decided, are denied once cut, and live the shortest where nobody looks', async (t) => {
  if (!(await requireOrSkip(t, 'openbao'))) return;
  const vault = await prepareVault(t, await openBao(t));
  const identity = await endpointIdentity(vault);

  for (const [kind, key, endOf] of [
    ['ssh', openSshKey(), ({ certificate }: AnyAnswer) => readSshCertificate(certificate).validTo],
    ['jwt', pemKey(), ({ certificate }: AnyAnswer) => 1000 * (claimsOf(certificate).exp as number)],
  ] as const)
    await t.test(kind, async (t) => {
      const kafka = await kafkaRig(t);
      const credentials = await kafka.seen<Credential>(topics.credentials);
      const policy = { mode: 'enforce' };
      const host = await startHost(t, vault, kafka.context(), {
        policy,
        keyhost: { keys: { kind, denialsHeeded: true } },
      });
      const anna = typist(0.25, 3);
      const times = (count: number) => Array.from({ length: count }, () => anna());
      const post = (path: string, body: object, address = host.address) => ask(address, identity, 'POST', path, body);
      const signIn = (body: object, address?: string) =>
        post('/v1/authentications', { requestId: randomUUID(), user: 'anna@example', ...body }, address);
      for (let i = 0; i < 4; i++)
        await signIn({ batch: batchOf(times(20), { session: `page-${i}-${kind}` }), strong: true, publicKey: key });
      const request = { requestId: randomUUID(), batch: batchOf(times(3)), publicKey: key };
      const { body: signed, status } = await signIn(request);
      assert.equal(status, 201, JSON.stringify(signed));
      assert.ok(signed.lifespanMs >= 5.9 * hour);
      const end = endOf(signed);
      assert.ok(end <= signed.expiresAt && end > signed.expiresAt - 5_000, `${end - signed.expiresAt}`);

      if (kind === 'ssh') {
        const { keyId, principals } = readSshCertificate(signed.certificate);
        assert.equal(keyId, signed.credentialId);
        assert.equal(principals.length, 1);
      } else {
        const [head, body, signature] = signed.certificate.split('.') as [string, string, string];
        const how = { key: createPublicKey(signed.issuingCa), dsaEncoding: 'ieee-p1363' } as const;
        assert.ok(verify('sha256', Buffer.from(`${head}.${body}`), how, Buffer.from(signature, 'base64url')));
        const { jti, iss, cnf } = claimsOf(signed.certificate);
        assert.deepEqual(
          { jti, iss, cnf },
          {
            jti: signed.credentialId,
            iss: 'ebbtide',
            cnf: { jkt: thumbprintOf(key) },
          },
        );
      }
      // Asked again it ends no later, and nothing of another kind is signed
      const again = await signIn(request);
      assert.equal(again.body.credentialId, signed.credentialId);
      assert.ok(endOf(again.body) <= signed.expiresAt);
      const other = await signIn({ batch: batchOf(times(1)), csr: certificateRequest(vault.folder) });
      assert.deepEqual([other.status, other.body.code], [400, 'request-invalid']);
      const batch = batchOf(times(3));
      for (const publicKey of ['ssh-ed25519 AAAA', kind === 'ssh' ? pemKey() : openSshKey()]) {
        const broken = await signIn({ batch, publicKey });
        assert.deepEqual([broken.status, broken.body.code], [400, 'key-refused']);
      }
      assert.equal(
        (await signIn({ batch, publicKey: key })).body.reason,
        'assessed',
        'what was refused counts nothing',
      );
      await until('the register', () => credentials.some(({ credentialId }) => credentialId === signed.credentialId));
      const entry = credentials.find(({ credentialId }) => credentialId === signed.credentialId)!;
      assert.deepEqual([entry.kind, entry.shortening], ['key', 'none']);

      const denied = async () =>
        (await ask(host.address, identity, 'GET', '/v1/denied')).body as unknown as {
          keys: { credentialId: string }[];
        };
      assert.deepEqual((await denied()).keys, []);
      const codec = await TopicCodec.open<Decision>(topics.decisions, kafka.context().registry);
      const cut = {
        ...emptyDecision,
        decisionId: 'keylife/1',
        subject: signed.credentialId,
        pipeline: 'keylife',
        action: 'revoke',
        mode: 'enforce',
        risk: 60,
        windowEnd: Date.now(),
        decidedAt: Date.now(),
      } as Decision;
      const producer = await kafka.context().kafka.producer({ lingerMs: 0 });
      t.after(() => producer.close());
      await producer.send([{ topic: topics.decisions.name, key: cut.subject, value: codec.encode(cut) }]);
      await until('the key to be denied', async () => (await denied()).keys.length === 1);
      assert.equal((await denied()).keys[0]!.credentialId, signed.credentialId);
      const repeated = await signIn(request);
      assert.deepEqual([repeated.status, repeated.body.code], [409, 'key-revoked'], 'it is not signed again');
      const shorter = await post(`/v1/keys/${signed.credentialId}/reissue`, {
        requestId: randomUUID(),
        publicKey: key,
      });
      assert.equal(shorter.status, 201, JSON.stringify(shorter.body));
      assert.ok(endOf(shorter.body) <= cut.windowEnd + hour);
      if (kind === 'ssh') await t.test('OpenSSH refuses what is denied', (t) => refusedBySsh(t, vault.folder, signed));

      const unheeded = await startHost(t, vault, kafka.context(), { policy, keyhost: { keys: { kind } } });
      const short = await signIn({ batch: batchOf(times(3)), publicKey: key }, unheeded.address);
      assert.equal(short.status, 201, JSON.stringify(short.body));
      assert.ok(short.body.risk <= 0.5 && short.body.lifespanMs <= 5 * minute, JSON.stringify(short.body));
    });
});

/** What OpenSSH itself makes of a certificate and of a revocation list with its key id. */
const refusedBySsh = async (
  t: { skip(why: string): void },
  folder: string,
  { certificate, issuingCa, credentialId }: AnyAnswer,
): Promise<void> => {
  const at = (name: string) => join(folder, name);
  const run = (...args: string[]) => execFileSync('ssh-keygen', args, { encoding: 'utf8', stdio: 'pipe' });
  try {
    execFileSync('which', ['ssh-keygen']);
  } catch {
    t.skip('OpenSSH is not on this machine');
    return;
  }
  writeFileSync(at('user-cert.pub'), `${certificate}\n`);
  writeFileSync(at('ca.pub'), `${issuingCa}\n`);
  assert.match(run('-L', '-f', at('user-cert.pub')), new RegExp(`Key ID: "${credentialId}"`));
  writeFileSync(at('denied'), `id: ${credentialId}\n`);
  run('-k', '-f', at('denied.krl'), '-s', at('ca.pub'), at('denied'));
  assert.ok(readFileSync(at('denied.krl')).length > 0);
  assert.throws(() => run('-Q', '-f', at('denied.krl'), at('user-cert.pub')), /REVOKED|status 1|Command failed/);
};

test('readSshCertificate() refuses what is none', () => {
  for (const line of ['', 'ssh-ed25519 AAAA', 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ'])
    assert.throws(() => readSshCertificate(line), RangeError);
});
