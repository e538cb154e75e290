import assert from 'node:assert/strict';
import { test } from 'node:test';
import { environmentOf } from '../../../infra/replay/environment.ts';
import { htmlReport } from '../../../infra/replay/html/page.ts';
import { figureNames, ReportBuilder, reportOf } from '../../../pipelines/replay/report.ts';
import { verdictsOf } from '../../../pipelines/replay/verdicts.ts';
import { alertOf, decisionOf, labelOf, outputOf, scoreOf } from './records.ts';

const hour = 3_600_000;
const day = 24 * hour;
const facts = () => ({ ttlMs: hour, maxTtlMs: day, issuedAt: 0, ended: false });
const counts = { samples: 100, late: 1, missing: 0 };

test('verdictsOf must let the latest label on a decision count, and know since when a subject was malicious', () => {
  const verdicts = verdictsOf([
    labelOf('a', 'maliciousActivity', { windowStart: 50, at: 1 }),
    labelOf('b', 'maliciousActivity', { decisionId: 'lifecycle/b/70', at: 1 }),
    labelOf('b', 'falsePositive', { decisionId: 'lifecycle/b/70', at: 2 }),
    labelOf('c', 'maliciousActivity', { decisionId: 'lifecycle/c/silence-90', at: 2 }),
    labelOf('c', 'legitimateAnomaly', { decisionId: 'lifecycle/c/10', at: 3 }),
    labelOf('d', 'unknown'),
  ]);
  assert.deepEqual(verdicts.get('a'), { kind: 'malicious', maliciousFrom: 50, onset: 50 });
  assert.equal(verdicts.get('b')?.kind, 'benign');
  assert.deepEqual(verdicts.get('c'), { kind: 'malicious', maliciousFrom: Number.NEGATIVE_INFINITY, onset: 90 });
  assert.equal(verdicts.get('d'), undefined);
});

test('verdictsOf must leave out what its writer took back, and nobody else', () => {
  const of = (subject: string) => ({ decisionId: `lifecycle/${subject}/70` });
  const verdicts = verdictsOf([
    labelOf('gone', 'maliciousActivity', { ...of('gone'), at: 1 }),
    labelOf('gone', 'falsePositive', { ...of('gone'), at: 2 }),
    labelOf('gone', 'withdrawn', { ...of('gone'), at: 3 }),
    labelOf('other', 'falsePositive', { ...of('other'), by: 'ann', at: 1 }),
    labelOf('other', 'maliciousActivity', { ...of('other'), at: 2 }),
    labelOf('other', 'withdrawn', { ...of('other'), at: 3 }),
    labelOf('again', 'falsePositive', { ...of('again'), at: 1 }),
    labelOf('again', 'withdrawn', { ...of('again'), at: 2 }),
    labelOf('again', 'maliciousActivity', { ...of('again'), at: 3 }),
  ]);
  assert.equal(verdicts.get('gone'), undefined);
  assert.equal(verdicts.get('other')?.kind, 'benign');
  assert.equal(verdicts.get('again')?.kind, 'malicious');
});

const builder = (lanes: 1 | 2) =>
  new ReportBuilder(
    lanes,
    [
      labelOf('evil', 'maliciousActivity', { windowStart: hour }),
      labelOf('good', 'falsePositive'),
      labelOf('late', 'maliciousActivity', { windowStart: 2 * hour }),
    ],
    facts,
  );
const subjects = ['evil', 'good', 'late', 'nobody'];
const seen = outputOf({ scores: subjects.map((subject) => scoreOf(subject, 0, hour)) });
const atEnd = outputOf({ scores: [scoreOf('nobody', day - hour, day)] });

test('ReportBuilder must count revocations by label, hours granted, times to revoke and work a day', () => {
  const report = builder(1);
  report.add(4, [[seen]]);
  report.add(3, [
    [
      outputOf({
        decisions: [
          decisionOf('evil', 'extend', 0.5 * hour, 2 * hour),
          decisionOf('evil', 'revoke', 2 * hour, 0),
          decisionOf('good', 'revoke', 0.5 * hour, 0),
          decisionOf('late', 'revoke', hour, 0),
          decisionOf('nobody', 'shorten', hour, hour / 2),
          decisionOf('nobody', 'revoke', 1.25 * hour, 0, { withheld: 'budget' }),
          decisionOf('nobody', 'keep', 1.25 * hour, hour / 2),
        ],
        alerts: [alertOf('evil', 2 * hour, 'lifecycle/evil/7200000'), alertOf('good', hour)],
      }),
      atEnd,
    ],
  ]);
  const { figures, span } = reportOf([report.summary()], counts);
  assert.deepEqual(span, { from: 0, to: day });
  const some = (...names: string[]) => Object.fromEntries(names.map((name) => [name, figures[name]]));
  assert.deepEqual(
    some('falseRevocations', 'trueRevocations', 'unlabelledRevocations', 'revocations', 'withheldDecisions'),
    // "late" was revoked before it was malicious
    { falseRevocations: 2, trueRevocations: 1, unlabelledRevocations: 0, revocations: 3, withheldDecisions: 1 },
  );
  assert.deepEqual(some('ttlHoursMalicious', 'ttlHoursBenign', 'ttlHoursUnlabelled'), {
    ttlHoursMalicious: 1,
    // evil's first hour, good's half, late's one
    ttlHoursBenign: 2.5,
    ttlHoursUnlabelled: 1.5,
  });
  assert.equal(figures.meanTimeToRevokeS, 1800);
  assert.equal(figures.missedMalicious, 0);
  assert.equal(figures.days, 1);
  // One alert of its own, three revocations, one shortening, one withheld
  assert.equal(figures.analystItemsPerDay, 6);
  assert.equal(figures.messages, 7);
  for (const name of Object.keys(figures)) assert.ok(figureNames(false).includes(name), name);
});

