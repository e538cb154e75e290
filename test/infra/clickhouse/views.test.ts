import assert from 'node:assert/strict';
import { test } from 'node:test';
import { viewArchive } from '../../../infra/clickhouse/views/archive.ts';
import { clickHouse } from '../../services/clickhouse.ts';
import { fill } from '../grafana/filled.ts';
import { preparedArchive } from './support.ts';

const hour = 3_600_000;

test('views must sum up what the archive has of scope, provisioning, keys and models', async (t) => {
  const { url } = await clickHouse(t);
  const archive = await preparedArchive(t, url);
  const to = Date.now();
  const views = viewArchive(archive);
  const [bareScope, bareProvisioning, bareKeys, bareModels] = await Promise.all([
    views.scope(to - hour, to),
    views.provisioning(to - hour, to),
    views.keys(to - hour, to),
    views.models(to - hour, to),
  ]);
  assert.deepEqual([bareScope.callers, bareScope.overTime, bareKeys.classes, bareModels.versions], [[], [], [], []]);
  assert.deepEqual([bareProvisioning.reports[0]!.requests, bareKeys.now], [0, { keys: 0, ending: 0, endedEarly: 0 }]);
  await fill(archive, to - hour + 60_000);
  const scope = await views.scope(to - 2 * hour, to);
  assert.ok(scope.callers.length > 0);
  assert.ok(scope.callers.every(({ lastRisk }, i) => i === 0 || lastRisk <= scope.callers[i - 1]!.lastRisk));
  assert.ok(scope.callers.some(({ services }) => services.length > 0));
  assert.ok(scope.callers.some(({ refused }) => refused > 0));
  assert.ok(scope.overTime.some(({ refused, allCalls }) => refused > 0 && allCalls >= refused));
  assert.ok(scope.overrides.every(({ at, reasons }) => at > 0 && Array.isArray(reasons)));
  const provisioning = await views.provisioning(to - 2 * hour, to);
  assert.ok(provisioning.reports[0]!.requests > 0);
  assert.equal(
    provisioning.requests.reduce((sum, { requests }) => sum + requests, 0),
    provisioning.reports[0]!.requests,
  );
  assert.ok(provisioning.pairs.length > 0 && provisioning.states.length > 0);
  const keys = await views.keys(to - 2 * hour, to);
  assert.equal(
    keys.granted.reduce((sum, one) => sum + one.keys, 0),
    keys.classes.reduce((sum, one) => sum + one.keys, 0),
  );
  assert.deepEqual(
    keys.modalities.map(({ modality, comparisons, meanLogOdds, against }) => [
      modality,
      comparisons,
      meanLogOdds,
      against,
    ]),
    [
      ['keystroke', 1, 3.1, 1],
      ['scroll', 1, -0.4, 0],
    ],
  );
  assert.equal(
    keys.classes.reduce((sum, one) => sum + one.keys, 0),
    2,
    'certificates too',
  );
  assert.ok(keys.classes.length > 0 && keys.risk.length > 0 && keys.decisions.length > 0);
  const models = await views.models(to - 2 * hour, to);
  assert.ok(models.versions.some(({ role, scored }) => role === 'champion' && scored > 0));
  assert.ok(models.versions.every(({ withinOne, withinFive }) => withinOne <= withinFive));
  assert.ok(keys.comparisons.every(({ meanRisk }) => meanRisk >= 0 && meanRisk <= 1));
  assert.ok(models.uniformity.every(({ share }) => share >= 0 && share <= 1));
  assert.ok(models.drifts.length > 0);
});
