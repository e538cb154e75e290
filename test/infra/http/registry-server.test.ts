import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Schema } from 'avsc';
import { startRegistryServer } from '../../../infra/http/registry-server.ts';
import { connectRegistry } from '../../../infra/kafka/registry.ts';
import { ScoreSchema } from '../../../schemas/generated/index.ts';
import { MemoryRegistry } from '../../../schemas/registry.ts';

const scores = 'scores-value';
const score = ScoreSchema as unknown as Schema;

const serve = async (t: TestContext) => {
  const server = await startRegistryServer(new MemoryRegistry(), { host: '127.0.0.1', port: 0 });
  t.after(() => server.close());
  return { url: server.address!, client: connectRegistry({ url: server.address! }) };
};

test("startRegistryServer lets Confluent's own client register and fetch schemas", async (t) => {
  const { client } = await serve(t);
  const id = await client.register(scores, score);
  assert.equal(await client.register(scores, score), id);
  assert.deepEqual(await client.byId(id), score);
});

test('startRegistryServer refuses a schema that cannot read what was written before', async (t) => {
  const { client } = await serve(t);
  const record = (fields: object[]) => ({ type: 'record', name: 'R', fields }) as unknown as Schema;
  await client.register('r-value', record([{ name: 'a', type: 'string' }]));
  const withoutDefault = record([
    { name: 'a', type: 'string' },
    { name: 'b', type: 'int' },
  ]);
  await assert.rejects(client.register('r-value', withoutDefault), { code: 'SCHEMA_INCOMPATIBLE' });
  await client.register(
    'r-value',
    record([
      { name: 'a', type: 'string' },
      { name: 'b', type: 'int', default: 0 },
    ]),
  );
});

test("startRegistryServer says that an id or a subject is unknown in Confluent's words", async (t) => {
  const { url, client } = await serve(t);
  await assert.rejects(client.byId(4711), { code: 'SCHEMA_UNKNOWN' });
  const answer = await fetch(`${url}/subjects/nothing-value/versions/latest`);
  assert.equal(answer.status, 404);
  assert.equal(((await answer.json()) as { error_code: number }).error_code, 40401);
});

test('startRegistryServer gives versions, the latest one among them', async (t) => {
  const { url, client } = await serve(t);
  const id = await client.register(scores, score);
  assert.deepEqual(await (await fetch(`${url}/subjects`)).json(), [scores]);
  assert.deepEqual(await (await fetch(`${url}/subjects/${scores}/versions`)).json(), [1]);
  const latest = (await (await fetch(`${url}/subjects/${scores}/versions/latest`)).json()) as {
    id: number;
    version: number;
  };
  assert.deepEqual([latest.id, latest.version], [id, 1]);
});

test('startRegistryServer refuses text that is no schema', async (t) => {
  const { url } = await serve(t);
  for (const schema of ['{"type":"nonsense"}', 'not JSON', undefined]) {
    const body = JSON.stringify({ schema });
    const answer = await fetch(`${url}/subjects/x-value/versions`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    });
    assert.equal(answer.status, 422, String(schema));
  }
});
