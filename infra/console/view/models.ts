import type { StoredReport } from '../../../models/feedback/reportSchema.ts';

/** A version of a model. */
export interface ModelVersion {
  readonly version: string;
  readonly role: string;
  readonly publishedAt: string;
  readonly publishedBy: string;
  readonly signed: string | null;
  /** Whether the report of the retraining that made it is kept with it. */
  readonly reported: boolean;
  readonly problem: string | null;
}

/** One kind of model: who decides, who is compared, and what there is. */
export interface KindOfModel {
  readonly kind: string;
  readonly pipeline: string;
  /** Null where none was promoted yet: the configured one decides. */
  readonly champion: string | null;
  readonly challenger: string | null;
  readonly configured: string;
  /** Name of the setting that configures it. */
  readonly setting: string;
  readonly canRollBack: boolean;
  readonly versions: readonly ModelVersion[];
  /** Changes of champion and challenger, the newest first. */
  readonly pointers: readonly {
    readonly sequence: number;
    readonly action: string;
    readonly champion: string;
    readonly challenger: string | null;
    readonly at: string;
    readonly by: string;
    readonly reason: string;
  }[];
}

/** What differs between the manifests of two versions. */
export interface ModelDifference {
  readonly name: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** The report of the retraining that made a version, with what it comes to. */
export interface ModelReport extends StoredReport {
  /** What came of it, in a sentence. */
  readonly headline: string;
  /** Champion against challenger: a heading, then a line a figure. */
  readonly figures: readonly (readonly string[])[];
}

/** Which version is to decide. */
export interface PointWish {
  readonly kind: string;
  /** Null to roll back. */
  readonly version: string | null;
  /** Who must be champion now; undefined where none was promoted. */
  readonly expect?: string | undefined;
  readonly reason: string;
}

/** Who decides and who is compared now. */
export interface PointedModel {
  readonly champion: string;
  readonly challenger: string | null;
}
