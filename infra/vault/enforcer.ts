import { setTimeout as sleep } from 'node:timers/promises';
import type { Controls } from '../../operators/actuate/controls.ts';
import { gate, isHarsh, type Skip } from '../../operators/actuate/gate.ts';
import type { LastSeen } from '../../operators/actuate/lastSeen.ts';
import { type Applied, overtaken } from '../../operators/actuate/newestOnly.ts';
import type { TokenBucket } from '../../operators/actuate/tokenBucket.ts';
import type { WatchList } from '../../operators/actuate/watchList.ts';
import type { Arrival, Settlement } from '../../pipelines/actuate.ts';
import { type EbbtideError, isEbbtideError } from '../../schemas/errors.ts';
import type { Alert, Credential, Decision, Effect } from '../../schemas/generated/index.ts';
import type { Span } from '../tracing/types.ts';
import type { Actuator, Application, Intent } from './actuator.ts';
import type { ActuatorMetrics } from './actuator-metrics.ts';
import type { ActuatorConfig } from './config.ts';
import { isPassing, statusOf } from './errors.ts';
import type { KeyedLock } from './keyed-lock.ts';
import type { Outage } from './outage.ts';
import type { Register } from './register.ts';
import { jitteredBackoffMs, retryAfterMsOf } from './retry.ts';

/** What is known of subjects, shared by those who act on them. */
export interface Memory {
  /** Decisions whose effect was written. */
  readonly done: LastSeen<string, true>;
  /** Last decision applied to each subject. */
  readonly applied: LastSeen<string, Applied>;
  /** How often each subject was found to have extended itself. */
  readonly revivals: LastSeen<string, number>;
  readonly watch: WatchList;
}

/** What an {@link Enforcer} works with. */
export interface EnforcerParts {
  readonly actuator: Actuator;
  readonly outage: Outage;
  readonly register: Register;
  readonly controls: Controls;
  readonly memory: Memory;
  readonly lock: KeyedLock;
  readonly writes: TokenBucket;
  readonly harsh: TokenBucket;
  readonly metrics: ActuatorMetrics;
  readonly config: ActuatorConfig;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** What came of trying to carry out an intent. */
export type Attempted =
  | { readonly skipped: Skip; readonly detail: string; readonly attempts: number }
  | { readonly application: Application; readonly status: number; readonly attempts: number };

/**
 * Decides at the last moment whether a decision is carried out, tries until Vault has answered, and says what became
 * of it: one effect for each decision, whatever is delivered again.
 */
export class Enforcer {
  readonly #parts: EnforcerParts;

  constructor(parts: EnforcerParts) {
    this.#parts = parts;
  }

  /**
   * Settle the decisions on one subject, in their order.
   *
   * @returns a settlement for each that needs an effect: none for `keep`, nor for one whose effect was written
   * @throws when it is stopped; the decisions are then delivered again
   */
  settle(arrivals: readonly Arrival[]): Promise<Settlement[]> {
    const subject = arrivals[0]!.decision.subject;
    return this.#parts.lock.run(subject, () => this.#settle(subject, arrivals));
  }

