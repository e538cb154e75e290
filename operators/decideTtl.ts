import { map, type OperatorFunction } from 'rxjs';
import type { Alert, Decision } from '../schemas/generated/index.ts';
import type { LifecyclePolicy } from '../schemas/policy.ts';
import type { DecidedBatch, Joined, ScoredBatch, WindowEvent, WindowScore } from './batch.ts';
import { alertsOf, decisionOf, silenceAlert } from './decisionRecord.ts';
import { HarshBudget } from './harshBudget.ts';
import { flag, type KeyedState } from './keyedState.ts';
import { silenceRule } from './silenceRule.ts';
import { type Branch, branches, type TtlOutcome, type TtlState, ttlRule } from './ttlRule.ts';
import { savedAfterWindows } from './windowByKey.ts';

/** What the register says of a credential. */
export interface CredentialFacts {
  readonly ttlMs: number;
  readonly maxTtlMs: number;
  readonly issuedAt: number;
  readonly ended: boolean;
  /** Function that holds it; absent where the register does not say. */
  readonly function?: string;
}

/** The policy and the orders of administrators, as in force somewhere in the stream. */
export interface Orders<P = LifecyclePolicy> {
  readonly policy: P;
  readonly policyVersion: string;
  /** Whether the kill switch stops everything. */
  readonly killSwitch: boolean;
  /** Whether the kill switch stops what concerns a subject alone. @default `killSwitch` for every subject */
  killed?(subject: string): boolean;
  /** Whether a subject is exempt at a time (break-glass or by policy). */
  exempt(subject: string, time: number): boolean;
}

/** The topics that decisions are joined with, read as of an offset. */
export interface JoinedTopics {
  credential(subject: string, joined: Joined): CredentialFacts | undefined;
  /** @param time - event time, epoch milliseconds: orders lapse */
  orders(joined: Joined, time: number): Orders;
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
 * Harsh actions that are withheld leave the TTL as it is and are recorded with the reason. After a revocation nothing
 * is decided for `lateAfterMs` of event time; a credential that the register still does not call ended by then was
 * spared at the moment of application (kill switch, exemption, the actuator's budget) and is decided upon again. In shadow mode the TTL is
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

  const loaded = {
    ttlMs: Number.NaN,
    changedAt: Number.NaN,
    strikes: Number.NaN,
    streak: 0,
    branch: branches[0] as Branch,
  };

  /** What is remembered of a subject; valid until the next is loaded. */
  const load = (slot: number): TtlState => {
    loaded.ttlMs = state.ttlMs[slot]!;
    loaded.changedAt = state.changedAt[slot]!;
    loaded.strikes = state.strikes[slot]!;
    loaded.streak = state.streak[slot]!;
    loaded.branch = branches[state.branch[slot]!]!;
    return loaded;
  };

  const store = (slot: number, next: TtlState) => {
    state.ttlMs[slot] = next.ttlMs;
    state.changedAt[slot] = next.changedAt;
    state.strikes[slot] = next.strikes;
    state.streak[slot] = next.streak;
    state.branch[slot] = branches.indexOf(next.branch);
  };

  const budgets = new HarshBudget(state.budget, budget);

  const whyWithheld = (event: WindowEvent, action: NonNullable<TtlOutcome['action']>, orders: Orders): string => {
    if (orders.killSwitch || orders.killed?.(event.subject)) return 'killSwitch';
    if (!isHarsh(action)) return '';
    if (orders.exempt(event.subject, event.time)) return 'exemption';
    return budgets.exhausted(event.slot, event.time, orders.policy) ? 'budget' : '';
  };

  /** Follow strikes and direction of a credential whose revocation is on its way, and decide nothing. */
  const remember = (
    slot: number,
    score: number,
    event: WindowEvent,
    facts: CredentialFacts,
    policy: LifecyclePolicy,
  ) => {
    const before = load(slot);
    const { state: next } = ttlRule(before, score, event.windowEnd, event.elapsedMs, facts.maxTtlMs, policy);
    store(slot, { ...next, ttlMs: before.ttlMs, changedAt: before.changedAt });
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
      // The life that a revoked credential had is kept, in case that the revocation is not carried out
      store(event.slot, action === 'revoke' ? { ...outcome.state, ttlMs: before.ttlMs } : outcome.state);
      if (isHarsh(action)) budgets.spend(event.slot, event.time);
      if (action === 'revoke') state.flags[event.slot]! |= flag.revoked;
    }
    if (event.replayed) return true;
    const decision = decisionOf({
      pipeline,
      event,
      action,
      outcome,
      withheld,
      oldTtlMs: before.ttlMs,
      newTtlMs: action === 'revoke' && !withheld ? 0 : state.ttlMs[event.slot]!,
      score,
      modelVersion,
      policy,
      policyVersion: orders.policyVersion,
    });
    decisions.push(decision);
    alerts.push(...alertsOf(decision, event, outcome));
    return true;
  };

  return map((batch) => {
    const decisions: Decision[] = [];
    const alerts: Alert[] = [...(batch.alerts ?? [])];
    const touched = new Set<number>(batch.idle);
    for (let i = 0; i < batch.events.length; i++) {
      const event = batch.events[i]!;
      const { slot } = event;
      const orders = topics.orders(event.joined, event.time);
      const { policy } = orders;
      if (event.kind === 'silence' || state.unsaved[slot]! >= savedAfterWindows) touched.add(slot);
      const facts = topics.credential(event.subject, event.joined);
      if (!facts) {
        if (!event.replayed) counts.unregistered++;
        continue;
      }
      if (facts.ended) continue;
      register(slot, facts, policy.mode === 'shadow');
      if (state.flags[slot]! & flag.revoked) {
        if (policy.mode === 'shadow' || event.windowEnd - state.changedAt[slot]! < policy.lateAfterMs) {
          if (batch.scores[i]?.learning === false) remember(slot, batch.scores[i]!.score, event, facts, policy);
          continue;
        }
        // The register would say so by now if the revocation had been carried out
        state.flags[slot]! &= ~flag.revoked;
        if (state.ttlMs[slot] === 0) state.ttlMs[slot] = facts.ttlMs;
        touched.add(slot);
      }
      const before = load(slot);
      const score = batch.scores[i];
      if (event.kind === 'silence') {
        if (!event.replayed) alerts.push(silenceAlert(pipeline, event, policy));
        const outcome = silenceRule(before, event.windowEnd, policy);
        conclude(event, before, outcome, orders, undefined, '', decisions, alerts);
        continue;
      }
      if (!score || score.learning) continue;
      // A promise about false alarms holds for what an alarm leads to as well: without one nothing is a strike.
      const counted = score.alarm === false ? Math.min(score.score, policy.high) : score.score;
      const outcome = ttlRule(before, counted, event.windowEnd, event.elapsedMs, facts.maxTtlMs, policy);
      const decided = conclude(event, before, outcome, orders, score, batch.modelVersions[i]!, decisions, alerts);
      if (decided || outcome.state.strikes > 0.5) touched.add(slot);
    }
    return { ...batch, decisions, alerts, touched };
  });
};
