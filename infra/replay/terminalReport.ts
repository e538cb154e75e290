import { comparisonFigures, type Difference } from '../../pipelines/replay/differences.ts';
import { laneFigures } from '../../pipelines/replay/ledger.ts';
import { against, type Figures, figureNames, type ReplayReport } from '../../pipelines/replay/report.ts';
import type { Decision } from '../../schemas/generated/index.ts';
import { duration, type Terminal, table } from '../cli/terminal.ts';
import type { ReplayEnvironment } from './environment.ts';

const mostShown = 20;

/** A figure for people: at most four digits after the point. */
export const shownFigure = (value: number | undefined): string =>
  value === undefined ? '–' : value.toLocaleString('en', { maximumFractionDigits: Math.abs(value) < 10 ? 4 : 1 });

/** What a decision does, in a few words. */
export const shownDecision = (decision: Decision | undefined): string => {
  if (!decision) return '–';
  const { action, oldTtlMs, newTtlMs, withheld } = decision;
  const what =
    action === 'keep' || action === 'revoke' ? action : `${action} ${duration(oldTtlMs)} → ${duration(newTtlMs)}`;
  return withheld ? `${what} (withheld: ${withheld})` : what;
};

/** Rows of the report's table: name, here, against. */
export const figureRows = (figures: Figures): [string, number | undefined, number | undefined][] => [
  ...figureNames(false)
    .filter((name) => !(laneFigures as readonly string[]).includes(name))
    .map((name): [string, number | undefined, number | undefined] => [name, figures[name], undefined]),
  ...laneFigures.map((name): [string, number | undefined, number | undefined] => [
    name,
    figures[name],
    figures[against(name)],
  ]),
];

/** Print a report for people. */
export const printReport = (terminal: Terminal, report: ReplayReport, environment: ReplayEnvironment): void => {
  const { figures, differences } = report;
  const compared = environment.againstModel !== null;
  terminal.print(
    terminal.style('bold', `Replay of ${environment.from ?? 'the beginning'} to ${environment.to ?? 'now'}`) +
      ` in ${duration(environment.tookMs)}`,
  );
  terminal.print(`  here     model ${environment.model}, policy ${environment.policy}`);
  if (compared) terminal.print(`  against  model ${environment.againstModel}, policy ${environment.againstPolicy}`);
  terminal.print();
  const rows = figureRows(figures).map(([name, here, there]) => [
    name,
    shownFigure(here),
    ...(compared ? [shownFigure(there)] : []),
  ]);
  for (const line of table(['figure', 'here', ...(compared ? ['against'] : [])], rows)) terminal.print(line);
  for (const [code, count] of Object.entries(report.rejected)) terminal.print(`${count} messages rejected: ${code}`);
  if (!compared) return;
  terminal.print();
  terminal.print(comparisonFigures.map((name) => `${name} ${shownFigure(figures[name])}`).join(', '));
  printDifferences(terminal, differences, figures.differingDecisions ?? 0);
};

const printDifferences = (terminal: Terminal, differences: readonly Difference[], all: number): void => {
  if (differences.length === 0) return;
  terminal.print();
  const rows = differences
    .slice(0, mostShown)
    .map(({ at, subject, here, there }) => [
      new Date(at).toISOString(),
      subject,
      shownDecision(here),
      shownDecision(there),
    ]);
  for (const line of table(['time', 'subject', 'here', 'against'], rows)) terminal.print(line);
  if (all > mostShown)
    terminal.print(`… and ${all - Math.min(mostShown, differences.length)} more; --html lists up to 1,000`);
};
