import type { DecodedBatch, ScoredBatch, WindowEvent, WindowScore } from '../../operators/batch.ts';
import { SampleTable } from '../../schemas/samples.ts';

/** One scored window. */
export interface ScoredWindow {
  readonly pValue: number;
  readonly windowEnd: number;
  readonly subject: string;
  readonly more?: Partial<WindowScore>;
  readonly event?: Partial<WindowEvent>;
}

const source: DecodedBatch = {
  messages: [],
  replayBefore: 0,
  subjects: [],
  firstRow: [0],
  samples: new SampleTable(1),
  clocks: new Map(),
  rejected: [],
  refusedSamples: 0,
};

/** A batch of scored windows, of subjects in slot 0. */
export const scoredBatch = (windows: readonly ScoredWindow[]): ScoredBatch => ({
  source,
  aggregates: new Float64Array(0),
  idle: [],
  forgotten: [],
  vectors: new Float32Array(0),
  modelVersion: '7',
  events: windows.map(({ windowEnd, subject, event }) => ({
    kind: 'window',
    subject,
    slot: 0,
    windowStart: windowEnd - 1,
    windowEnd,
    elapsedMs: 1,
    samples: 1,
    time: windowEnd,
    replayed: false,
    joined: { control: 0, credentials: 0, labels: 0 },
    ...event,
  })),
  scores: windows.map(({ pValue, more }) => ({
    score: 0,
    severity: 0,
    frequency: 0,
    pValue,
    statistic: 0,
    learning: false,
    contributions: [],
    ...more,
  })),
});
