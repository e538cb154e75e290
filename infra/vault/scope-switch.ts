import { setTimeout as sleep } from 'node:timers/promises';
import type { Controls } from '../../operators/actuate/controls.ts';
import { isEbbtideError } from '../../schemas/errors.ts';
import type { Decision, ScopeOverride } from '../../schemas/generated/index.ts';
import { builtInScope } from '../../schemas/scopes.ts';
import type { Logger } from '../log.ts';
import type { ActuatorMetrics } from './actuator-metrics.ts';
import { isPassing } from './errors.ts';
import type { KeyedLock } from './keyed-lock.ts';
import type { Outage } from './outage.ts';

const pipeline = 'scope';
const tickMs = 250;
const writesAtOnce = 16;

/** What a {@link ScopeSwitch} works with. */
export interface ScopeSwitchParts {
  /** Write the policy of a scope unless Vault holds it already; tells whether it was written. */
  readonly write: (subject: string, scope: string) => Promise<boolean>;
  readonly outage: Outage;
  readonly controls: Controls;
  /** Whether this instance looks after the subject, and not another one. */
  readonly ours: (subject: string) => boolean;
  readonly lock: KeyedLock;
  readonly metrics: ActuatorMetrics;
  readonly now: () => number;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

interface Narrowed {
  readonly scope: string;
  /** When it was decided, epoch milliseconds. */
  readonly at: number;
  /** When it lapses, epoch milliseconds; null where that is not known yet, or never. */
  readonly expiresAt: number | null;
  /** What was last made of it at Vault; undefined until that has been seen to. */
  state: 'bound' | 'lifted' | undefined;
}

/**
 * What Vault holds follows what is in force at this moment: while the kill switch, the mode shadow or an exemption is set for
 * a subject, its pipeline or all, and once an override has lapsed or was lifted by hand, narrowed tokens are as wide as
 * they were issued; once that is over, they are bound again by the override in force. That is read from `scope-overrides`,
 * so that what changed while no actuator ran counts too.
 */
export class ScopeSwitch {
  readonly #parts: ScopeSwitchParts;
  readonly #narrowed = new Map<string, Narrowed>();

  constructor(parts: ScopeSwitchParts) {
    this.#parts = parts;
  }

  /** Take in what topic `scope-overrides` says of a credential, undefined for a tombstone. What a pipeline did not set is passed over. */
  heard(subject: string, override: ScopeOverride | undefined): void {
    const before = this.#narrowed.get(subject);
    if (!override) {
      if (before) this.#narrowed.set(subject, { ...before, scope: builtInScope.default, state: undefined });
    } else if (override.decisionId.startsWith(`${pipeline}/`) && !(before && before.at > override.at)) {
      // The topic and the decisions are read each at its own pace
      const scope = override.mode === 'enforce' ? override.scope : builtInScope.default;
      const state = before?.scope === scope ? before.state : undefined;
      this.#narrowed.set(subject, { scope, at: override.at, expiresAt: override.expiresAt, state });
    }
  }

  /** A decision was carried out: Vault holds the policy of that scope. */
  carriedOut({ subject, decidedAt: at }: Decision, scope: string): void {
    if (scope === builtInScope.default) this.#narrowed.delete(subject);
    else {
      const before = this.#narrowed.get(subject);
      const expiresAt = before?.at === at ? before.expiresAt : null;
      this.#narrowed.set(subject, { scope, at, expiresAt, state: 'bound' });
    }
  }

  /** Looks on until it is stopped. */
  async run(): Promise<void> {
    const { signal, outage } = this.#parts;
    while (!signal.aborted) {
      if (outage.detail === '') await this.#look();
      await sleep(tickMs, undefined, { signal }).catch(() => {});
    }
  }

  #wanted(subject: string, { expiresAt }: Narrowed): 'bound' | 'lifted' {
    const { controls } = this.#parts;
    const now = this.#parts.now();
    const lifted =
      controls.killed(pipeline, subject, now) ||
      controls.mode(pipeline, subject, now) === 'shadow' ||
      controls.exempt(pipeline, subject, now) ||
      (expiresAt !== null && expiresAt <= now);
    return lifted ? 'lifted' : 'bound';
  }

  async #look(): Promise<void> {
    const { ours } = this.#parts;
    const due = [...this.#narrowed].flatMap(([subject, held]) =>
      held.state !== this.#wanted(subject, held) && ours(subject) ? [subject] : [],
    );
    const next = due.values();
    const work = async () => {
      for (const subject of next) await this.#follow(subject);
    };
    await Promise.all(Array.from({ length: Math.min(writesAtOnce, due.length) }, work));
  }

  #follow(subject: string): Promise<void> {
    const { lock, write, outage, metrics, log, signal } = this.#parts;
    return lock.run(subject, async () => {
      const held = this.#narrowed.get(subject);
      if (!held || signal.aborted) return;
      const state = this.#wanted(subject, held);
      const scope = state === 'bound' ? held.scope : builtInScope.default;
      try {
        if (await write(subject, scope)) {
          metrics.switched.inc({ to: state });
          log.warn({ subject, scope, decidedAt: held.at }, `scope ${state} at Vault by what is in force`);
        }
        if (held.scope === builtInScope.default && this.#narrowed.get(subject) === held) this.#narrowed.delete(subject);
        held.state = state;
      } catch (error) {
        if (signal.aborted) return;
        if (!isEbbtideError(error)) throw error;
        metrics.errors.inc({ code: error.code });
        if (isPassing(error)) return outage.suspect(error.message);
        // It would be refused at the next look too
        held.state = state;
        log.error({ subject, scope, error: error.message }, 'Vault refuses the policy of a scope');
      }
    });
  }
}
