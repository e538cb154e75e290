import type { ReportPlot } from '../evaluation.ts';
import type { Rates, Scores } from './trials.ts';

const meanOf = (values: readonly number[]): number => values.reduce((sum, it) => sum + it, 0) / values.length;

/** Mean over people of the share of impostors who pass, at each share of the owner's samples that are refused. */
export const errorPlot = (verifiers: ReadonlyMap<string, Rates>): ReportPlot => ({
  title: 'Detection error trade-off, mean over people',
  x: 'owner refused',
  y: 'impostor passes',
  logarithmic: true,
  diagonal: true,
  curves: [...verifiers].map(([name, { curves }]) => ({
    name,
    points: Array.from({ length: 41 }, (_, i) => 0.005 * 200 ** (i / 40)).map((refused) => {
      const missed = curves.map(({ falseAlarm, miss }) => miss[falseAlarm.findIndex((it) => it <= refused)] ?? 1);
      return [refused, meanOf(missed)] as const;
    }),
  })),
});

/** Equal error rates of people, each verifier's in ascending order. */
export const peoplePlot = (verifiers: ReadonlyMap<string, Rates>): ReportPlot => ({
  title: 'Equal error rate by person',
  x: 'share of people',
  y: 'equal error rate',
  curves: [...verifiers].map(([name, { eer }]) => ({
    name,
    points: eer.toSorted((a, b) => a - b).map((rate, i) => [(i + 1) / eer.length, rate] as const),
  })),
});

/** Share of sessions, one attempt each, whose risk is above each level. */
export const riskPlot = (verifier: string, scores: readonly Scores[], risk: (score: number) => number): ReportPlot => ({
  title: `Risk of one attempt, ${verifier}`,
  x: 'risk',
  y: 'share above',
  curves: (
    [
      ['owners', 'genuine'],
      ['impostors', 'impostor'],
      ['practised impostors', 'practised'],
    ] as const
  ).map(([name, of]) => {
    const risks = scores.flatMap((person) => person[of].map(risk));
    return {
      name,
      points: Array.from({ length: 51 }, (_, i) => i / 50).map(
        (level) => [level, risks.filter((it) => it > level).length / risks.length] as const,
      ),
    };
  }),
});