  async #settle(subject: string, arrivals: readonly Arrival[]): Promise<Settlement[]> {
    const { register, controls, memory, metrics, config, now } = this.#parts;
    const here = new Set<string>();
    const fresh = arrivals.filter(({ decision: { action, decisionId } }) => {
      metrics.received.inc({ action });
      if (!memory.done.has(decisionId) && !here.has(decisionId)) return here.add(decisionId);
      metrics.redelivered.inc();
      return false;
    });
    const changes = fresh.filter(({ decision }) => changesLife(decision));
    const settlements: Settlement[] = [];
    if (changes.length > 0) {
      const credential = await register.find(subject, config.registerWaitMs);
      const standing = changes.filter(({ decision }) => gate(decision, credential, controls, now()).act);
      const ends = overtaken(
        standing.map(({ decision }) => decision),
        memory.applied.get(subject),
      );
      for (const arrival of changes) {
        const overtakenBy = ends[standing.indexOf(arrival)];
        settlements.push(
          overtakenBy === undefined
            ? await this.#carryOut(arrival)
            : this.#conclude(arrival, credential, {
                skipped: 'superseded',
                detail: `Overtaken by the decision on the window that ends at ${new Date(overtakenBy).toISOString()}`,
                attempts: 0,
              }),
        );
      }
    }
    const last = fresh.at(-1)?.decision;
    if (last?.action === 'keep' && last.mode === 'enforce') memory.watch.loosen(subject, last.newTtlMs, now());
    return settlements;
  }

  async #carryOut(arrival: Arrival): Promise<Settlement> {
    const { decision, writtenAt } = arrival;
    const { register, controls, now } = this.#parts;
    const intent: Intent = { action: decision.action as Intent['action'], ttlMs: decision.newTtlMs, writtenAt };
    const credential = () => register.get(decision.subject);
    const allowed = () => gate(decision, credential(), controls, now());
    const attempted = await this.attempt(credential, intent, allowed, arrival.span);
    return this.#conclude(arrival, credential(), attempted);
  }

  /**
   * Try until Vault has answered. While Vault is away or sealed this waits; `allowed` is asked before every try.
   */
  async attempt(
    credentialNow: () => Credential | undefined,
    intent: Intent,
    allowed: () => ReturnType<typeof gate>,
    span?: Span,
  ): Promise<Attempted> {
    const { actuator, outage, writes, harsh, metrics, config, signal } = this.#parts;
    let attempts = 0;
    let failures = 0;
    let budgeted = !isHarsh(intent.action);
    for (;;) {
      await outage.whenUp();
      const verdict = allowed();
      if (!verdict.act) return { skipped: verdict.skipped, detail: verdict.detail, attempts };
      if (!budgeted && !harsh.tryTake(performance.now()))
        return {
          skipped: 'budget',
          detail: `More than ${config.harshBudget.actions} harsh actions in ${config.harshBudget.perMs} ms`,
          attempts,
        };
      budgeted = true;
      const waitMs = writes.waitMs(performance.now());
      // A revocation takes its share, but waits for no extension.
      if (waitMs > 0 && intent.action !== 'revoke') await sleep(waitMs, undefined, { signal });
      attempts++;
      const asking = span?.child(`vault ${intent.action}`, { 'ebbtide.attempt': attempts });
      try {
        const application = await actuator.apply(credentialNow()!, intent, { retry: false, signal });
        asking?.end({ 'ebbtide.outcome': application.outcome });
        return { application, status: 200, attempts };
      } catch (error) {
        asking?.fail(error);
        if (signal.aborted || !isEbbtideError(error)) throw error;
        metrics.errors.inc({ code: error.code });
        if (!isPassing(error) && error.code !== 'UNAUTHENTICATED') return { ...refused(error), attempts };
        // A failure answered for this credential; silence, a seal or a dead token concern them all and are waited out
        if (error.details.onlyThis === true && ++failures >= config.attempts) return { ...refused(error), attempts };
        if (error.code !== 'VAULT_RATE_LIMITED') outage.suspect(error.message);
        const backoff = { retries: 0, backoffMs: config.backoffMs, maxBackoffMs: config.maxBackoffMs };
        await sleep(Math.max(jitteredBackoffMs(backoff, attempts), retryAfterMsOf(error)), undefined, { signal });
      }
    }
  }

  #conclude(arrival: Arrival, credential: Credential | undefined, attempted: Attempted): Settlement {
    const { decision } = arrival;
    const effect = this.effect(decision, arrival.receivedAt, attempted);
    const { memory, metrics, now } = this.#parts;
    memory.done.set(decision.decisionId, true);
    metrics.observeLatency(decision.action, effect.latencyMs / 1000, arrival.span?.traceId);
    const ended = 'application' in attempted && attempted.application.ended;
    if (effect.outcome === 'enforced' || effect.outcome === 'advisory') {
      memory.applied.set(decision.subject, { windowEnd: decision.windowEnd, revoked: decision.action === 'revoke' });
      if (decision.action === 'shorten' && !ended)
        memory.watch.watch(decision.subject, decision.newTtlMs, effect.expiresAt, now());
      else memory.watch.forget(decision.subject);
    }
    const alert = alertOf(decision, effect, ended, now());
    return {
      effect,
      span: arrival.span,
      alerts: alert ? [alert] : [],
      ...(ended && credential ? { ended: { ...credential, status: 'ended' as const } } : {}),
    };
  }

  /** The record of what became of a decision. */
  effect(
    decision: Pick<Decision, 'decisionId' | 'subject' | 'pipeline' | 'action' | 'newTtlMs'>,
    receivedAt: number,
    attempted: Attempted,
  ): Effect {
    const { metrics, now } = this.#parts;
    const application = 'application' in attempted ? attempted.application : undefined;
    const skipped = 'skipped' in attempted ? attempted.skipped : (application?.skipped ?? '');
    const effect: Effect = {
      decisionId: decision.decisionId,
      subject: decision.subject,
      pipeline: decision.pipeline,
      action: decision.action,
      outcome: application?.outcome ?? 'skipped',
      detail: application?.detail ?? ('detail' in attempted ? attempted.detail : ''),
      skipped,
      requestedTtlMs: decision.action === 'revoke' ? 0 : Math.max(0, decision.newTtlMs),
      remainingMs: roundOrNull(application?.remainingMs),
      expiresAt: roundOrNull(application?.expiresAt),
      status: 'status' in attempted ? attempted.status : 0,
      attempts: attempted.attempts,
      latencyMs: Math.max(0, now() - receivedAt),
      appliedAt: now(),
    };
    metrics.effects.inc({ action: effect.action, outcome: effect.outcome, skipped });
    return effect;
  }
}

const changesLife = ({ action }: Decision): boolean => action === 'extend' || isHarsh(action);

const roundOrNull = (value: number | null | undefined): number | null =>
  value === null || value === undefined ? null : Math.round(value);

const refused = (error: EbbtideError): Omit<Extract<Attempted, { application: Application }>, 'attempts'> => ({
  application: {
    outcome: 'impossible',
    detail:
      error.code === 'VAULT_FORBIDDEN'
        ? `${error.message}; the actuator's policy does not allow that path`
        : error.message,
    skipped: '',
    remainingMs: null,
    expiresAt: null,
    ended: false,
  },
  status: statusOf(error),
});

/** An alert where a person should look: what was to be harsh and could not be, and what a budget stopped. */
const alertOf = (decision: Decision, effect: Effect, ended: boolean, at: number): Alert | undefined => {
  const base = { subject: decision.subject, pipeline: 'actuate', decisionId: decision.decisionId, at };
  if (effect.skipped === 'budget')
    return {
      ...base,
      alertId: `budgetExhausted/${decision.decisionId}`,
      kind: 'budgetExhausted',
      severity: 'critical',
      summary: `The ${decision.action} was not carried out: ${effect.detail}`,
    };
  if (effect.outcome !== 'impossible' || !isHarsh(decision.action)) return undefined;
  const severity = ended ? 'info' : decision.action === 'revoke' ? 'critical' : 'warning';
  return {
    ...base,
    alertId: `impossible/${decision.decisionId}`,
    kind: 'impossible',
    severity,
    summary: `Vault could not ${decision.action} it: ${effect.detail}`,
  };
};
