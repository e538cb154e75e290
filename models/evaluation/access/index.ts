import { hourMs } from '../../access/calendar.ts';
import { type Foreseen, outcomesOf } from '../../access/foresee.ts';
import { type Judged, judgedRows, type Measures, measure, reliability } from '../../access/measures.ts';
import { type Evaluation, type Evaluator, type ReportPlot, type ReportTable, round4, round6 } from '../evaluation.ts';
import { median } from './constantReturn.ts';
import { accessPredictors, type NasaOptions, type NasaRuns, runNasa } from './nasaEvaluation.ts';
import { alwaysOn, gapFamilies } from './policies.ts';
import { frontier, gapsIn, judgeGapPolicy, judgeHourly, type PolicyPoint, wasteAt } from './tradeOff.ts';

export { accessPredictors };

const hitRates = [0.5, 0.6, 0.7, 0.8, 0.9] as const;

interface JudgedRun {
  readonly run: Foreseen;
  readonly hour: Judged;
  readonly onset: Judged;
  readonly day: Judged;
  readonly measures: { readonly hour: Measures; readonly onset: Measures; readonly day: Measures };
}

const judge = (all: NasaRuns): JudgedRun[] => {
  const outcomes = outcomesOf(all.accesses, { testHour: all.fromHour, toHour: all.toHour });
  return all.runs.map((run) => {
    const { hour, onset, day } = judgedRows(run, outcomes);
    return {
      run,
      hour,
      onset,
      day,
      measures: { hour: measure(hour), onset: measure(onset), day: measure(day) },
    };
  });
};

const meanOf = (values: readonly number[]): number => values.reduce((sum, it) => sum + it, 0) / values.length;
const shareWithin = (errors: readonly number[], hours: number): number =>
  errors.filter((it) => it <= hours).length / errors.length;

const returnRow = (name: string, errors: readonly number[]): (string | number)[] => [
  name,
  Number(median(errors).toFixed(2)),
  Number(meanOf(errors).toFixed(2)),
  `${(100 * shareWithin(errors, 2)).toFixed(0)} %`,
  errors.length,
];

const measureTable = (title: string, rows: readonly (readonly [string, Measures])[], note: string): ReportTable => ({
  title,
  headings: ['predictor', 'AP', 'AUC', 'Brier', 'log loss', 'ECE', 'rows', 'positive'],
  rows: rows.map(([name, it]) => [
    name,
    Number(it.ap.toFixed(3)),
    Number(it.auc.toFixed(3)),
    Number(it.brier.toFixed(4)),
    Number(it.logLoss.toFixed(4)),
    Number(it.ece.toFixed(4)),
    it.rows,
    it.positives,
  ]),
  note,
});

/** Every policy's curve: hit rate against minutes wasted. */
const tradeOff = (
  all: NasaRuns,
): { curves: Map<string, readonly PolicyPoint[]>; always: PolicyPoint; starts: number } => {
  const set = gapsIn(all.accesses, all.fromHour * hourMs, all.toHour * hourMs);
  const curves = new Map<string, readonly PolicyPoint[]>();
  for (const { name, hour } of all.runs) if (name !== 'recency') curves.set(name, judgeHourly(set, hour));
  curves.set('per-hour histogram', judgeHourly(set, all.histogram));
  for (const { name, settings } of gapFamilies)
    curves.set(
      name,
      settings.map((policy) => judgeGapPolicy(set, policy)),
    );
  const starts = set.gaps.filter(({ nextMs }) => nextMs >= set.fromMs && nextMs < set.toMs).length;
  return { curves, always: judgeGapPolicy(set, alwaysOn), starts };
};

