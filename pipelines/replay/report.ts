import type { CredentialFacts } from '../../operators/decideTtl.ts';
import type { Label } from '../../schemas/generated/index.ts';
import type { TtlStep } from './account.ts';
import { comparisonFigures, type Difference, Differences } from './differences.ts';
import type { LaneOutput } from './lane.ts';
import { type LaneFigure, Ledger, laneFigures } from './ledger.ts';
import { type Verdict, verdictsOf } from './verdicts.ts';

/** Figures by name, flat. */
export type Figures = Readonly<Record<string, number>>;

/** Figures of the whole replay. */
const inputFigures = ['messages', 'missingMessages', 'rejectedMessages', 'lateSamples', 'samples', 'days'] as const;

/** Name of a lane's figure in the lane that is compared with. */
export const against = (figure: LaneFigure): string => `against${figure[0]!.toUpperCase()}${figure.slice(1)}`;

/**
 * Names of the figures that a replay gives.
 *
 * @param compared - whether it is compared with another lane
 */
export const figureNames = (compared: boolean): readonly string[] => [
  ...inputFigures,
  ...laneFigures,
  ...(compared ? [...laneFigures.map(against), ...comparisonFigures] : []),
];

/** The course of one subject's TTL in both lanes. */
export interface Course {
  readonly subject: string;
  readonly verdict: Verdict | undefined;
  readonly here: readonly TtlStep[];
  readonly there: readonly TtlStep[] | undefined;
}

/** What a replay came to. */
export interface ReplayReport {
  readonly figures: Figures;
  readonly span: { readonly from: number; readonly to: number };
  readonly differences: readonly Difference[];
  readonly courses: readonly Course[];
  /** Messages that could not be read, by error code. */
  readonly rejected: Readonly<Record<string, number>>;
}

const mostCourses = 24;
const round = (value: number) => Number(value.toPrecision(12));

/** Adds up what lanes did. */
export class ReportBuilder {
  readonly #verdicts: ReadonlyMap<string, Verdict>;
  readonly #ledgers: readonly Ledger[];
  readonly #differences = new Differences();
  readonly #rejected = new Map<string, number>();
  #messages = 0;

  /**
   * @param lanes - 1, or 2 to compare
   * @param labels - what subjects are judged by
   * @param facts - the register's entry of a subject
   */
  constructor(
    lanes: 1 | 2,
    labels: readonly Label[],
    facts: (partition: number, subject: string) => CredentialFacts | undefined,
  ) {
    this.#verdicts = verdictsOf(labels);
    this.#ledgers = Array.from({ length: lanes }, () => new Ledger(this.#verdicts, facts));
  }

  /** @param outputs - of each lane */
  add(messages: number, outputs: readonly (readonly LaneOutput[])[]): void {
    this.#messages += messages;
    const [here = [], there] = outputs;
    for (const [lane, output] of outputs.entries()) for (const one of output) this.#ledgers[lane]!.add(one);
    if (there) this.#differences.add(here, there);
    for (const { warmUp, rejected } of here)
      if (!warmUp)
        for (const { errorCode } of rejected) this.#rejected.set(errorCode, (this.#rejected.get(errorCode) ?? 0) + 1);
  }

  /** Messages rejected so far for a reason. */
  rejected(errorCode: string): number {
    return this.#rejected.get(errorCode) ?? 0;
  }

  /** @param counts - samples read, those that came late, and messages that were not there */
  build(counts: { readonly samples: number; readonly late: number; readonly missing: number }): ReplayReport {
    const [here, there] = this.#ledgers as [Ledger, Ledger | undefined];
    const { from, to } = here.span;
    const figures: Record<string, number> = {
      messages: this.#messages,
      missingMessages: counts.missing,
      samples: counts.samples,
      lateSamples: counts.late,
      rejectedMessages: [...this.#rejected.values()].reduce((sum, count) => sum + count, 0),
      ...(to > from ? { days: (to - from) / 86_400_000 } : {}),
      ...here.figures(),
      ...(there
        ? Object.fromEntries(
            Object.entries(there.figures()).map(([name, value]) => [against(name as LaneFigure), value]),
          )
        : {}),
      ...(there ? this.#differences.figures() : {}),
    };
    for (const [name, value] of Object.entries(figures)) figures[name] = round(value);
    return {
      figures,
      span: { from, to },
      differences: this.#differences.listed.toSorted((a, b) => a.at - b.at),
      courses: this.#courses(here, there),
      rejected: Object.fromEntries(this.#rejected),
    };
  }

  /** Subjects worth a plot: those that differ, the malicious ones first. */
  #courses(here: Ledger, there: Ledger | undefined): Course[] {
    const malicious = [...this.#verdicts].filter(([, { kind }]) => kind === 'malicious').map(([subject]) => subject);
    const differing = [...this.#differences.subjects];
    const wanted = new Set([
      ...malicious.filter((one) => this.#differences.subjects.has(one)),
      ...malicious,
      ...differing,
    ]);
    if (wanted.size === 0) for (const subject of here.followed()) wanted.add(subject);
    const courses: Course[] = [];
    for (const subject of wanted) {
      const steps = here.stepsOf(subject);
      if (courses.length >= mostCourses || !steps || steps.length === 0) continue;
      courses.push({ subject, verdict: this.#verdicts.get(subject), here: steps, there: there?.stepsOf(subject) });
    }
    return courses;
  }
}
