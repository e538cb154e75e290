import { createHash } from 'node:crypto';
import type { ScopeOverride } from '../../../../schemas/generated/index.ts';
import {
  administratorsDecision,
  builtInScope,
  type Scope,
  type Scopes,
  signalsOverride,
} from '../../../../schemas/scopes.ts';

/** A Dynamic Scope Override in memory. */
export interface Override {
  /** What its name means by the definitions in force. */
  readonly scope: Scope;
  readonly enforced: boolean;
  /** Epoch milliseconds; infinite where it never lapses. */
  readonly expiresAt: number;
  readonly decisionId: string;
  /** Eight hex digits that change with the decision, and tell nothing of it. */
  readonly version: string;
  readonly reasons: readonly string[];
}

type Killed = (pipeline: string, credential: string, nowMs: number) => boolean;

interface Held extends Override {
  readonly named: Pick<ScopeOverride, 'scope' | 'service'>;
  /** Who set it: a pipeline, or an administrator by hand. */
  readonly pipeline: string;
}

/**
 * The overrides in force, by frontend credential, and the scopes that they name. What names no scope that is known counts
 * as `blocked`; what allows all that `default` does narrows nothing.
 */
export class Overrides {
  readonly #byCredential = new Map<string, Held>();
  /** Blocks that other parties asked for, beside what behaviour has earned. */
  readonly #bySignal = new Map<string, Held>();
  #scopes: Scopes;
  readonly #skewMs: number;
  readonly #killed: Killed;

  /**
   * @param skewMs - how long an override outlives its expiry here, for clocks that differ, milliseconds
   * @param killed - whether the kill switch is on for a pipeline and a credential: what that pipeline set counts for nothing
   */
  constructor(scopes: Scopes, skewMs: number, killed: Killed = () => false) {
    this.#scopes = scopes;
    this.#skewMs = skewMs;
    this.#killed = killed;
  }

  /** The scopes of the deployment, as they are defined now. */
  get scopes(): Scopes {
    return this.#scopes;
  }

  /** Other definitions are in force: names mean what they say. */
  define(scopes: Scopes): void {
    this.#scopes = scopes;
    for (const held of [this.#byCredential, this.#bySignal])
      for (const [credential, one] of held)
        held.set(credential, { ...one, scope: scopes.namedOrBlocked(one.named.scope, one.named.service) });
  }

  get size(): number {
    return this.#byCredential.size + this.#bySignal.size;
  }

  /** Take a record in. Returns false where its scope is not known, and everything is refused for it. */
  set(record: ScopeOverride): boolean {
    const scope = this.#scopes.namedOrBlocked(record.scope, record.service);
    const { held, credential } = this.#placeOf(record.frontendCredential);
    if (record.scope === builtInScope.default) held.delete(credential);
    else
      held.set(credential, {
        scope,
        named: { scope: record.scope, service: record.service },
        pipeline: record.decisionId.slice(0, record.decisionId.indexOf('/')),
        enforced: record.mode === 'enforce',
        expiresAt: record.expiresAt ?? Number.POSITIVE_INFINITY,
        decisionId: record.decisionId,
        version: createHash('sha256').update(`${record.decisionId}/${record.at}`).digest('hex').slice(0, 8),
        reasons: record.reasons,
      });
    return scope !== this.#scopes.bottom || record.scope === builtInScope.blocked;
  }

  /** Take a tombstone in. */
  remove(credential: string): void {
    const place = this.#placeOf(credential);
    place.held.delete(place.credential);
  }

  #placeOf(key: string): { readonly held: Map<string, Held>; readonly credential: string } {
    return key.startsWith(signalsOverride)
      ? { held: this.#bySignal, credential: key.slice(signalsOverride.length) }
      : { held: this.#byCredential, credential: key };
  }

  /** The override of a credential that has not lapsed at `nowMs`, epoch milliseconds. */
  find(credential: string, nowMs: number): Override | undefined {
    const earned = this.#live(this.#byCredential.get(credential), credential, nowMs);
    if (this.#bySignal.size === 0) return earned;
    const told = this.#live(this.#bySignal.get(credential), credential, nowMs);
    // A block is the narrowest there is; one in shadow yields to what is enforced
    return told && (told.enforced || !earned?.enforced) ? told : earned;
  }

  #live(found: Held | undefined, credential: string, nowMs: number): Override | undefined {
    // One that has lapsed is kept: a clock that ran ahead for a moment must not lift what is in force
    if (!found || found.scope === this.#scopes.top || found.expiresAt + this.#skewMs <= nowMs) return undefined;
    const automatic = found.pipeline !== administratorsDecision;
    return automatic && this.#killed(found.pipeline, credential, nowMs) ? undefined : found;
  }
}
