import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { modelMetrics } from '../../../infra/jobs/modelMetrics.ts';
import { openModels } from '../../../infra/jobs/models.ts';
import type { Pointer } from '../../../models/registry/record.ts';
import type { ModelRegistry } from '../../../models/registry/registry.ts';
import { EbbtideError } from '../../../schemas/errors.ts';
import { MemoryRegistry } from '../../../schemas/registry.ts';
import { keptLog } from '../vault/rig.ts';

const pointer = {
  ...{ kind: 'anomaly', sequence: 1, action: 'promote', by: 'ann', reason: '', at: '2026-01-01T00:00:00.000Z' },
  ...{ champion: { version: 'v1', digest: 'd' }, challenger: null, base: 0 },
} as unknown as Pointer;

test('openModels must say what kept the pointer from control: the registry, or a right that this process lacks', async () => {
  const { lines, log } = keptLog();
  const metrics = modelMetrics(new Registry(), 'test');
  const told = async (pointers: () => Promise<readonly Pointer[]>) => {
    const models = await openModels({
      ...{ kind: 'anomaly', configured: { version: 'v0', close: async () => {} }, metrics, log },
      registry: { pointers } as unknown as ModelRegistry,
      load: () => Promise.reject(new Error('not asked for')),
    });
    const refused = new EbbtideError('KAFKA_REJECTED', 'Topic authorization failed', { code: 29 });
    await models.announce(
      { registry: new MemoryRegistry() } as never,
      { send: () => Promise.reject(refused), close: async () => {} },
      { control: { at: () => undefined }, caughtUp: Promise.resolve() } as never,
    );
    return (JSON.parse(lines.at(-1)!) as { msg: string }).msg;
  };
  assert.match(
    await told(async () => [pointer]),
    /^model pointer is missing in control, and this process may not write/,
  );
  assert.equal(await told(() => Promise.reject(new Error('away'))), 'model registry not read at start');
});
