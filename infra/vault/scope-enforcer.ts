import { setTimeout as sleep } from 'node:timers/promises';
import type { Controls } from '../../operators/actuate/controls.ts';
import { mayAct, type Verdict } from '../../operators/actuate/gate.ts';
import type { LastSeen } from '../../operators/actuate/lastSeen.ts';
import type { Arrival, Settlement } from '../../pipelines/actuate.ts';
import { isEbbtideError } from '../../schemas/errors.ts';
import type { Alert, Decision, Effect } from '../../schemas/generated/index.ts';
import { builtInScope } from '../../schemas/scopes.ts';
import type { ActuatorMetrics } from './actuator-metrics.ts';
import type { VaultClient } from './client.ts';
import type { ActuatorConfig } from './config.ts';
import { isPassing, statusOf } from './errors.ts';
import type { KeyedLock } from './keyed-lock.ts';
import type { Outage } from './outage.ts';
import { jitteredBackoffMs, retryAfterMsOf } from './retry.ts';
import { type ScopePolicyConfig, scopeBody, scopePolicyName } from './scope-body.ts';

/** What a {@link ScopeEnforcer} works with. */
export interface ScopeEnforcerParts {
  readonly vault: VaultClient;
  readonly outage: Outage;
  readonly controls: Controls;
  /** Decisions whose effect was written. */
  readonly done: LastSeen<string, true>;
  readonly metrics: ActuatorMetrics;
  readonly config: ActuatorConfig;
  readonly scopes: ScopePolicyConfig;
  readonly lock: KeyedLock;
  /** Hears of what was carried out. */
  readonly carriedOut: (decision: Decision, scope: string) => void;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** Whether a decision is about scope: the gateway applies it by itself, and Vault only where scopes are its policies. */
export const isAboutScope = ({ pipeline }: Pick<Decision, 'pipeline'>): boolean => pipeline === 'scope';

/**
 * Whether Vault is to carry out a decision about scope. A block that another party asked for lapses at the gateway, and
 * no decision would widen it in Vault: there the credentials themselves are revoked.
 */
export const bindsInVault = (decision: Pick<Decision, 'action' | 'pipeline'>): boolean =>
  isAboutScope(decision) && decision.pipeline !== 'signals';

/**
 * Narrows and widens live tokens by rewriting the policy that only denies: it binds them at their next request. Writing
 * the same body again changes nothing, so a decision may be delivered again. A decision in shadow mode takes back what
 * one before it wrote while the mode was to enforce.
 */
export class ScopeEnforcer {
  readonly #parts: ScopeEnforcerParts;

  constructor(parts: ScopeEnforcerParts) {
    this.#parts = parts;
  }

