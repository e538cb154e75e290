import type { ResourceSample } from '../../schemas/generated/ResourceTelemetry.ts';

/** What a function of the demonstration does. */
export interface Behaviour {
  /** Whether what comes next is not what it normally does. */
  readonly isAnomalous: boolean;
  /** In a few words, what it does when it misbehaves. */
  readonly misbehaviour: string;
  /** It now holds this credential. */
  holds(credentialId: string): void;
  /** Do what it normally does, from the beginning. */
  calm(): void;
  /**
   * Do something else.
   *
   * @param before - samples of calm to begin with
   */
  misbehave(before?: number): void;
  /** The next sample; undefined where somebody else takes the samples. */
  next(time: number): ResourceSample | undefined;
}
