import { map, type OperatorFunction } from 'rxjs';
import type { Alert, Decision } from '../schemas/generated/index.ts';
import type { LifecyclePolicy } from '../schemas/policy.ts';
import type { DecidedBatch, Joined, ScoredBatch, WindowEvent, WindowScore } from './batch.ts';
import { flag, type KeyedState } from './keyedState.ts';
import { type Branch, branches, type TtlOutcome, type TtlState, ttlRule } from './ttlRule.ts';
import { savedAfterWindows } from './windowByKey.ts';

/** What the register says of a credential. */
export interface CredentialFacts {
  readonly ttlMs: number;
  readonly maxTtlMs: number;
  readonly issuedAt: number;
  readonly ended: boolean;
}

/** The policy and the orders of administrators, as in force somewhere in the stream. */
export interface Orders {
  readonly policy: LifecyclePolicy;
  readonly policyVersion: string;
  readonly killSwitch: boolean;
  /** Whether a subject is exempt at a time (break-glass or by policy). */
  exempt(subject: string, time: number): boolean;
}

/** The topics that decisions are joined with, read as of an offset. */
export interface JoinedTopics {
  credential(subject: string, joined: Joined): CredentialFacts | undefined;
  orders(joined: Joined): Orders;
}

/** Counts of what deciding saw; the caller reads and resets them. */
export interface DecisionCounts {
  unregistered: number;
  withheld: number;
}

type Harsh = 'shorten' | 'revoke';
const isHarsh = (action: TtlOutcome['action']): action is Harsh => action === 'shorten' || action === 'revoke';

/**
 * Decide on the TTL of each window's credential by {@link ttlRule}, within exemptions, kill switch and budgets.
 *
 * Harsh actions that are withheld leave the TTL as it is and are recorded with the reason. In shadow mode the TTL is
 * followed as if decisions were applied; on the switch to enforcing it is taken from the register again.
 *
 * @param pipeline - name of the pipeline
 * @param state - the partition's subjects
 * @param topics - what decisions are joined with
 * @param budget - times of the partition's harsh actions, oldest first
 * @param counts - is added to
 */
