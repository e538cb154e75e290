import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { historicModels, openModel } from '../../../infra/replay/model.ts';
import { modelsConfigSchema } from '../../../models/registry/config.ts';
import { openModelRegistry } from '../../../models/registry/open.ts';
import { pointerRecord } from '../../../models/registry/pointerRecord.ts';
import { VersionedTable } from '../../../pipelines/versionedTable.ts';
import type { Control } from '../../../schemas/generated/index.ts';
import { variantOfShipped } from '../../models/registry/variant.ts';
import { temporaryFolder } from '../../services/folder.ts';

test('historicModels() scores by the model that was promoted in the middle of the history, from there on', async (t) => {
  const folder = temporaryFolder(t, 'ebbtide-historic-');
  const config = modelsConfigSchema.parse({ registry: join(folder, 'registry') });
  const registry = await openModelRegistry(config);
  const { digest } = await registry.publish('anomaly', await variantOfShipped(join(folder, 'later'), 'later'), 'me');
  const control = new VersionedTable<Control>();
  const record = pointerRecord({
    ...{ kind: 'anomaly', sequence: 1, champion: { version: 'later', digest }, challenger: null },
    ...{ action: 'promote', base: 0, at: '2026-01-01T00:00:00.000Z', by: 'me', reason: '' },
  });
  control.set(record.key, 7, record);
  control.reach(9);

  const configured = await openModel('shipped', 10_000, config);
  const models = await historicModels(control, configured, 'shipped', 10_000, config);
  const at = (pointer: number) => ({ control: 9, credentials: 0, labels: 0, models: pointer });
  assert.equal(models.reached(at(0)), undefined);
  assert.equal(models.inForce(at(0)).champion.version, configured.version);
  await models.reached(at(1));
  assert.equal(models.inForce(at(1)).champion.version, 'later');
  assert.equal(models.inForce(at(0)).champion.version, configured.version, 'what came before keeps its model');
  await models.close();
});