  /** Settle the decisions on the scope of one subject, in their order: the last one that says what Vault is to hold is carried out. */
  async settle(arrivals: readonly Arrival[]): Promise<Settlement[]> {
    const { done, metrics, controls, lock, now } = this.#parts;
    const fresh = arrivals.filter(({ decision: { action, decisionId } }) => {
      metrics.received.inc({ action });
      if (!done.has(decisionId)) return true;
      metrics.redelivered.inc();
      return false;
    });
    const last = fresh.findLast(({ decision }) => this.#says(decision, mayAct(decision, controls, now())));
    const settlements: Settlement[] = [];
    for (const arrival of fresh) {
      const verdict = mayAct(arrival.decision, controls, now());
      const effect =
        arrival === last
          ? await lock.run(arrival.decision.subject, () => this.#carryOut(arrival))
          : verdict.act
            ? this.#effect(arrival, 'skipped', 'A later decision on its scope has arrived', { skipped: 'superseded' })
            : this.#effect(arrival, 'skipped', verdict.detail, { skipped: verdict.skipped });
      done.set(effect.decisionId, true);
      metrics.effects.inc({ action: effect.action, outcome: effect.outcome, skipped: effect.skipped });
      settlements.push({ effect, alerts: effect.outcome === 'impossible' ? [alertOf(arrival.decision, effect)] : [] });
    }
    return settlements;
  }

  /** Whether a decision says what Vault is to hold: its scope where it may act, in shadow mode none. */
  #says({ pipeline, subject, withheld }: Decision, verdict: Verdict): boolean {
    const { controls, now } = this.#parts;
    if (verdict.act) return true;
    return verdict.skipped === 'shadow' && withheld === '' && !controls.killed(pipeline, subject, now());
  }

  async #carryOut(arrival: Arrival): Promise<Effect> {
    const { outage, controls, metrics, config, carriedOut, now, signal } = this.#parts;
    const { decision } = arrival;
    for (let attempts = 1; ; attempts++) {
      await outage.whenUp();
      const verdict = mayAct(decision, controls, now());
      const skipped = (skip: Verdict & { act: false }) =>
        this.#effect(arrival, 'skipped', skip.detail, { skipped: skip.skipped, attempts });
      if (!verdict.act && !this.#says(decision, verdict)) return skipped(verdict);
      const scope = verdict.act ? decision.newScope : builtInScope.default;
      try {
        if (!verdict.act && (await this.#holds(decision.subject, scope))) {
          carriedOut(decision, scope);
          return skipped(verdict);
        }
        const holds = await this.#write(decision.subject, scope);
        if (holds) carriedOut(decision, scope);
        return holds
          ? this.#effect(arrival, 'enforced', `Policy of scope ${scope} binds its tokens`, { status: 200, attempts })
          : this.#effect(arrival, 'impossible', 'Vault holds another body than was written', { status: 200, attempts });
      } catch (error) {
        if (signal.aborted || !isEbbtideError(error)) throw error;
        metrics.errors.inc({ code: error.code });
        const status = statusOf(error);
        const passes = isPassing(error) && (error.details.onlyThis !== true || attempts < config.attempts);
        if (!passes) return this.#effect(arrival, 'impossible', error.message, { status, attempts });
        if (error.code !== 'VAULT_RATE_LIMITED') outage.suspect(error.message);
        const waitMs = Math.max(jitteredBackoffMs({ retries: 0, ...config }, attempts), retryAfterMsOf(error));
        await sleep(waitMs, undefined, { signal });
      }
    }
  }

  /**
   * Have Vault hold the policy of a scope, whatever it holds. The caller has the subject's lock.
   *
   * @returns whether it was written: false where Vault held it already, or where there was nothing to widen
   */
  async ensure(subject: string, scope: string): Promise<boolean> {
    if (await this.#holds(subject, scope)) return false;
    return await this.#write(subject, scope);
  }

  /** Whether Vault has the policy of that scope there; none is as wide as any. */
  async #holds(subject: string, scope: string): Promise<boolean> {
    const { vault } = this.#parts;
    try {
      return (await vault.read<{ policy: string }>(this.#path(subject), this.#once)).data.policy === this.#body(scope);
    } catch (error) {
      if (isEbbtideError(error, 'VAULT_NOT_FOUND')) return scope === builtInScope.default;
      throw error;
    }
  }

  /** Whether Vault holds what was written. */
  async #write(subject: string, scope: string): Promise<boolean> {
    const { vault } = this.#parts;
    await vault.write(this.#path(subject), { policy: this.#body(scope) }, this.#once);
    return await this.#holds(subject, scope);
  }

  get #once() {
    return { retry: false, signal: this.#parts.signal, operation: 'scopePolicy' } as const;
  }

  #path(subject: string): string {
    return `sys/policies/acl/${scopePolicyName(subject, this.#parts.scopes)}`;
  }

  #body(scope: string): string {
    return scopeBody(scope, this.#parts.scopes);
  }

  #effect(
    { decision, receivedAt }: Arrival,
    outcome: Effect['outcome'],
    detail: string,
    more: Partial<Pick<Effect, 'skipped' | 'status' | 'attempts'>>,
  ): Effect {
    const at = this.#parts.now();
    return {
      decisionId: decision.decisionId,
      subject: decision.subject,
      pipeline: decision.pipeline,
      action: decision.action,
      outcome,
      detail,
      skipped: '',
      requestedTtlMs: 0,
      remainingMs: null,
      expiresAt: null,
      status: 0,
      attempts: 0,
      latencyMs: Math.max(0, at - receivedAt),
      appliedAt: at,
      ...more,
    };
  }
}

const alertOf = (decision: Decision, effect: Effect): Alert => ({
  alertId: `impossible/${decision.decisionId}`,
  subject: decision.subject,
  pipeline: 'actuate',
  kind: 'impossible',
  severity: decision.mode === 'enforce' && decision.action !== 'widen' ? 'critical' : 'warning',
  summary: `Vault could not ${decision.action} it to ${decision.newScope}: ${effect.detail}`,
  decisionId: decision.decisionId,
  at: effect.appliedAt,
});
