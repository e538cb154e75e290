import type { CredentialFacts } from '../../operators/decideTtl.ts';
import type { Label } from '../../schemas/generated/index.ts';
import type { TtlStep } from './account.ts';
import {
  comparisonFigures,
  type Difference,
  Differences,
  type DifferencesSummary,
  joinDifferences,
} from './differences.ts';
import type { LaneOutput } from './lane.ts';
import { figuresOf, Ledger, type LedgerSummary, laneFigures, spanOf } from './ledger.ts';
import { type Verdict, verdictsOf } from './verdicts.ts';

/** Figures by name, flat. */
export type Figures = Readonly<Record<string, number>>;

/** Figures of the whole replay. */
const inputFigures = ['messages', 'missingMessages', 'rejectedMessages', 'lateSamples', 'samples', 'days'] as const;

/** Name of a figure in the lane that is compared with. */
export const against = (figure: string): string => `against${figure.charAt(0).toUpperCase()}${figure.slice(1)}`;

/** Figures of what is compared with, by {@link against}. */
export const allAgainst = (figures: Figures): Record<string, number> =>
  Object.fromEntries(Object.entries(figures).map(([name, value]) => [against(name), value]));

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

  /** What it came to; nothing may be added afterwards. */
  summary(): ReportSummary {
    const [here, there] = this.#ledgers as [Ledger, Ledger | undefined];
    return {
      messages: this.#messages,
      here: here.summary(),
      there: there?.summary(),
      differences: this.#differences.summary(),
      courses: this.#courses(here, there),
      rejected: Object.fromEntries(this.#rejected),
    };
  }

  /** Subjects worth a plot: those that differ, the malicious ones first. */
  #courses(here: Ledger, there: Ledger | undefined): RankedCourse[] {
    const malicious = [...this.#verdicts].filter(([, { kind }]) => kind === 'malicious').map(([subject]) => subject);
    const differing = this.#differences.subjects;
    const wanted = new Map<string, number>();
    for (const subject of malicious) wanted.set(subject, differing.has(subject) ? 0 : 1);
    for (const subject of differing) if (!wanted.has(subject)) wanted.set(subject, 2);
    for (const subject of here.followed()) if (!wanted.has(subject)) wanted.set(subject, 3);
    const courses: RankedCourse[] = [];
    for (const [subject, rank] of [...wanted].toSorted(([one, a], [other, b]) => a - b || (one < other ? -1 : 1))) {
      const steps = here.stepsOf(subject);
      if (courses.length >= mostCourses || !steps || steps.length === 0) continue;
      const course = { subject, verdict: this.#verdicts.get(subject), here: steps, there: there?.stepsOf(subject) };
      courses.push({ rank, course });
    }
    return courses;
  }
}

/** A course, and how much it is worth to be shown: the least first. */
interface RankedCourse {
  readonly rank: number;
  readonly course: Course;
}

/** What one builder came to: plain data, that another thread can send. */
export interface ReportSummary {
  readonly messages: number;
  readonly here: LedgerSummary;
  readonly there: LedgerSummary | undefined;
  readonly differences: DifferencesSummary;
  readonly courses: readonly RankedCourse[];
  readonly rejected: Readonly<Record<string, number>>;
}

/** What was counted beside the report. */
export interface ReplayCounts {
  readonly samples: number;
  /** Samples that came after their window had closed. */
  readonly late: number;
  /** Messages that were not there. */
  readonly missing: number;
}

/**
 * The report of builders that saw different partitions.
 *
 * @param all - 1 and up
 */
export const reportOf = (all: readonly ReportSummary[], counts: ReplayCounts): ReplayReport => {
  const here = all.map((one) => one.here);
  const there = all.flatMap((one) => one.there ?? []);
  const { from, to } = spanOf(here);
  const differences = joinDifferences(all.map((one) => one.differences));
  const rejected: Record<string, number> = {};
  for (const one of all)
    for (const [code, count] of Object.entries(one.rejected)) rejected[code] = (rejected[code] ?? 0) + count;
  const figures: Record<string, number> = {
    messages: all.reduce((sum, { messages }) => sum + messages, 0),
    missingMessages: counts.missing,
    samples: counts.samples,
    lateSamples: counts.late,
    rejectedMessages: Object.values(rejected).reduce((sum, count) => sum + count, 0),
    ...(to > from ? { days: (to - from) / 86_400_000 } : {}),
    ...figuresOf(here),
  };
  if (there.length > 0) {
    for (const [name, value] of Object.entries(figuresOf(there))) figures[against(name)] = value;
    Object.assign(figures, differences.figures);
  }
  for (const [name, value] of Object.entries(figures)) figures[name] = round(value);
  return {
    figures,
    span: { from, to },
    differences: there.length > 0 ? differences.listed : [],
    courses: all
      .flatMap(({ courses }) => courses)
      .toSorted((a, b) => a.rank - b.rank || (a.course.subject < b.course.subject ? -1 : 1))
      .slice(0, mostCourses)
      .filter(({ rank }, _, list) => rank < 3 || list[0]!.rank === 3)
      .map(({ course }) => course),
    rejected,
  };
};
