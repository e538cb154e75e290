import { LastSeen } from '../../operators/actuate/lastSeen.ts';
import type { Decision, Score } from '../../schemas/generated/index.ts';
import { type Pair, pairKey } from './names.ts';
import type { Owners } from './owners.ts';

/** Subjects remembered at most. */
const capacity = 100_000;

/** Whoever can say how risky a subject is now. */
export interface RiskGate {
  /**
   * Risk of a user at a machine: the highest that any pipeline sees, of the user, of the pair or of a credential of the
   * user's.
   *
   * @returns 0 (nothing known) to 100
   */
  riskOf(pair: Pair): number;
}

interface Known {
  readonly risk: number;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** Risk by what scores and decisions say of users, pairs and users' credentials, forgotten after a while. */
export class FollowedRisk implements RiskGate {
  readonly #bySubject = new LastSeen<string, Map<string, Known>>(capacity);
  readonly #maxAgeMs: number;
  readonly #now: () => number;
  readonly #owners: Pick<Owners, 'credentialsOf'>;

  /**
   * @param maxAgeMs - how long a score or decision counts, milliseconds
   * @param owners - which credentials are a user's
   */
  constructor(maxAgeMs: number, now: () => number, owners: Pick<Owners, 'credentialsOf'>) {
    this.#maxAgeMs = maxAgeMs;
    this.#now = now;
    this.#owners = owners;
  }

  scored({ subject, pipeline, risk, learning, role, windowEnd }: Score): void {
    if (learning || role === 'challenger' || !Number.isFinite(risk)) return;
    this.#note(subject, `scores/${pipeline}`, { risk, at: windowEnd });
  }

  /** A revocation that is to be enforced counts as the highest risk, until a later decision of its pipeline is milder. */
  decided({ subject, pipeline, action, risk, mode, withheld, decidedAt }: Decision): void {
    if (mode !== 'enforce' || withheld !== '') return;
    this.#note(subject, `decisions/${pipeline}`, { risk: action === 'revoke' ? 100 : risk, at: decidedAt });
  }

  riskOf(pair: Pair): number {
    const since = this.#now() - this.#maxAgeMs;
    let highest = 0;
    for (const subject of [pair.user, pairKey(pair), ...this.#owners.credentialsOf(pair.user)])
      for (const { risk, at } of this.#bySubject.get(subject)?.values() ?? [])
        if (at >= since) highest = Math.max(highest, Math.min(100, risk));
    return highest;
  }

  #note(subject: string, source: string, known: Known): void {
    const before = this.#bySubject.get(subject);
    // Of most credentials nothing is said but that there is nothing to say: they take no room
    if (!before && known.risk <= 0) return;
    const sources = before ?? new Map<string, Known>();
    if ((sources.get(source)?.at ?? 0) > known.at) return;
    sources.set(source, known);
    this.#bySubject.set(subject, sources);
  }
}
