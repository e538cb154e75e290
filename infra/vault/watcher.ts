import { setTimeout as sleep } from 'node:timers/promises';
import type { Controls } from '../../operators/actuate/controls.ts';
import { gate } from '../../operators/actuate/gate.ts';
import type { Watched } from '../../operators/actuate/watchList.ts';
import { emptyDecision } from '../../operators/emptyDecision.ts';
import type { Settlement } from '../../pipelines/actuate.ts';
import { isEbbtideError } from '../../schemas/errors.ts';
import type { Alert, Credential, Decision } from '../../schemas/generated/index.ts';
import type { Actuator, Intent } from './actuator.ts';
import type { ActuatorMetrics } from './actuator-metrics.ts';
import type { VaultClient } from './client.ts';
import type { ActuatorConfig } from './config.ts';
import type { Enforcer, Memory } from './enforcer.ts';
import { actOnEntity } from './entity.ts';
import { isPassing } from './errors.ts';
import type { KeyedLock } from './keyed-lock.ts';
import type { Outage } from './outage.ts';
import type { Register } from './register.ts';

/** What a {@link Watcher} works with. */
export interface WatcherParts {
  readonly vault: VaultClient;
  readonly actuator: Actuator;
  readonly enforcer: Enforcer;
  readonly outage: Outage;
  readonly register: Register;
  readonly controls: Controls;
  readonly memory: Memory;
  readonly lock: KeyedLock;
  readonly metrics: ActuatorMetrics;
  readonly config: ActuatorConfig;
  readonly now: () => number;
  readonly signal: AbortSignal;
  /** Whether this instance looks after the subject, and not another one. */
  readonly ours: (subject: string) => boolean;
  readonly publish: (settlements: readonly Settlement[]) => Promise<void>;
}

const tickMs = 250;
const looksAtOnce = 64;

/**
 * Looks again at shortened credentials. One that lives longer than was granted has extended itself: it is shortened
 * again, then an alert is raised, and in the end it gets what `watch.onRevival` says.
 */
export class Watcher {
  readonly #parts: WatcherParts;

  constructor(parts: WatcherParts) {
    this.#parts = parts;
  }

  /** Looks on until it is stopped. */
  async run(): Promise<void> {
    const { signal, memory, now, outage } = this.#parts;
    while (!signal.aborted) {
      await sleep(tickMs, undefined, { signal }).catch(() => {});
      if (signal.aborted || outage.detail !== '') continue;
      const due = memory.watch.due(now(), looksAtOnce);
      if (due.length > 0) await Promise.all(due.map((watched) => this.#look(watched)));
    }
  }

  async #look(watched: Watched): Promise<void> {
    const { lock, memory, now, publish, ours, outage, signal } = this.#parts;
    const { subject } = watched;
    if (!ours(subject)) return memory.watch.keep(subject, now());
    try {
      const settlement = await lock.run(subject, () => this.#check(subject));
      if (settlement) await publish([settlement]);
    } catch (error) {
      if (signal.aborted) return;
      memory.watch.keep(subject, now());
      if (isPassing(error)) outage.suspect((error as Error).message);
      else if (!isEbbtideError(error)) throw error;
    }
  }

  async #check(subject: string): Promise<Settlement | undefined> {
    const { actuator, register, memory, config, controls, now, signal } = this.#parts;
    const watched = memory.watch.get(subject);
    const credential = register.get(subject);
    if (!watched) return undefined;
    const life =
      credential && credential.status !== 'ended' && (await actuator.lookup(credential, { retry: false, signal }));
    if (!credential || !life) {
      memory.watch.forget(subject);
      return undefined;
    }
    const limit = watched.limitExpiresAt ?? now() + watched.ttlMs;
    if (life.expiresAt !== null && life.expiresAt <= limit + config.watch.toleranceMs) {
      memory.watch.keep(subject, now());
      return undefined;
    }
    return this.#revived(credential, watched, () =>
      gate(asDecision(credential, 'shorten', 0), register.get(subject), controls, now()),
    );
  }

  async #revived(
    credential: Credential,
    watched: Watched,
    allowed: () => ReturnType<typeof gate>,
  ): Promise<Settlement> {
    const { memory, metrics, config, now, enforcer, register } = this.#parts;
    const subject = credential.credentialId;
    const count = (memory.revivals.get(subject) ?? 0) + 1;
    memory.revivals.set(subject, count);
    metrics.revived.inc();
    const leftMs = watched.limitExpiresAt === null ? watched.ttlMs : Math.max(0, watched.limitExpiresAt - now());
    const harshest = count >= config.watch.reviveLimit && config.watch.onRevival !== 'shorten';
    const action: Intent['action'] = harshest || leftMs < 1_000 ? 'revoke' : 'shorten';
    const receivedAt = now();
    const decision = { ...asDecision(credential, action, leftMs), decisionId: `reconcile/${subject}/${count}` };
    const intent: Intent = { action, ttlMs: leftMs, writtenAt: receivedAt };
    const attempted = await enforcer.attempt(() => register.get(subject), intent, allowed);
    const effect = enforcer.effect(decision, receivedAt, attempted);
    memory.done.set(effect.decisionId, true);
    const ended = 'application' in attempted && attempted.application.ended;
    if (ended) memory.watch.forget(subject);
    else memory.watch.keep(subject, now());
    let consequence =
      effect.outcome === 'skipped'
        ? `nothing was done (${effect.skipped})`
        : `it was ${action === 'revoke' ? 'revoked' : 'shortened again'}`;
    if (harshest && config.watch.onRevival === 'disableEntity' && credential.entityId && effect.outcome !== 'skipped') {
      await actOnEntity(this.#parts, { entityId: credential.entityId, action: 'disable' });
      consequence += ' and its entity disabled';
    }
    const text = `It extended itself ${count === 1 ? '' : `for the ${count}. time `}after it had been shortened; ${consequence}`;
    return {
      effect: { ...effect, detail: `${text}. ${effect.detail}` },
      alerts: count > 1 || action === 'revoke' ? [revivingAlert(subject, count, text, now())] : [],
      ...(ended ? { ended: { ...credential, status: 'ended' as const } } : {}),
    };
  }
}

const asDecision = (credential: Credential, action: Decision['action'], newTtlMs: number): Decision => ({
  ...emptyDecision,
  decisionId: '',
  subject: credential.credentialId,
  pipeline: 'actuate',
  action,
  mode: 'enforce',
  newTtlMs,
});

const revivingAlert = (subject: string, count: number, summary: string, at: number): Alert => ({
  alertId: `reviving/${subject}/${count}`,
  subject,
  pipeline: 'actuate',
  kind: 'reviving',
  severity: count >= 3 ? 'critical' : 'warning',
  summary,
  decisionId: `reconcile/${subject}/${count}`,
  at,
});
