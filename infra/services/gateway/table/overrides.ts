import { createHash } from 'node:crypto';
import type { ScopeOverride } from '../../../../schemas/generated/index.ts';
import { builtInScope, type Scope, type Scopes, signalsOverride } from '../../../../schemas/scopes.ts';

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

interface Held extends Override {
  readonly named: Pick<ScopeOverride, 'scope' | 'service'>;
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

  /** @param skewMs - how long an override outlives its expiry here, for clocks that differ, milliseconds */
  constructor(scopes: Scopes, skewMs: number) {
    this.#scopes = scopes;
    this.#skewMs = skewMs;
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
    const earned = this.#live(this.#byCredential.get(credential), nowMs);
    if (this.#bySignal.size === 0) return earned;
    const told = this.#live(this.#bySignal.get(credential), nowMs);
    // A block is the narrowest there is; one in shadow yields to what is enforced
    return told && (told.enforced || !earned?.enforced) ? told : earned;
  }

  #live(found: Override | undefined, nowMs: number): Override | undefined {
    // One that has lapsed is kept: a clock that ran ahead for a moment must not lift what is in force
    return found && found.scope !== this.#scopes.top && found.expiresAt + this.#skewMs > nowMs ? found : undefined;
  }
}
