/** A table of a report. */
export interface ReportTable {
  readonly title: string;
  readonly headings: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
  readonly note?: string;
}

/** A plot of curves. */
export interface ReportPlot {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  /** Both axes logarithmic. */
  readonly logarithmic?: boolean;
  /** Draw where y equals x. */
  readonly diagonal?: boolean;
  readonly curves: readonly { readonly name: string; readonly points: readonly (readonly [number, number])[] }[];
}

/** A series over time: scores, labelled windows, alarms. */
export interface ReportTimeline {
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  /** Evenly spaced, the largest score of each stretch. */
  readonly scores: readonly number[];
  /** Evenly spaced, the mean of the first metric in each stretch. */
  readonly values: readonly number[];
  /** Labelled, as shares of the time from 0 to 1. */
  readonly labelled: readonly (readonly [number, number])[];
  /** Alarms, as shares of the time from 0 to 1. */
  readonly alarms: readonly number[];
}

/** The outcome of an evaluation, for people and for programs. */
export interface Evaluation {
  readonly name: string;
  readonly title: string;
  /** Flat numbers, for programs. */
  readonly figures: Readonly<Record<string, number>>;
  readonly tables: readonly ReportTable[];
  readonly plots: readonly ReportPlot[];
  readonly timelines: readonly ReportTimeline[];
  readonly notes: readonly string[];
}

/** What an evaluation is given. */
export interface EvaluationRequest {
  /** Folder with the data set. */
  readonly folder: string;
  /** Names of detectors; the first is the one whose figures count. */
  readonly detectors: readonly string[];
  readonly onProgress: (done: number, total: number, note: string) => void;
  readonly signal?: AbortSignal;
}

/** Evaluates one subject on one data set. */
export type Evaluator = (request: EvaluationRequest) => Promise<Evaluation>;

/** Four decimals, for figures. */
export const round4 = (value: number): number => Math.round(value * 1e4) / 1e4;

/** Six decimals, for rates as small as a thousandth. */
export const round6 = (value: number): number => Math.round(value * 1e6) / 1e6;

/** Arithmetic mean; NaN of nothing. */
export const mean = (values: readonly number[]): number => values.reduce((sum, it) => sum + it, 0) / values.length;
