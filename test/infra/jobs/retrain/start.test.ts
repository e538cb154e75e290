import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { lastDrift } from '../../../../infra/clickhouse/drifts.ts';
import { retrainConfigSchema } from '../../../../infra/jobs/retrain/config.ts';
import { folderRegistry } from '../../../../infra/jobs/retrain/folder.ts';
import { lastRetrained } from '../../../../infra/jobs/retrain/run.ts';
import { startRetrain } from '../../../../infra/jobs/retrain/start.ts';
import { shippedAnomalyModel } from '../../../../models/anomaly/model.ts';
import { resourceMetrics } from '../../../../models/features/resource.ts';
import type { RetrainReport } from '../../../../models/feedback/report.ts';
import { firstMs, inventedSamples } from '../../../models/training/telemetry/support.ts';
import { clickHouse } from '../../../services/clickhouse.ts';
import { temporaryFolder } from '../../../services/folder.ts';
import { messageOf, preparedArchive } from '../../clickhouse/support.ts';

const windowMs = 1000;
const subjects = 8;
const rows = 1000;

test('startRetrain() waits for labels in the archive, or for a drift, retrains, and reports', async (t) => {
  const archive = await preparedArchive(t, (await clickHouse(t)).url);
  const batch = archive.newBatch('test');
  const samples = inventedSamples(subjects, rows);
  for (let at = 0; at < samples.length; at += rows) {
    const { subject } = samples[at]!;
    const record = {
      ...{ credentialId: subject, host: '', sentAt: firstMs, clock: null },
      samples: samples.slice(at, at + rows).map(({ time, values }) => ({
        time,
        ...Object.fromEntries(resourceMetrics.map((metric, i) => [metric, values[i]])),
        custom: {},
      })),
    };
    batch.add(messageOf('telemetry.resource', at), record);
  }
  await archive.insert(batch);
  const label = (offset: number) => {
    const labels = archive.newBatch('test');
    labels.add(messageOf('labels', offset), {
      ...{ subject: `cred-${offset}`, decisionId: null, verdict: 'legitimateAnomaly', note: '', by: 'ann' },
      ...{ windowStart: firstMs + 600_000, windowEnd: firstMs + 620_000, at: firstMs + 2_000_000 + offset },
    });
    return archive.insert(labels);
  };
  await label(0);

  const folder = temporaryFolder(t, 'ebbtide-retrain-');
  const metrics = new Registry();
  let now = firstMs + 3_000_000;
  const running = await startRetrain(
    { log: pino({ level: 'silent' }), metrics },
    {
      ...{ archive, code: 'test', now: () => now },
      models: [
        {
          ...{ kind: 'anomaly', folder, windowMs },
          registry: folderRegistry(join(folder, 'versions'), shippedAnomalyModel),
        },
      ],
    },
    retrainConfigSchema.parse({ everyMs: 1_000, minLabels: 2, onDrift: true, epochs: 0, calibrationSubjects: 60 }),
  );
  t.after(() => running.close());
  const until = async (pattern: RegExp): Promise<void> => {
    for (;;) {
      const { detail } = await running.health();
      if (pattern.test(detail)) return;
      assert.doesNotMatch(detail, /failed/);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  await until(/Waits for labels: 1 of 2/);
  await label(1);
  await until(/Last: kept/);
  const reports = readdirSync(join(folder, 'reports')).sort();
  assert.deepEqual(
    reports.map((name) => name.replace(/^.*\./, '')),
    ['html', 'json', 'md'],
  );
  const report = JSON.parse(readFileSync(join(folder, 'reports', reports[1]!), 'utf8')) as RetrainReport;
  assert.equal(report.labels.legitimateAnomaly, 2);
  assert.equal(report.champion, basename(shippedAnomalyModel()));
  assert.match(JSON.stringify(report.lineage), /"judged":\{"legitimate":2,"falsePositive":0\}/);
  assert.equal(await lastRetrained(folder), firstMs + 3_000_000);
  assert.match(await metrics.metrics(), /ebbtide_retrain_runs_total\{kind="anomaly",outcome="kept"\} 1/);

  const alerts = archive.newBatch('test');
  const drift = { kind: 'drift', severity: 'warning', summary: 'P-values are no longer uniform', decisionId: null };
  const at = now + 1_000;
  alerts.add(messageOf('alerts', 0), { alertId: 'd/1', subject: 'scope/0', pipeline: 'scope', ...drift, at });
  alerts.add(messageOf('alerts', 1), { alertId: 'd/2', subject: 'lifecycle/0', pipeline: 'lifecycle', ...drift, at });
  await archive.insert(alerts);
  assert.equal((await lastDrift(archive, 'lifecycle', { fromMs: at, toMs: at + 1 }))?.summary, drift.summary);
  assert.equal(await lastDrift(archive, 'lifecycle', { fromMs: at + 1, toMs: at + 2 }), undefined);
  now += 60_000;
  while ((await lastRetrained(folder)) !== now) await until(/Waits for labels|Trains|Last/);
  await until(/^anomaly: Waits for labels: 0 of 2$/);
  assert.match(await metrics.metrics(), /ebbtide_retrain_runs_total\{kind="anomaly",outcome="kept"\} 2/);
});