test('ReportBuilder must leave out figures that nothing speaks of', () => {
  const report = builder(1);
  report.add(1, [[seen]]);
  const { figures } = reportOf([report.summary()], counts);
  assert.equal('meanTimeToRevokeS' in figures, false);
  assert.equal(figures.missedMalicious, 2);
});

test('ReportBuilder must bring state up in the warm-up and count nothing of it', () => {
  const report = builder(1);
  report.add(1, [
    [outputOf({ ...seen, warmUp: true, decisions: [decisionOf('good', 'extend', 0.5 * hour, 4 * hour)] })],
  ]);
  report.add(1, [[outputOf({ scores: [scoreOf('good', hour, 2 * hour)] })]]);
  const { figures } = reportOf([report.summary()], counts);
  assert.equal(figures.decisions, 0);
  assert.equal(figures.windows, 1);
  assert.equal(figures.ttlHoursBenign, 3.5);
});

test('ReportBuilder must tell how two lanes differ', () => {
  const report = builder(2);
  report.add(1, [[seen], [seen]]);
  report.add(3, [
    [
      outputOf({
        decisions: [
          decisionOf('good', 'keep', hour, hour),
          decisionOf('evil', 'revoke', hour, 0),
          decisionOf('nobody', 'extend', hour, 2 * hour),
        ],
      }),
    ],
    [
      outputOf({
        decisions: [
          decisionOf('good', 'keep', hour, hour, { policyVersion: 'other', reason: 'other', score: 0.1 }),
          decisionOf('evil', 'shorten', hour, hour),
          decisionOf('late', 'revoke', hour, 0),
        ],
      }),
    ],
  ]);
  const { figures, differences, courses } = reportOf([report.summary()], counts);
  const { differingDecisions, onlyHere, onlyAgainst, changedDecisions, differingSubjects } = figures;
  assert.deepEqual(
    { differingDecisions, onlyHere, onlyAgainst, changedDecisions, differingSubjects },
    { differingDecisions: 3, onlyHere: 1, onlyAgainst: 1, changedDecisions: 1, differingSubjects: 3 },
  );
  assert.equal(figures.trueRevocations, 1);
  assert.equal(figures.againstTrueRevocations, 0);
  assert.equal(figures.againstFalseRevocations, 1);
  assert.deepEqual(differences.map(({ subject }) => subject).toSorted(), ['evil', 'late', 'nobody']);
  assert.deepEqual(courses.map(({ subject }) => subject).toSorted(), ['evil', 'late', 'nobody']);
  for (const name of Object.keys(figures)) assert.ok(figureNames(true).includes(name), name);
});

test('the HTML report must stand alone and show no markup of what was replayed', () => {
  const report = builder(2);
  const subject = '<script>alert("x")</script>';
  report.add(1, [[outputOf({ scores: [scoreOf(subject, 0, hour)] })], [seen]]);
  report.add(1, [[outputOf({ decisions: [decisionOf(subject, 'revoke', hour, 0, { reason: '<b>' })] })], []]);
  const lane = { model: 'shipped' };
  const environment = environmentOf({
    range: { from: 0, to: Number.POSITIVE_INFINITY, warmUpMs: 0 },
    ...{ source: 'kafka', out: 'nowhere', tookMs: 1, modelVersions: ['1', '2'], warnings: ['<i>'] },
    ...{ here: lane, against: lane },
  });
  const page = htmlReport(reportOf([report.summary()], counts), environment, [
    { text: 'decisions > 0 & x', holds: true },
  ]);
  assert.doesNotMatch(page, /<script|<b>because|<i>\s*<|https?:|@import|url\(|NaN|undefined/);
  assert.match(page, /<svg viewBox/);
  assert.match(page, /prefers-color-scheme:dark/);
  assert.match(page, /name="viewport"/);
  assert.match(page, /&#60;script&#62;/);
});
