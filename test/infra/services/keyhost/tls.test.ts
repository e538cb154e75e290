import assert from 'node:assert/strict';
import { randomUUID, X509Certificate } from 'node:crypto';
import { Agent, request } from 'node:https';
import { test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { keyhostMounts, userKeyRole } from '../../../../infra/vault/prepareKeyhost.ts';
import { openBao } from '../../../services/openbao.ts';
import { requireOrSkip } from '../../../services/require.ts';
import { kafkaRig, prepareVault, until } from '../../vault/rig.ts';
import { ask, certificateRequest, endpointIdentity, type Identity, startHost } from './rig.ts';

/** The handshake's end: whether the server takes the certificate shows once it is asked something. */
const refused = (promise: Promise<unknown>) =>
  assert.rejects(promise, (error: NodeJS.ErrnoException) => /ERR_SSL|ECONNRESET|EPIPE|EPROTO/.test(error.code ?? ''));

test('endpoints and key host prove to each other who they are, by TLS 1.3', async (t) => {
  if (!(await requireOrSkip(t, 'openbao'))) return;
  const vault = await prepareVault(t, await openBao(t));
  const kafka = await kafkaRig(t);
  const host = await startHost(t, vault, kafka.context(), {
    keyhost: { tls: { recheckMs: 0 }, endpoints: ['*.example'] },
  });
  const identity = await endpointIdentity(vault);
  const get = (identity: Partial<Identity>, options: object = {}) =>
    ask(host.address, identity, 'GET', '/v1/keys/none', undefined, options);

  await t.test('takes an endpoint of its authority', async () => {
    const { status, protocol } = await get(identity);
    assert.deepEqual([status, protocol], [404, 'TLSv1.3']);
  });

  await t.test(
    'refuses none, older TLS, a stranger’s and a user’s key, a server’s and an ended certificate',
    async () => {
      await refused(get({ ca: identity.ca }));
      await refused(get(identity, { maxVersion: 'TLSv1.2' }));
      await vault.root.write('sys/mounts/pki-strange', { type: 'pki' });
      await vault.root.write('pki-strange/root/generate/internal', { common_name: 'Strange', key_type: 'ec' });
      await vault.root.write('pki-strange/roles/any', { allow_any_name: true, key_type: 'ec', client_flag: true });
      const strange = await endpointIdentity(vault, 'login.example', { mount: 'pki-strange', role: 'any' });
      await refused(get({ ...strange, ca: identity.ca }));
      const user = await endpointIdentity(vault, 'login.example', { mount: keyhostMounts.keys, role: userKeyRole });
      await refused(get({ ...user, ca: identity.ca }));
      const server = await endpointIdentity(vault, 'login.example', { role: 'ebbtide-keyhost' });
      await refused(get(server));
      const brief = await endpointIdentity(vault, 'login.example', { ttl: '1s' });
      await until('its end', () => hasEnded(brief));
      await refused(get(brief));
    },
  );

  await t.test('does not trust a key host of another authority', async () => {
    const other = await vault.root.read<{ certificate: string }>(`${keyhostMounts.keys}/cert/ca`);
    await assert.rejects(get({ ...identity, ca: other.data.certificate }), /certificate/);
  });

  await t.test('refuses an endpoint that is not named, and one whose certificate was revoked', async () => {
    const unnamed = await get(await endpointIdentity(vault, 'login.elsewhere'));
    assert.deepEqual([unnamed.status, unnamed.body.code], [403, 'forbidden']);
    const revoked = await endpointIdentity(vault, 'old.example');
    assert.equal((await get(revoked)).status, 404);
    await vault.root.write(`${keyhostMounts.endpoints}/revoke`, { serial_number: revoked.serial });
    const after = await get(revoked);
    assert.deepEqual([after.status, after.body.code], [401, 'certificate-ended']);
  });

  await t.test('replaces its certificate while a connection is open and goes on', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ...identity });
    const once = () =>
      new Promise<string>((resolve, reject) => {
        const sent = request(`${host.address}/v1/keys/none`, { agent }, (response) => {
          const { serialNumber } = (response.socket as TLSSocket).getPeerCertificate();
          response.resume().on('end', () => resolve(serialNumber));
        });
        sent.on('error', reject);
        sent.end();
      });
    const before = await once();
    await host.rotate();
    assert.equal(await once(), before, 'the open connection goes on');
    agent.destroy();
    const { port } = new URL(host.address);
    const socket = connect({ port: Number(port), host: '127.0.0.1', ...identity });
    await new Promise((resolve) => socket.once('secureConnect', resolve));
    assert.notEqual(socket.getPeerCertificate().serialNumber, before, 'a new one gets the new certificate');
    socket.destroy();
    assert.equal((await get(identity)).status, 404);
  });

  await t.test('one endpoint does not see the keys of another', async () => {
    const csr = certificateRequest(vault.folder);
    const { body } = await ask(host.address, identity, 'POST', '/v1/authentications', {
      requestId: randomUUID(),
      user: 'anna',
      csr,
    });
    const other = await endpointIdentity(vault, 'other.example');
    const path = `/v1/keys/${body.credentialId}`;
    assert.equal((await ask(host.address, identity, 'GET', path)).status, 200);
    assert.equal((await ask(host.address, other, 'GET', path)).status, 404);
  });
});

/** A certificate is good until the end of its last second. */
const hasEnded = ({ cert }: Identity): boolean => Date.parse(new X509Certificate(cert).validTo) + 1_000 < Date.now();
