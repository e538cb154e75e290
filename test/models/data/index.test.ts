import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../../infra/paths.ts';
import { listRecordings, loadRecording } from '../../../models/data/index.ts';
import { resourceMetrics } from '../../../models/features/resource.ts';
import { isEbbtideError } from '../../../schemas/errors.ts';

test('loadRecording() gives what the index says, for every recording that ships', () => {
  for (const info of listRecordings()) {
    const recording = loadRecording(info.name);
    assert.equal(recording.rows, info.rows);
    assert.equal(recording.labels.length, info.rows);
    const present = resourceMetrics.filter((metric) => recording.metrics[metric].some((value) => !Number.isNaN(value)));
    assert.ok(present.length >= 1);
    for (const metric of present)
      assert.ok(
        recording.metrics[metric].every((value) => value >= 0),
        `${info.name} ${metric}`,
      );
    const first = recording.labels.indexOf(1);
    assert.equal(info.anomaly?.from ?? -1, first);
    assert.equal(info.role === 'anomaly', first >= 0, info.name);
  }
});

test('the recordings that ship stay below 3 MB', () => {
  const folder = join(packageRoot(), 'models/data/recordings');
  const bytes = readdirSync(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
  assert.ok(bytes < 3e6, `${bytes} bytes`);
});

test('loadRecording() refuses a name that is not there', () => {
  assert.throws(
    () => loadRecording('smd-9-9'),
    (error) => isEbbtideError(error, 'DATA_MISSING'),
  );
});