export const decideTtl = (
  pipeline: string,
  state: KeyedState,
  topics: JoinedTopics,
  budget: number[],
  counts: DecisionCounts,
): OperatorFunction<ScoredBatch, DecidedBatch> => {
  const register = (slot: number, facts: CredentialFacts, shadow: boolean) => {
    const flags = state.flags[slot]!;
    const wasShadow = (flags & flag.shadow) !== 0;
    if (flags & flag.registered && !(wasShadow && !shadow)) {
      if (shadow) state.flags[slot] = flags | flag.shadow;
      return;
    }
    state.ttlMs[slot] = facts.ttlMs;
    state.changedAt[slot] = facts.issuedAt;
    if (wasShadow) {
      state.strikes[slot] = 0;
      state.streak[slot] = 0;
      state.branch[slot] = 0;
    }
    state.flags[slot] = (flags & ~(flag.revoked | flag.shadow)) | flag.registered | (shadow ? flag.shadow : 0);
  };

  const load = (slot: number): TtlState => ({
    ttlMs: state.ttlMs[slot]!,
    changedAt: state.changedAt[slot]!,
    strikes: state.strikes[slot]!,
    streak: state.streak[slot]!,
    branch: branches[state.branch[slot]!]!,
  });

  const store = (slot: number, next: TtlState) => {
    state.ttlMs[slot] = next.ttlMs;
    state.changedAt[slot] = next.changedAt;
    state.strikes[slot] = next.strikes;
    state.streak[slot] = next.streak;
    state.branch[slot] = branches.indexOf(next.branch);
  };

  const spent = (times: number[], perMs: number, now: number): number => {
    while (times.length > 0 && times[0]! <= now - perMs) times.shift();
    return times.length;
  };

  const whyWithheld = (event: WindowEvent, action: NonNullable<TtlOutcome['action']>, orders: Orders): string => {
    if (orders.killSwitch) return 'killSwitch';
    if (!isHarsh(action)) return '';
    if (orders.exempt(event.subject, event.time)) return 'exemption';
    const { budgetPerSubject, budgetForAll } = orders.policy;
    const own = state.budget.get(event.slot) ?? [];
    if (spent(own, budgetPerSubject.perMs, event.time) >= budgetPerSubject.actions) return 'budget';
    if (spent(budget, budgetForAll.perMs, event.time) >= budgetForAll.actions) return 'budget';
    return '';
  };

  const spend = (event: WindowEvent) => {
    budget.push(event.time);
    state.budget.set(event.slot, [...(state.budget.get(event.slot) ?? []), event.time]);
  };

  /** Record an outcome: its decision, what it does to the state, and what people should hear of it. */
  const conclude = (
    event: WindowEvent,
    before: TtlState,
    outcome: TtlOutcome,
    orders: Orders,
    score: WindowScore | undefined,
    modelVersion: string,
    decisions: Decision[],
    alerts: Alert[],
  ): boolean => {
    const { action } = outcome;
    if (!action) {
      store(event.slot, outcome.state);
      return false;
    }
    const { policy } = orders;
    const withheld = whyWithheld(event, action, orders);
    if (withheld) {
      const again = event.windowEnd - before.changedAt < policy.cooldownMs;
      store(event.slot, {
        ...outcome.state,
        ttlMs: before.ttlMs,
        changedAt: again ? before.changedAt : event.windowEnd,
      });
      if (again) return false;
      if (!event.replayed) counts.withheld++;
    } else {
      store(event.slot, outcome.state);
      if (isHarsh(action)) spend(event);
      if (action === 'revoke') state.flags[event.slot]! |= flag.revoked;
    }
    if (event.replayed) return true;
    const decision: Decision = {
      decisionId: `${pipeline}/${event.subject}/${event.kind === 'silence' ? 'silence-' : ''}${event.windowEnd}`,
      subject: event.subject,
      pipeline,
      action,
      mode: policy.mode,
      withheld,
      oldTtlMs: before.ttlMs,
      newTtlMs: state.ttlMs[event.slot]!,
      reason: withheld ? `${outcome.reason}; withheld: ${withheld}` : outcome.reason,
      score: score?.score ?? 0,
      severity: score?.severity ?? 0,
      frequency: score?.frequency ?? 0,
      features: score?.contributions.map(({ feature }) => feature) ?? [],
      strikes: Math.round(outcome.state.strikes),
      policyVersion: orders.policyVersion,
      modelVersion: score ? modelVersion : '',
      windowEnd: event.windowEnd,
      decidedAt: event.time,
      deadline: action === 'revoke' ? null : event.time + policy.lateAfterMs,
    };
    decisions.push(decision);
    if (action === 'revoke' && !withheld)
      alerts.push(
        alertOf(
          pipeline,
          event,
          'revoked',
          'critical',
          `${policy.mode === 'shadow' ? 'Would revoke' : 'Revoke'} ${event.subject}: ${outcome.reason}`,
          decision,
        ),
      );
    if (withheld === 'budget')
      alerts.push(
        alertOf(
          pipeline,
          event,
          'budgetExhausted',
          'critical',
          `Budget exhausted: ${action} of ${event.subject} withheld`,
          decision,
        ),
      );
    return true;
  };

  return map((batch) => {
    const decisions: Decision[] = [];
    const alerts: Alert[] = [...(batch.alerts ?? [])];
    const touched = new Set<number>(batch.idle);
    for (let i = 0; i < batch.events.length; i++) {
      const event = batch.events[i]!;
      const { slot } = event;
      const orders = topics.orders(event.joined);
      const { policy } = orders;
      if (event.kind === 'silence' || state.unsaved[slot]! >= savedAfterWindows) touched.add(slot);
      const facts = topics.credential(event.subject, event.joined);
      if (!facts) {
        if (!event.replayed) counts.unregistered++;
        continue;
      }
      if (facts.ended) continue;
      register(slot, facts, policy.mode === 'shadow');
      const before = load(slot);
      if (state.flags[slot]! & flag.revoked) continue;
      const score = batch.scores[i];
      if (event.kind === 'silence') {
        if (!event.replayed)
          alerts.push(
            alertOf(
              pipeline,
              event,
              'silent',
              'warning',
              `No telemetry of ${event.subject} for ${policy.silenceMs / 1000} s`,
            ),
          );
        const outcome = silenceOutcome(before, event, policy);
        conclude(event, before, outcome, orders, undefined, '', decisions, alerts);
        continue;
      }
      if (!score || score.learning) continue;
      // A promise about false alarms holds for what an alarm leads to as well: without one nothing is a strike.
      const counted = score.alarm === false ? Math.min(score.score, policy.high) : score.score;
      const outcome = ttlRule(before, counted, event.windowEnd, event.elapsedMs, facts.maxTtlMs, policy);
      const decided = conclude(event, before, outcome, orders, score, batch.modelVersion, decisions, alerts);
      if (decided || outcome.state.strikes > 0.5) touched.add(slot);
    }
    return { ...batch, decisions, alerts, touched };
  });
};

const silenceOutcome = (before: TtlState, event: WindowEvent, policy: LifecyclePolicy): TtlOutcome => {
  const reason = `No telemetry for ${policy.silenceMs / 1000} s`;
  if (policy.onSilence === 'revoke')
    return {
      state: { ...before, ttlMs: 0, changedAt: event.windowEnd },
      action: 'revoke',
      reason: `${reason}: revoke`,
    };
  const target = Math.max(Math.min(policy.minTtlMs, before.ttlMs), Math.round(before.ttlMs * 0.5));
  if (policy.onSilence === 'shorten' && target < before.ttlMs)
    return {
      state: { ...before, ttlMs: target, changedAt: event.windowEnd, branch: 'shorten' satisfies Branch, streak: 1 },
      action: 'shorten',
      reason: `${reason}: halve the TTL`,
    };
  return { state: before, reason };
};

const alertOf = (
  pipeline: string,
  event: WindowEvent,
  kind: string,
  severity: Alert['severity'],
  summary: string,
  decision?: Decision,
): Alert => ({
  alertId: `${kind}/${decision?.decisionId ?? `${pipeline}/${event.subject}/${event.windowEnd}`}`,
  subject: event.subject,
  pipeline,
  kind,
  severity,
  summary,
  decisionId: decision?.decisionId ?? null,
  at: event.time,
});
