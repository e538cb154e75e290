import type { PreprovisionPolicy } from '../../schemas/preprovisionPolicy.ts';

/** What a pipeline last said of a user. */
export interface ToldRisk {
  /** Pipeline that said it. */
  readonly pipeline: string;
  /** 0 to 100. */
  readonly risk: number;
  /** Event time, epoch milliseconds. */
  readonly timeMs: number;
}

/** What is known of a user besides when they come. */
export interface UserStanding {
  readonly risks: readonly ToldRisk[];
  /** Whether the kill switch stops what concerns the user. */
  readonly killed: boolean;
  /** State of the machine, where it is known. */
  readonly vmState?: string | null;
}

/** Whether a credential may be prepared or handed over. */
export interface GateOutcome {
  readonly open: boolean;
  /** Why not; empty when it is open. */
  readonly reason: '' | 'killSwitch' | 'risk' | 'machine';
  /** The highest risk that counts, 0 to 100; 0 where none was told. */
  readonly risk: number;
}

/**
 * Hold back credentials of users who are a risk now: asked when one would be prepared, when it is minted, and when it is
 * handed over. The highest risk of any pipeline counts, as long as it is remembered; and a machine that is archived needs
 * no credential.
 *
 * @param nowMs event time, epoch milliseconds
 */
export const riskGate = (
  { risks, killed, vmState }: UserStanding,
  nowMs: number,
  { maxRisk, riskMemoryMs }: Pick<PreprovisionPolicy, 'maxRisk' | 'riskMemoryMs'>,
): GateOutcome => {
  const risk = risks.reduce(
    (highest, told) => (nowMs - told.timeMs < riskMemoryMs ? Math.max(highest, told.risk) : highest),
    0,
  );
  // A risk that is no number must not open the gate
  const reason = killed ? 'killSwitch' : vmState === 'archived' ? 'machine' : risk <= maxRisk ? '' : 'risk';
  return { open: reason === '', reason, risk };
};
