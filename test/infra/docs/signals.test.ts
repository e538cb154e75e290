import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deliveryMethods } from '../../../schemas/securityEvents.ts';
import { checkAnswer } from '../../docs/answers.ts';
import { testContext } from '../../services/context.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { audience, startService, token, tokenFile } from '../services/signals/rig.ts';

test('the service of shared signals answers as its OpenAPI document says', async (t) => {
  const receivers = [{ name: 'partner', tokenFile: tokenFile(t), audience: [audience] }];
  const { address } = await startService(t, await testContext(t), {
    folder: temporaryFolder(t),
    transmitter: { receivers, longPollMs: 200 },
  });
  const ask = async (method: 'get' | 'post', path: string, of: string, body?: object) => {
    const answer = await fetch(address + path, {
      method: method.toUpperCase(),
      headers: { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await answer.text();
    const found = text === '' ? undefined : (JSON.parse(text) as { stream_id?: string });
    checkAnswer('signals', method, of, answer.status, found);
    return { status: answer.status, found };
  };
  for (const path of ['/.well-known/ssf-configuration', '/ssf/jwks.json'])
    assert.equal((await ask('get', path, path)).status, 200);
  const made = await ask('post', '/ssf/streams', '/ssf/streams', { delivery: { method: deliveryMethods.poll } });
  assert.equal(made.status, 201);
  const id = made.found!.stream_id!;
  assert.equal((await ask('get', `/ssf/status?stream_id=${id}`, '/ssf/status')).status, 200);
  assert.equal((await ask('post', '/ssf/verify', '/ssf/verify', { stream_id: id })).status, 204);
  assert.equal((await ask('post', `/ssf/poll/${id}`, '/ssf/poll/{id}', { returnImmediately: true })).status, 200);
  assert.equal((await ask('get', '/ssf/status?stream_id=none', '/ssf/status')).status, 404);
});
