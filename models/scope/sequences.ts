import type { ApiTelemetry } from '../../schemas/generated/ApiTelemetry.ts';
import { scopeVector } from './features.ts';
import type { LabelledSequence } from './learn.ts';
import { Profile } from './profile.ts';

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
  readonly #limits: Required<SequenceLimits>;
  readonly #malicious: (subject: string, fromMs: number, toMs: number) => boolean;
  readonly #profiles = new Map<string, Profile>();
  /** By credential and verdict, in the order of time. */
  readonly #vectors = new Map<string, { subject: string; malicious: boolean; vectors: Float64Array[] }>();
  /** Credentials that were left out. */
  readonly passedOver = new Set<string>();

  /** @param malicious - whether a window `[fromMs, toMs)` of a credential was judged to be misuse */
  constructor(limits: SequenceLimits, malicious: (subject: string, fromMs: number, toMs: number) => boolean) {
    this.#limits = { mostSubjects: 500, mostWindows: 120, ...limits };
    this.#malicious = malicious;
  }

  /** Take the next call; those of one credential come in the order of their times. */
  take(call: ApiTelemetry): void {
    const { frontendCredential: subject, time } = call;
    let profile = this.#profiles.get(subject);
    if (!profile) {
      if (this.#profiles.size >= this.#limits.mostSubjects) {
        if (this.passedOver.size < 1e6) this.passedOver.add(subject);
        return;
      }
      profile = new Profile();
      this.#profiles.set(subject, profile);
    }
    if (profile.window && time >= profile.window.end) this.#close(subject, profile);
    if (time < profile.closedThrough) return;
    profile.observe(call, this.#limits.windowMs, false);
  }

  /** The sequences: of a credential that was judged malicious for a time, that time is one of its own. */
  finish(): LabelledSequence[] {
    for (const [subject, profile] of this.#profiles) if (profile.window) this.#close(subject, profile);
    return [...this.#vectors.values()];
  }

  #close(subject: string, profile: Profile): void {
    const { start, end } = profile.window!;
    const malicious = this.#malicious(subject, start, end);
    const key = `${malicious ? 'malicious' : 'benign'}/${subject}`;
    let kept = this.#vectors.get(key);
    if (!kept) {
      kept = { subject: malicious ? `${subject} (malicious)` : subject, malicious, vectors: [] };
      this.#vectors.set(key, kept);
    }
    kept.vectors.push(scopeVector(profile, end));
    if (kept.vectors.length > this.#limits.mostWindows) kept.vectors.shift();
    // Learned whatever it was: a baseline that knew the verdict would give it away
    profile.close(true);
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
