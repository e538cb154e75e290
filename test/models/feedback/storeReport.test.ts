import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reportLines } from '../../../models/feedback/report.ts';
import { type StoredReport, storedReportSchema } from '../../../models/feedback/reportSchema.ts';
import { largestReport, storeReport } from '../../../models/feedback/storeReport.ts';
import { reportOf } from './reports.ts';

const sized = ({ comparison, labels, ...report }: StoredReport, entries: number, subject: string): StoredReport => {
  const many = <T>(one: T): (T & { subject: string })[] => Array.from({ length: entries }, () => ({ ...one, subject }));
  return {
    ...report,
    labels: { ...labels, refused: many(labels.refused[0]!) },
    comparison: { ...comparison, judged: many(comparison.judged[0]!), lost: many(comparison.lost[0]!) },
  };
};

test('storeReport() keeps a usual report whole, without what the version says itself', () => {
  const report = reportOf('v');
  const { cut: _, ...given } = report;
  assert.deepEqual(storeReport({ ...given, lineage: { source: 'archive' } }), report);
  assert.deepEqual(storedReportSchema.parse(JSON.parse(JSON.stringify(report))), report);
});

test('storeReport() keeps the beginning of long lists, and says how much it left out', () => {
  const stored = storeReport(sized(reportOf('v'), 150, 'c'.repeat(100)));
  assert.deepEqual(stored.cut, { refused: 90, lost: 90, judged: 90 });
  assert.equal(stored.comparison.judged.length, 60);
  assert.match(reportLines(stored).join('\n'), /And 90 more labels left out/);
  for (const entries of [10, 1_000, 20_000])
    for (const subject of ['cred', 'c'.repeat(2_000)]) {
      const bytes = Buffer.byteLength(JSON.stringify(storeReport(sized(reportOf('v'), entries, subject))));
      assert.ok(bytes <= largestReport, `${entries} entries of ${subject.length}: ${bytes} bytes`);
    }
});
