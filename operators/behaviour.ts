/** One burst of behaviour on its way through the pipeline of key lifespans. */
export interface BehaviourEvent {
  /** Pseudonym of the user. */
  readonly user: string;
  readonly session: string;
  /** Event time, epoch milliseconds. */
  readonly time: number;
  /** Name of the feature specification, such as `phrase`. */
  readonly specification: string;
  readonly features: Readonly<Record<string, number>>;
  /** Features as they came, sealed with the user's own key: what is kept of the burst is kept so. */
  readonly sealed?: Uint8Array;
}

/** A burst, and what speaks against a person having made it. */
export interface CheckedBehaviour extends BehaviourEvent {
  readonly faults: readonly string[];
}

/** Bursts of one session and specification that are compared together. */
export interface GatheredBehaviour extends CheckedBehaviour {
  /** Features of each, oldest first; those of the event itself are the last. */
  readonly bursts: readonly BehaviourEvent['features'][];
}

/** What comparing bursts with their user's baseline came to. */
export interface Comparison {
  /** Log odds that they are an impostor's; NaN where nothing could be compared. */
  readonly logOdds: number;
  /** How much they count in their session, from 0 to 1. */
  readonly counts: number;
  /** What each verifier added to the log odds, by its name; above 0 speaks for somebody else. */
  readonly parts?: Readonly<Record<string, number>>;
}

/** Bursts that were compared with their user's baseline. */
export interface AssessedBehaviour extends GatheredBehaviour, Comparison {}

/** What became of a session with a burst. */
export interface FollowedBehaviour extends AssessedBehaviour {
  /** Risk of the session, from 0 to 1; NaN for a session without a key. */
  readonly risk: number;
  /** New end of the key's life, epoch milliseconds; absent where it stays. */
  readonly cutTo?: number;
}
