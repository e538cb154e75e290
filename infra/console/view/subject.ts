import type { DeskView, SubjectEntry } from './desk.ts';
import type { InvestigationEntry } from './investigation.ts';
import type { LaneSnapshot } from './protocol.ts';

/** Subjects that share something with another. */
export interface RelatedGroup {
  /** What they share. */
  readonly by: 'entity' | 'role' | 'function' | 'host' | 'address' | 'machine';
  /** Its name; one of them where they share several. */
  readonly of: string;
  /** How many there are; the entries may be fewer. */
  readonly total: number;
  readonly entries: readonly { readonly id: string; readonly name: string; readonly status: SubjectEntry['status'] }[];
}

/** Everything that is known of a subject, between two times. */
export interface SubjectDetail {
  readonly id: string;
  readonly now: number;
  readonly from: number;
  readonly archive: DeskView['archive'];
  readonly entry: SubjectEntry | null;
  /** Its credential, life, scores, decisions with what became of them, alerts and labels. */
  readonly lane: LaneSnapshot;
  /** Triples of (time, severity, frequency), where the archive was asked. */
  readonly traits: readonly number[];
  /** Share of each feature in what moved the score, the largest first. */
  readonly features: readonly { readonly feature: string; readonly weight: number }[];
  readonly related: readonly RelatedGroup[];
  readonly investigations: readonly InvestigationEntry[];
}
