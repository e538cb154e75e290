import { cpus, totalmem } from 'node:os';
import type { ReplayRange } from '../../pipelines/replay/history.ts';
import { policyVersion } from '../../schemas/policy.ts';
import type { LaneSpec } from './run.ts';

/** Under what a replay's figures came about. */
export interface ReplayEnvironment {
  readonly from: string | null;
  readonly to: string | null;
  readonly warmUpMs: number | 'all';
  readonly source: string;
  readonly out: string;
  readonly tookMs: number;
  readonly model: string;
  /** Version of the policy, or that those which were in force. */
  readonly policy: string;
  readonly againstModel: string | null;
  readonly againstPolicy: string | null;
  readonly warnings: readonly string[];
  readonly node: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
}

const asItWas = 'as in control';
const instant = (time: number) => (time > 0 && Number.isFinite(time) ? new Date(time).toISOString() : null);
const policyOf = ({ policy }: LaneSpec) => (policy ? policyVersion(policy) : asItWas);

/** Describe a replay. */
export const environmentOf = (about: {
  readonly range: ReplayRange;
  readonly source: string;
  readonly out: string;
  readonly tookMs: number;
  readonly modelVersions: readonly string[];
  readonly here: LaneSpec;
  readonly against: LaneSpec | undefined;
  readonly warnings: readonly string[];
}): ReplayEnvironment => ({
  from: instant(about.range.from),
  to: instant(about.range.to),
  warmUpMs: Number.isFinite(about.range.warmUpMs) ? about.range.warmUpMs : 'all',
  source: about.source,
  out: about.out,
  tookMs: Math.round(about.tookMs),
  model: about.modelVersions[0]!,
  policy: policyOf(about.here),
  againstModel: about.modelVersions[1] ?? null,
  againstPolicy: about.against ? policyOf(about.against) : null,
  warnings: about.warnings,
  node: process.version,
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
});
