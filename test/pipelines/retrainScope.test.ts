import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { reportLines } from '../../models/feedback/report.ts';
import type { StoredReport } from '../../models/feedback/reportSchema.ts';
import { readScopeParts, writeScopeModel } from '../../models/scope/stored.ts';
import type { RetrainRegistry } from '../../pipelines/retrain/registry.ts';
import { retrainScope } from '../../pipelines/retrain/scope.ts';
import type { Label } from '../../schemas/generated/Label.ts';
import { temporaryFolder } from '../services/folder.ts';
import { judged, labelOf, retrainScopeTask } from './retrainScopeRig.ts';

const run = async (t: TestContext, labels: readonly Label[], champion?: string) => {
  const folder = temporaryFolder(t, 'ebbtide-retrain-scope-');
  const promoted: string[] = [];
  const kept: StoredReport[] = [];
  const registry: RetrainRegistry = {
    champion: async () => champion,
    publish: async (place, report) => {
      kept.push(report);
      return place.split('/').at(-1)!;
    },
    promote: async (version) => void promoted.push(version),
  };
  const out = join(folder, 'challenger');
  const report = await retrainScope({ ...retrainScopeTask(labels), registry, out });
  return { report, out, promoted, kept };
};

test('retrainScope() lets labels make a challenger, which replaces the champion for what it finds on held-out data', async (t) => {
  const { report, out, promoted, kept } = await run(t, judged);
  assert.equal(report.outcome, 'promoted', reportLines(report).join('\n'));
  assert.equal(kept.length, 1);
  assert.deepEqual([kept[0]!.outcome, kept[0]!.challenger], ['promoted', 'challenger']);
  assert.equal(kept[0]!.comparison.judged.length, judged.length);
  assert.equal(kept[0]!.comparison.threshold, 0.3);
  assert.deepEqual(promoted, ['challenger']);
  assert.equal(report.champion, 'default-1');
  const { champion, challenger, lost } = report.comparison!;
  assert.equal(champion.attacksDetected, 0, 'the signs say nothing of bots');
  assert.ok(challenger.attacksDetected > challenger.attacks / 2, reportLines(report).join('\n'));
  assert.equal(challenger.benignAlarmed, 0);
  assert.deepEqual(lost, []);
  assert.deepEqual(
    [report.labels.maliciousActivity, report.labels.falsePositive, report.labels.legitimateAnomaly],
    [10, 10, 10],
  );
  assert.ok((await readScopeParts(out)).parts.head.supervised);

  // The same labels again make no better model
  const again = await run(t, judged, out);
  assert.equal(again.report.outcome, 'kept');
  assert.match(again.report.reasons.join(), /no better than the champion/);
  assert.equal(again.kept[0]?.outcome, 'kept', 'the report of a challenger that loses is kept with it');
});

/** A champion to which everything is an attack. */
const alarmedBy = async (t: TestContext, place: string): Promise<string> => {
  const { parts, manifest } = await readScopeParts(place);
  const [constant] = parts.head.join;
  const head = { ...parts.head, join: [constant + 50, 0, 0] as [number, number, number] };
  const alarmed = join(temporaryFolder(t), 'alarmed');
  await writeScopeModel(alarmed, { ...parts, head }, { ...manifest, version: 'alarmed' });
  return alarmed;
};
/** Labels that call some people malicious, whom nothing tells from others. */
const misled = (people: readonly number[]) =>
  judged.map((label, seed) => (people.includes(seed) ? labelOf(seed, 'maliciousActivity') : label));

test('retrainScope() settles a challenger so that it shows every attack which it learned from and the champion shows', async (t) => {
  const { out } = await run(t, judged);
  const { report } = await run(t, misled([1, 2, 4]), await alarmedBy(t, out));
  assert.deepEqual(report.comparison!.lost, [], reportLines(report).join('\n'));
  assert.equal(report.outcome, 'promoted');
  assert.match(report.reasons.join(), /False alarms fall .* loses no labelled attack/);
});

test('retrainScope() keeps a champion that shows an attack which the challenger loses', async (t) => {
  const { out } = await run(t, judged);
  const { report, promoted } = await run(t, misled([28, 29]), await alarmedBy(t, out));
  assert.equal(report.outcome, 'kept', reportLines(report).join('\n'));
  assert.deepEqual(promoted, []);
  assert.match(report.reasons.join(), /loses \d labelled attack/);
});

test('retrainScope() leaves out labels that contradict or have no telemetry, and does nothing without any', async (t) => {
  const contradiction = [labelOf(0, 'maliciousActivity'), labelOf(0, 'falsePositive', { by: 'bob' })];
  const stranger = labelOf(1, 'maliciousActivity', { subject: 'nobody' });
  const others = labelOf(2, 'maliciousActivity', { decisionId: 'lifecycle/visitor-2/1' });
  const { report } = await run(t, [...contradiction, stranger, others]);
  assert.equal(report.outcome, 'skipped');
  assert.match(report.reasons.join(), /No label can be used/);
  assert.equal(report.labels.given, 3, 'a label of another pipeline is none of its own');
  assert.deepEqual(
    report.labels.refused.map(({ why }) => why.replace(/^.*(contradict|no telemetry).*$/, '$1')),
    ['contradict', 'contradict', 'no telemetry'],
  );
});
