import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, type TestContext, test } from 'node:test';
import { folderRegistry } from '../../infra/jobs/retrain/folder.ts';
import { feedbackFile } from '../../models/feedback/head.ts';
import { reportHtml, reportLines, reportMarkdown } from '../../models/feedback/report.ts';
import { storeReport } from '../../models/feedback/storeReport.ts';
import { reportFile } from '../../models/registry/record.ts';
import { retrain } from '../../pipelines/retrain.ts';
import type { Label } from '../../schemas/generated/Label.ts';
import { temporaryFolder } from '../services/folder.ts';
import { incidents, labelOf, retrainTask, trainedChampion } from './retrainRig.ts';

let champion: string;
before(async (t) => {
  champion = await trainedChampion(temporaryFolder(t as TestContext, 'ebbtide-champion-'));
});

const run = async (t: TestContext, labels: readonly Label[], withoutLabels = false) => {
  const folder = temporaryFolder(t, 'ebbtide-retrain-');
  const registry = folderRegistry(join(folder, 'versions'), () => champion);
  const report = await retrain({
    ...retrainTask(labels),
    ...{ registry, withoutLabels, out: join(folder, 'challengers', 'second') },
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
  const kept = JSON.parse(readFileSync(join(folder, 'versions', 'second', reportFile), 'utf8'));
  const { challenger, outcome } = report;
  assert.ok(challenger);
  assert.deepEqual(kept, storeReport({ ...report, challenger, outcome, comparison }));
  assert.equal(comparison.judged.length, incidents.length);
  assert.equal(comparison.judged.filter(({ heldOut }) => heldOut).length, report.labels.heldOut);
  const heldAttacks = comparison.judged.filter((one) => one.heldOut && one.verdict === 'maliciousActivity');
  const shown = heldAttacks.filter((one) => one.challenger > comparison.threshold);
  assert.deepEqual(
    [shown.length, heldAttacks.length],
    [comparison.challenger.attacksDetected, comparison.challenger.attacks],
  );
  assert.ok(comparison.champion.benignEpisodes >= comparison.champion.benignAlarmed);
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
