import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeJwt } from 'jose';
import { eventTypes } from '../../../../schemas/securityEvents.ts';
import { temporaryFolder } from '../../../services/folder.ts';
import { openBao } from '../../../services/openbao.ts';
import { requireOrSkip } from '../../../services/require.ts';
import { issueToken, kafkaRig, opens, prepareVault, startRig, until } from '../../vault/rig.ts';
import { audience, otherParty, pushTo, startService, token, tokenFile } from './rig.ts';

test('a session that another party revoked must end at Vault, and others be told of that', async (t) => {
  if (!(await requireOrSkip(t, 'openbao'))) return;
  const vault = await prepareVault(t, await openBao(t));
  const kafka = await kafkaRig(t);
  await startRig(t, vault, kafka);
  const [meant, spared] = [await issueToken(vault), await issueToken(vault, { body: { entity_alias: 'other' } })];
  assert.notEqual(meant.credential.entityId, spared.credential.entityId);
  await kafka.register(meant.credential, spared.credential);

  const party = await otherParty(t);
  const inside = { allowHttp: true, allowPrivateAddress: true };
  const peer = { name: 'idp', issuer: party.issuer, jwksUri: party.jwksUri, pushTokenFile: tokenFile(t), ...inside };
  const { address } = await startService(
    t,
    { another: kafka.context },
    {
      folder: temporaryFolder(t),
      transmitter: { receivers: [{ name: 'partner', tokenFile: tokenFile(t), audience: ['https://partner.example'] }] },
      receiver: {
        mode: 'enforce',
        audience: [audience],
        transmitters: [{ ...peer, aliases: { 'jane@example.com': [meant.credential.entityId ?? ''] } }],
      },
    },
  );
  const authorization = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const made = await fetch(`${address}/ssf/streams`, { method: 'POST', headers: authorization, body: '{}' });
  const { stream_id: id } = (await made.json()) as { stream_id: string };

  assert.equal(await opens(vault, meant.token), true);
  const sub_id = { format: 'email', email: 'jane@example.com' };
  assert.equal((await pushTo(address, await party.sign({ sub_id }))).status, 202);
  await until('the token is refused', async () => !(await opens(vault, meant.token)));
  assert.equal(await opens(vault, spared.token), true);

  const set = await until('the event for others', async () => {
    const answer = await fetch(`${address}/ssf/poll/${id}`, {
      method: 'POST',
      headers: authorization,
      body: JSON.stringify({ returnImmediately: true }),
    });
    return Object.values(((await answer.json()) as { sets: Record<string, string> }).sets)[0];
  });
  const { events, sub_id: subject } = decodeJwt(set) as { events: object; sub_id: object };
  assert.deepEqual(Object.keys(events), [eventTypes.sessionRevoked]);
  assert.deepEqual(subject, { format: 'iss_sub', iss: address, sub: meant.credential.credentialId });
  for (const line of kafka.lines) assert.ok(!line.includes(token) && !line.includes(meant.token), line);
});
