import type { ApiTelemetry } from '../../schemas/generated/ApiTelemetry.ts';
import { WindowFollower } from './followWindows.ts';
import type { LabelledSequence } from './learn.ts';

/** What is kept while sequences are gathered. */
export interface SequenceLimits {
  readonly windowMs: number;
  /** Credentials that are followed at most: those that come first. @default 500 */
  readonly mostSubjects?: number;
  /** Windows of each that are kept at most: the last. @default 120 */
  readonly mostWindows?: number;
}

/**
 * Gathers the vectors of credentials' windows out of their calls, as the pipeline makes them when each window closes.
 * Memory is bounded by the limits, however many calls there are.
 */
export class SequenceCollector {
  readonly #mostSubjects: number;
  readonly #follower: WindowFollower;
  /** By credential and verdict, in the order of time. */
  readonly #vectors = new Map<string, { subject: string; malicious: boolean; vectors: Float64Array[] }>();
  /** Credentials that were left out. */
  readonly passedOver = new Set<string>();

  /** @param malicious - whether a window `[fromMs, toMs)` of a credential was judged to be misuse */
  constructor(
    { windowMs, mostSubjects = 500, mostWindows = 120 }: SequenceLimits,
    malicious: (subject: string, fromMs: number, toMs: number) => boolean,
  ) {
    this.#mostSubjects = mostSubjects;
    this.#follower = new WindowFollower(windowMs, (subject, { start, end, vector }) => {
      const guilty = malicious(subject, start, end);
      const key = `${guilty ? 'malicious' : 'benign'}/${subject}`;
      let kept = this.#vectors.get(key);
      if (!kept) {
        kept = { subject: guilty ? `${subject} (malicious)` : subject, malicious: guilty, vectors: [] };
        this.#vectors.set(key, kept);
      }
      kept.vectors.push(vector);
      if (kept.vectors.length > mostWindows) kept.vectors.shift();
    });
  }

  /** Take the next call; those of one credential come in the order of their times. */
  take(call: ApiTelemetry): void {
    const { frontendCredential: subject } = call;
    if (this.#follower.has(subject) || this.#follower.size < this.#mostSubjects) this.#follower.take(call);
    else if (this.passedOver.size < 1e6) this.passedOver.add(subject);
  }

  /** The sequences: of a credential that was judged malicious for a time, that time is one of its own. */
  finish(): LabelledSequence[] {
    this.#follower.finish();
    return [...this.#vectors.values()];
  }
}

/** One credential's calls as a sequence to learn from. */
export const sequenceOf = (
  subject: string,
  malicious: boolean,
  calls: Iterable<ApiTelemetry>,
  windowMs: number,
): LabelledSequence => {
  const collector = new SequenceCollector({ windowMs }, () => malicious);
  for (const call of calls) collector.take({ ...call, frontendCredential: subject });
  return { subject, malicious, vectors: collector.finish()[0]?.vectors ?? [] };
};
