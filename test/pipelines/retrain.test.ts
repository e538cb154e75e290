import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, type TestContext, test } from 'node:test';
import { folderRegistry } from '../../infra/jobs/retrain/folder.ts';
import { trainAnomaly } from '../../models/anomaly/train.ts';
import { telemetrySet } from '../../models/anomaly/trainingSet.ts';
import { resourceFeatures, resourceMetrics } from '../../models/features/resource.ts';
import { feedbackFile } from '../../models/feedback/head.ts';
import { reportHtml, reportLines, reportMarkdown } from '../../models/feedback/report.ts';
import { collectTelemetry } from '../../models/training/telemetry/collect.ts';
import { retrain } from '../../pipelines/retrain.ts';
import type { Label } from '../../schemas/generated/Label.ts';
import { everything, firstMs, inventedSamples, sourceOf } from '../models/training/telemetry/support.ts';
import { temporaryFolder } from '../services/folder.ts';

const windowMs = 2000;
const subjects = 16;
const rows = 900;
const moved = (names: readonly string[]) => names.map((name) => resourceMetrics.indexOf(name as never));
const byJob = moved(['threads', 'connections', 'memoryBytes', 'readBytes', 'cpuCores']);
const byAttack = moved(['apiErrors', 'apiCalls', 'sentBytes', 'dataReads', 'receivedBytes']);
/** Each subject has a nightly job twice, and every second one is attacked twice; they move other metrics. */
const incidents = Array.from({ length: subjects }, (_, subject) => {
  const job = [300 + 4 * subject, 600 + 4 * subject].map((second) => ({ subject, second, attack: false }));
  const attack = [450 + 4 * subject, 780 + 4 * subject].map((second) => ({ subject, second, attack: true }));
  return subject % 2 === 0 ? [...job, ...attack] : job;
}).flat();
const length = 24;

const telemetry = sourceOf(
  inventedSamples(subjects, rows, 8).map((sample) => {
    const second = (sample.time - firstMs) / 1000;
    for (const incident of incidents) {
      const inside = second >= incident.second && second < incident.second + length;
      if (sample.subject !== `cred-${incident.subject}` || !inside) continue;
      for (const metric of incident.attack ? byAttack : byJob) sample.values[metric]! *= 3;
    }
    return sample;
  }),
);

const labelOf = ({ subject, second, attack }: (typeof incidents)[number], more: Partial<Label> = {}): Label => ({
  subject: `cred-${subject}`,
  decisionId: null,
  verdict: attack ? 'maliciousActivity' : 'falsePositive',
  windowStart: firstMs + second * 1000,
  windowEnd: firstMs + (second + length) * 1000,
  note: '',
  by: 'ann',
  at: firstMs + 10_000_000,
  ...more,
});

let champion: string;
before(async (t) => {
  const folder = temporaryFolder(t as TestContext, 'ebbtide-champion-');
  const collected = await collectTelemetry(telemetry, resourceFeatures, {
    range: everything,
    windowMs,
    seed: 1,
    minWindows: 40,
    exclude: (subject, time) =>
      incidents.some(
        (it) =>
          subject === `cred-${it.subject}` &&
          time >= firstMs + it.second * 1000 &&
          time < firstMs + (it.second + length) * 1000,
      ),
  });
  champion = join(folder, 'first');
  await trainAnomaly({
    ...{ out: champion, data: telemetrySet(collected), epochs: 1, stepsPerEpoch: 20, batch: 8, steps: 16 },
    ...{ calibrationSubjects: 150, backend: 'wasm' },
  });
});

const run = async (t: TestContext, labels: readonly Label[], withoutLabels = false) => {
  const folder = temporaryFolder(t, 'ebbtide-retrain-');
  const registry = folderRegistry(join(folder, 'versions'), () => champion);
  const report = await retrain({
    labels: { labels: async () => [...labels], decisions: async () => [] },
    telemetry,
    registry,
    range: everything,
    windowMs,
    out: join(folder, 'challengers', 'second'),
    seed: 2,
    epochs: 0,
    calibrationSubjects: 150,
    minWindows: 40,
    backend: 'wasm',
    withoutLabels,
    now: firstMs + 20_000_000,
  });
  return { report, registry, folder };
};

test('retrain() lets labels change the next model: false alarms fall, attacks stay', async (t) => {
  const { report, registry, folder } = await run(
    t,
    incidents.map((incident) => labelOf(incident)),
  );
  const { comparison } = report;
  assert.ok(comparison && report.head, 'labels of both kinds must supervise');
  assert.equal(report.outcome, 'promoted', report.reasons.join('; '));
  assert.ok(comparison.champion.benignAlarmed > 0, 'the champion must raise false alarms');
  assert.ok(comparison.champion.attacksDetected > 0, 'the champion must find held-out second attacks');
  assert.ok(comparison.challenger.benignAlarmed < comparison.champion.benignAlarmed);
  assert.ok(comparison.challenger.attacksDetected >= comparison.champion.attacksDetected);
  assert.deepEqual(comparison.lost, []);
  assert.equal(await registry.champion(), join(folder, 'versions', 'second'));
  const file = JSON.parse(readFileSync(join(folder, 'versions', 'second', feedbackFile), 'utf8'));
  assert.deepEqual(file, report.head);
  for (const text of [reportLines(report).join('\n'), reportMarkdown(report), reportHtml(report)]) {
    assert.match(text, /Challenger second replaces champion first/);
    assert.match(text, /False alarms fall from/);
    assert.match(text, /It loses no labelled attack/);
  }
});

test('retrain() leaves out labels that contradict or name nothing, says so, and keeps the champion', async (t) => {
  const [first] = incidents;
  const labels = [
    labelOf(first!),
    labelOf(first!, { verdict: 'maliciousActivity', by: 'bob' }),
    labelOf(first!, { subject: 'nobody' }),
    labelOf(first!, { decisionId: 'lifecycle/none/1', windowStart: null, windowEnd: null }),
  ];
  const { report, registry } = await run(t, labels);
  assert.equal(report.outcome, 'skipped');
  assert.equal(await registry.champion(), champion);
  const whys = report.labels.refused.map(({ why }) => why).join('\n');
  assert.match(whys, /they contradict/);
  assert.match(whys, /there is no decision lifecycle\/none\/1/);
  assert.match(whys, /no telemetry of that time/);
  assert.match(reportMarkdown(report), /Left out: falsePositive for nobody by ann/);
});

test('retrain() keeps the champion when nothing is held out to win on', async (t) => {
  const { report, registry } = await run(t, [labelOf(incidents[0]!)]);
  assert.equal(report.outcome, 'kept');
  assert.match(report.reasons.join(), /no judged stretches beyond those/);
  assert.equal(await registry.champion(), champion);
});

test('retrain() without labels, after a drift, publishes a challenger that does not replace the champion', async (t) => {
  const { report, registry } = await run(t, [], true);
  assert.equal(report.outcome, 'kept');
  assert.equal(report.challenger, 'second');
  assert.ok(report.comparison!.challenger.unlabelledWindows > 0);
  assert.match(report.reasons.join(), /give more labels/);
  assert.equal(await registry.champion(), champion);
  assert.equal((await run(t, [])).report.outcome, 'skipped');
});
