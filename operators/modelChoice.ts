import type { Joined } from './batch.ts';

/** The models that score somewhere in the stream. */
export interface ModelsInForce<M> {
  /** Its scores decide. */
  readonly champion: M;
  /** Scores beside it, for comparison; nothing comes of that. */
  readonly challenger?: M;
}

/** What scoring is to know of models beyond the configured one. */
export interface ModelChoice<M> {
  /** The models as of what is in force; the configured one where it names none. */
  inForce(joined: Pick<Joined, 'models'>): ModelsInForce<M>;
  /** Told when a challenger failed: its scores of that batch are missing, and nothing else. */
  challengerFailed(version: string, error: unknown): void;
}

/** One model everywhere. */
export const onlyModel = <M>(champion: M): ModelChoice<M> => ({
  inForce: () => ({ champion }),
  challengerFailed: () => undefined,
});