const report = (all: NasaRuns, seeds: string): Evaluation => {
  const judged = judge(all);
  const [first] = judged;
  const { curves, always, starts } = tradeOff(all);
  const own = curves.get(first!.run.name) ?? [];
  const wasted = Object.fromEntries(
    hitRates.map((rate) => [`wastedMinutesAt${rate * 100}`, round4(wasteAt(own, rate))] as const),
  );
  const { hour, onset, day } = first!.measures;
  // Parts of ours share its forest
  const ofReturns = judged.filter(({ run }, i) => i === 0 || !['network', 'trees'].includes(run.name));
  const plots: ReportPlot[] = [
    {
      title: 'Hit rate against minutes that credentials lie unused',
      x: 'unused minutes a user and day',
      y: 'session starts that find a credential ready',
      curves: [...curves].map(([name, points]) => ({
        name,
        points: frontier(points)
          .filter(({ wastedMinutes }) => wastedMinutes <= 700)
          .map(({ wastedMinutes, hitRate }) => [wastedMinutes, hitRate] as const),
      })),
    },
    ...(['hour', 'day'] as const).map((what) => ({
      title: what === 'hour' ? 'Reliability: the next hour' : 'Reliability: the next 24 h',
      x: 'chance that was given',
      y: 'share that came true',
      diagonal: true,
      curves: judged
        .filter(({ run }) => run.name !== 'recency')
        .map((it) => ({
          name: it.run.name,
          points: reliability(it[what]).map(({ chance, came }) => [chance, came] as const),
        })),
    })),
    {
      title: 'Error of the next session’s time',
      x: 'hours',
      y: 'share of sessions within',
      curves: ofReturns.map(({ run }) => {
        const sorted = [...run.returnErrors].sort((a, b) => a - b);
        return {
          name: run.name,
          points: sorted
            .map((error, i) => [error, (i + 1) / sorted.length] as const)
            .filter(([error], i) => error <= 24 && i % 4 === 0),
        };
      }),
    },
  ];
  return {
    name: 'access-nasa',
    title: 'Next access: NASA Ames iPSC/860, October to December 1993',
    figures: {
      onsetAp1h: round4(onset.ap),
      onsetAuc1h: round4(onset.auc),
      ap24h: round4(day.ap),
      brier1h: round6(hour.brier),
      ece1h: round4(hour.ece),
      nextSessionMedianErrorH: round4(median(first!.run.returnErrors)),
      nextSessionMeanErrorH: round4(meanOf(first!.run.returnErrors)),
      nextSessionWithin2h: round4(shareWithin(first!.run.returnErrors, 2)),
      nextSessions: first!.run.returnErrors.length,
      constantMedianErrorH: round4(median(all.constant.errors)),
      auc1h: round4(hour.auc),
      ap1h: round4(hour.ap),
      logLoss1h: round6(hour.logLoss),
      onsetBrier1h: round6(onset.brier),
      onsetEce1h: round4(onset.ece),
      auc24h: round4(day.auc),
      brier24h: round6(day.brier),
      ece24h: round4(day.ece),
      ...wasted,
    },
    tables: [
      measureTable(
        'An access within the hour, after an hour without one',
        judged.map(({ run, measures }) => [run.name, measures.onset]),
        'The row that counts: that somebody who is there stays is easily said.',
      ),
      measureTable(
        'An access within the hour, all hours',
        judged.map(({ run, measures }) => [run.name, measures.hour]),
        'Chances of recency are only an order.',
      ),
      measureTable(
        'An access within 24 hours',
        judged.map(({ run, measures }) => [run.name, measures.day]),
        'The last 23 hours are left out: nobody knows what followed.',
      ),
      {
        title: 'When the next session begins, said at the end of one',
        headings: ['predictor', 'median error, h', 'mean error, h', 'within 2 h', 'sessions'],
        rows: [
          ...ofReturns.map(({ run }) =>
            returnRow(run.name === 'recency' ? 'median of the last five gaps' : run.name, run.returnErrors),
          ),
          returnRow(`always ${all.constant.hours} h, chosen on the first part`, all.constant.errors),
        ],
        note: 'Of every session that begins in the test, whenever the one before it ended. Ours is a forest of hazards; the network takes no part in it.',
      },
      {
        title: 'Minutes a user and day that a credential lies unused, by the share of session starts that find one',
        headings: ['policy', ...hitRates.map((rate) => `${rate * 100} %`)],
        rows: [...curves].map(([name, points]) => [
          name,
          ...hitRates.map((rate) => {
            const minutes = wasteAt(points, rate);
            return Number.isFinite(minutes) ? minutes.toFixed(0) : 'not reached';
          }),
        ]),
        note: `${starts} session starts. Always on: ${always.wastedMinutes.toFixed(0)} minutes, every start. Settings are joined by drawing between them.`,
      },
    ],
    plots,
    timelines: [],
    notes: [
      `Learned from the first 70 % of the hours, ${seeds}; judged once on the rest, ${all.pairs.length} users with at least 20 active hours in the first part. What is chosen is chosen on the first part.`,
      'Inputs, carried state and intercepts go through the test hour by hour and know its past only.',
      `Stopped by the last fifth of the first part: ${all.learned.epochs ?? 0} epochs; trees ${all.learned.treesHour ?? 0} (hour), ${all.learned.treesDay ?? 0} (day), ${all.learned.treesReturns ?? 0} (return).`,
    ],
  };
};

/** Evaluate predictors of accesses on the NASA iPSC log. */
export const evaluateNasa =
  (options: NasaOptions = {}): Evaluator =>
  async (request) =>
    report(
      await runNasa(request, options),
      options.members === 1 ? 'one network' : `${options.members ?? 3} networks that are averaged`,
    );
