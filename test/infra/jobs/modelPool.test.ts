import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ModelPool } from '../../../infra/jobs/modelPool.ts';
import { createLogger } from '../../../infra/log.ts';
import type { AnomalyModel } from '../../../models/anomaly/model.ts';
import { pointerRecord } from '../../../models/registry/pointerRecord.ts';
import type { Chosen } from '../../../models/registry/record.ts';
import { EbbtideError, type ErrorCode } from '../../../schemas/errors.ts';
import { until } from '../../services/context.ts';

process.env.EBBTIDE_LOG = 'silent';
const digest = '0'.repeat(64);
const closed: string[] = [];
const modelOf = (version: string) =>
  ({ version, stateSize: 1, close: async () => void closed.push(version) }) as unknown as AnomalyModel;
const pointer = (sequence: number, champion: string, challenger?: string) =>
  pointerRecord({
    ...{ kind: 'anomaly', sequence, champion: { version: champion, digest } },
    ...{ challenger: challenger ? { version: challenger, digest } : null, action: 'promote', base: 0 },
    ...{ at: '2026-01-01T00:00:00.000Z', by: 'test', reason: '' },
  });
const joined = (models: number) => ({ control: 0, credentials: 0, labels: 0, models });

/** A pool whose registry holds what `registry` says: a model, or the code of the error that loading ends in. */
const poolOf = (registry: Record<string, 'whole' | ErrorCode>) => {
  const refused: [number, string][] = [];
  const loads: string[] = [];
  const pool = new ModelPool({
    kind: 'anomaly',
    configured: modelOf('configured'),
    configuredDigest: digest,
    async load({ version }: Chosen) {
      loads.push(version);
      const found = registry[version] ?? 'NOT_FOUND';
      if (found === 'whole') return modelOf(version);
      throw new EbbtideError(found, `${version} is refused`);
    },
    refused: (sequence, error) => refused.push([sequence, (error as EbbtideError).code]),
    log: createLogger('test'),
    retryMs: 5,
  });
  return { pool, refused, loads, registry };
};
/** Let what was begun come to its end. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 30));

test('ModelPool puts the configured model in force until a pointer is', async () => {
  const { pool } = poolOf({});
  await pool.begin();
  assert.equal(pool.sequence, 0);
  assert.equal(pool.reached(joined(0)), undefined);
  assert.equal(pool.inForce(joined(0)).champion.version, 'configured');
  assert.equal(pool.inForce({}).champion.version, 'configured');
  await pool.close();
});

test('ModelPool closes each of its models once, and the configured one not at all', async () => {
  const { pool } = poolOf({ one: 'whole', two: 'whole' });
  await pool.begin();
  pool.hear(pointer(1, 'one', 'two'));
  await until('the pointer', () => pool.sequence === 1);
  const before = closed.length;
  await pool.close();
  await pool.close();
  assert.deepEqual(closed.slice(before).sort(), ['one', 'two']);
});

test('ModelPool announces a pointer only once all its models are there', async () => {
  const { pool, loads } = poolOf({ v1: 'whole', v2: 'whole' });
  await pool.begin();
  pool.hear(pointer(1, 'v1', 'v2'));
  assert.equal(pool.sequence, 0);
  await settle();
  assert.equal(pool.sequence, 1);
  assert.equal(pool.inForce(joined(1)).champion.version, 'v1');
  assert.equal(pool.inForce(joined(1)).challenger?.version, 'v2');
  pool.hear(pointer(2, 'v2', 'v1'));
  await settle();
  assert.equal(pool.sequence, 2);
  assert.deepEqual(loads, ['v1', 'v2'], 'each is loaded once');
  assert.equal(pool.inForce(joined(1)).champion, pool.inForce(joined(2)).challenger);
  await pool.close();
});

for (const code of ['MODEL_DAMAGED', 'MODEL_INCOMPATIBLE', 'NOT_FOUND'] as const)
  test(`ModelPool keeps the last good models where the next are refused with ${code}`, async () => {
    const { pool, refused } = poolOf({ good: 'whole', bad: code });
    await pool.begin();
    pool.hear(pointer(1, 'good'));
    pool.hear(pointer(2, 'bad'));
    pool.hear(pointer(3, 'good', 'bad'));
    await settle();
    assert.equal(pool.sequence, 1);
    assert.equal(pool.champion, 'good');
    assert.deepEqual(refused, [
      [2, code],
      [3, code],
    ]);
    pool.hear(pointer(4, 'configured'));
    await settle();
    assert.equal(pool.sequence, 4);
    await pool.close();
  });

test('ModelPool asks a registry that is away again, until it answers or another pointer comes', async (t) => {
  const { pool, refused, registry } = poolOf({ v1: 'REGISTRY_UNAVAILABLE', v2: 'REGISTRY_UNAVAILABLE', v3: 'whole' });
  t.after(() => pool.close());
  await pool.begin();
  pool.hear(pointer(1, 'v1'));
  await until('it to be asked again', () => refused.length > 1);
  assert.equal(pool.sequence, 0);
  registry.v1 = 'whole';
  await until('the pointer to be in force', () => pool.sequence === 1);
  pool.hear(pointer(2, 'v2'));
  await settle();
  pool.hear(pointer(3, 'v3'));
  await until('the last pointer to be in force', () => pool.sequence === 3);
});

test('ModelPool.begin() takes the newest pointer that can be loaded', async () => {
  const { pool, loads } = poolOf({ v1: 'whole', v2: 'whole', v3: 'MODEL_DAMAGED' });
  for (const [sequence, version] of [
    [1, 'v1'],
    [2, 'v2'],
    [3, 'v3'],
  ] as const)
    pool.hear(pointer(sequence, version));
  await pool.begin();
  assert.equal(pool.sequence, 2);
  assert.deepEqual(loads, ['v3', 'v2']);
  await pool.reached(joined(1));
  assert.equal(pool.inForce(joined(1)).champion.version, 'v1', 'what a partition still needs is loaded when it asks');
  await assert.rejects(pool.reached(joined(3)) as Promise<void>, { code: 'MODEL_DAMAGED' });
  await assert.rejects(pool.reached(joined(9)) as Promise<void>, { code: 'NOT_FOUND' });
  await pool.close();
});

test('ModelPool refuses another model under the version of the configured one', async () => {
  const { pool, refused } = poolOf({});
  await pool.begin();
  const record = pointer(1, 'configured');
  pool.hear({ ...record, value: record.value.replace(digest, 'f'.repeat(64)) });
  await settle();
  assert.deepEqual(refused, [[1, 'MODEL_DAMAGED']]);
  await pool.close();
});

test('ModelPool.release() closes the models that nothing in force names any more', async () => {
  const { pool } = poolOf({ v1: 'whole', v2: 'whole', v3: 'whole' });
  await pool.begin();
  for (const [sequence, champion, challenger] of [
    [1, 'v1', undefined],
    [2, 'v2', 'v1'],
    [3, 'v3', 'v2'],
  ] as const) {
    pool.hear(pointer(sequence, champion, challenger));
    await settle();
  }
  closed.length = 0;
  await pool.release(2);
  assert.deepEqual(closed, []);
  await pool.release(3);
  assert.deepEqual(closed, ['v1']);
  assert.equal(pool.inForce(joined(3)).challenger?.version, 'v2');
  await pool.close();
  assert.deepEqual(closed.toSorted(), ['v1', 'v2', 'v3']);
});

test('ModelPool passes over what is no pointer of its kind', async () => {
  const { pool, refused } = poolOf({});
  await pool.begin();
  const record = pointer(1, 'v1');
  pool.hear({ ...record, value: 'nonsense' });
  pool.hear({ ...record, value: '{"kind":"anomaly"}' });
  pool.hear({ ...record, kind: 'policy' });
  pool.hear({ ...record, value: record.value.replace('anomaly', 'scope') });
  await settle();
  assert.equal(pool.sequence, 0);
  assert.deepEqual(refused, []);
  await pool.close();
});
