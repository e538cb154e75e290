import { from, lastValueFrom, toArray } from 'rxjs';
import { behaviourChecks, behaviourOf } from '../../../models/biometric/bursts.ts';
import {
  type Assessment,
  type Behaviour,
  type Enrolments,
  enrolmentOf,
  isEnrolled,
  type Person,
  type RiskEngine,
} from '../../../models/biometric/index.ts';
import { type BehaviourMemory, checkBehaviour } from '../../../operators/checkBehaviour.ts';
import type { Batch } from '../../agents/browser/batch.ts';

/** What a sign-in came to. */
export interface SignIn {
  readonly assessment: Omit<Assessment, 'lifespanMs'>;
  readonly behaviour: Behaviour;
  /** What speaks against a person having made it. */
  readonly faults: readonly string[];
}

const nothing: Behaviour = new Map();

const restore = <T>(memory: Map<string, T>, key: string, value: T | undefined): void => {
  if (value === undefined) memory.delete(key);
  else memory.set(key, value);
};

/** How a sign-in is assessed beside the risk engine's own rule. */
export interface SignInRule {
  /** Samples that a modality must have enrolled before it is compared. */
  readonly enrolment: number;
  readonly enrolments: Enrolments;
  /** Whether the user has shown by strong means who they are. */
  readonly strong: boolean;
}

/**
 * Check and compare the behaviour of a sign-in. What has a fault counts as surely an impostor's. What is remembered to
 * notice replays stays only if the sign-in is carried through: `forget` takes it back.
 *
 * @param person - undefined for somebody of whom nothing is known
 * @param batch - undefined without consent
 */
export const assessSignIn = async (
  engine: RiskEngine,
  memory: BehaviourMemory,
  { user, person, batch, used }: { user: string; person: Person | undefined; batch: Batch | undefined; used: boolean },
  { strong, ...rule }: SignInRule,
): Promise<SignIn & { forget(): void }> => {
  const session = `${user}/${batch?.session ?? ''}`;
  const fingerprints = memory.fingerprints.get(user)?.slice();
  const lastTime = memory.lastTimes.get(session);
  const forget = () => {
    restore(memory.fingerprints, user, fingerprints);
    restore(memory.lastTimes, session, lastTime);
  };
  const bursts = batch?.bursts ?? [];
  const checked = await lastValueFrom(
    from(bursts.map((burst) => ({ ...burst, user, session }))).pipe(checkBehaviour(behaviourChecks, memory), toArray()),
    { defaultValue: [] },
  );
  const faults = [...new Set([...(used ? ['replayed'] : []), ...checked.flatMap((burst) => burst.faults)])];
  const behaviour = faults.length > 0 ? nothing : behaviourOf(bursts);
  // Without consent nothing may be compared, and being unknown must not earn more than being known does
  const assessment = await engine.assess(person, behaviour).catch((error: unknown) => {
    forget();
    throw error;
  });
  if (faults.length === 0 && batch) {
    const isLearned = (modality: string) => {
      const baseline = person?.get(modality);
      return baseline === undefined || !isEnrolled(baseline, enrolmentOf(rule, modality));
    };
    // Of several modalities one is known before the others
    const learning = strong && assessment.reason === 'unseen' && [...behaviour.keys()].some(isLearned);
    return { assessment: learning ? { ...assessment, reason: 'learning' } : assessment, behaviour, faults, forget };
  }
  const doubt = { ...assessment, risk: 1, parts: {}, learnable: false };
  return { assessment: { ...doubt, reason: 'unseen' }, behaviour, faults, forget };
};
