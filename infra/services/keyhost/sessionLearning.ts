import { behaviourChecks, behaviourOf } from '../../../models/biometric/bursts.ts';
import { learningGuard } from '../../../models/biometric/guard.ts';
import type { Behaviour } from '../../../models/biometric/index.ts';
import { LastSeen } from '../../../operators/actuate/lastSeen.ts';
import type { Authentication } from '../../../schemas/generated/index.ts';
import type { Batch } from '../../agents/browser/batch.ts';
import { learnSession } from './learning.ts';
import type { ProvisionerParts } from './provisioner.ts';

/** Sessions whose behaviour waits to be learned, and samples of a modality that do. */
const sessionsKept = 2_000;
const samplesKept = 20;
/** Why a sign-in is not taken for its user's, whoever the user has shown to be: its session teaches nothing. */
const noPersons: readonly string[] = ['forged', 'replayed'];

interface Waiting {
  readonly behaviour: Behaviour;
  /** When was learned from the session last, epoch milliseconds. */
  readonly learnedAt: number;
}

/** Behaviour of a session that can teach: no phrase, which is learned at sign-in, and nothing of what no person made. */
const teaches = ({ bursts }: Batch): Behaviour =>
  bursts.some(({ specification, features }) => behaviourChecks[specification].faults(features).length > 0)
    ? new Map()
    : behaviourOf(bursts.filter(({ specification }) => specification !== 'phrase'));

const joined = (before: Behaviour, more: Behaviour): Behaviour => {
  const all = new Map(before);
  for (const [modality, samples] of more)
    all.set(modality, [...(before.get(modality) ?? []), ...samples].slice(-samplesKept));
  return all;
};

/**
 * Learns what is done after signing in, and so cannot be learned there: free typing, scrolling, movements, attention. Only
 * from the first part of a session, and only while its key was not cut.
 */
export class SessionLearning {
  readonly #parts: ProvisionerParts;
  readonly #waiting = new LastSeen<string, Waiting>(sessionsKept);

  constructor(parts: ProvisionerParts) {
    this.#parts = parts;
  }

  /**
   * Take in a batch of a session. Modalities that are not known yet are enrolled by sessions that began with strong
   * authentication; those that are learn from sessions that began as their owner's, as far as the modality's own anchor
   * knows the behaviour: whoever takes a session over teaches it nothing of theirs.
   *
   * @param key - that the session has
   */
  async take(key: Authentication, batch: Batch): Promise<void> {
    const { persons, authentications, log, config, now } = this.#parts;
    const { enrolment, enrolments, sessionLearning } = config;
    const { user, session, credentialId, strong, reason, risk, decidedAt } = key;
    const sure = reason === 'assessed' && risk <= learningGuard.most;
    // Another key than the first says that the session was cut
    if (
      noPersons.includes(reason) ||
      !(strong || sure) ||
      credentialId !== session ||
      authentications.cutOf(credentialId)
    )
      return;
    if (now() - decidedAt > sessionLearning.withinMs) return;
    const { behaviour: before, learnedAt } = this.#waiting.get(session) ?? { behaviour: new Map(), learnedAt: 0 };
    const behaviour = joined(before, teaches(batch));
    if (now() - learnedAt < sessionLearning.everyMs) {
      this.#waiting.set(session, { behaviour, learnedAt });
      return;
    }
    this.#waiting.set(session, { behaviour: new Map(), learnedAt: now() });
    const person = await persons.of(user);
    if (!person || behaviour.size === 0) return;
    const engine = this.#parts.engine();
    const assessment = await engine.assess(person, behaviour);
    // Among themselves these modalities are never sure enough; that the session is its owner's, its sign-in has shown
    const learnable = sure && assessment.reason === 'assessed' && assessment.risk <= learningGuard.mostByAnchor;
    const rule = { enrolment, enrolments, strong };
    const learned = learnSession(engine, person, behaviour, { ...assessment, learnable }, rule);
    if (learned && learned !== person) await log.learned(key, learned, person, now());
  }
}
