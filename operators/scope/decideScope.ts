import type { Alert, Decision } from '../../schemas/generated/index.ts';
import { rulesFor, type ScopePolicy, type ScopeRules, singleServiceScope } from '../../schemas/scopePolicy.ts';
import type { Orders } from '../decideTtl.ts';
import { spent } from '../harshBudget.ts';
import type { OverrideChange, ScopeCounts } from './batch.ts';
import type { Credential } from './credentials.ts';
import { type Assessed, overrideRecord, type Settled, scopeAlert, scopeDecision } from './scopeRecords.ts';
import { noScopeRule, type ScopeOutcome, scopeRule } from './scopeRule.ts';

/** Where decisions of a batch go. */
export interface DecisionSink {
  readonly decisions: Decision[];
  readonly overrides: OverrideChange[];
  readonly alerts: Alert[];
  readonly touched: Set<string>;
}

/** Decides on a credential's scope after an assessment. */
export type DecideScope = (
  one: Credential,
  assessed: Assessed,
  orders: Orders<ScopePolicy>,
  replayed: boolean,
  sink: DecisionSink,
) => void;

/** The one service that stays open: the named one, the one most used in the baseline, or the one called most just now. */
const serviceFor = (one: Credential, rules: ScopeRules): string => {
  const { baseline, window } = one.profile;
  const known = rules.singleService ?? baseline.mostUsed;
  if (known !== undefined && known !== null) return known;
  const calls = [...(window?.byService ?? [])];
  return calls.sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))[0]?.[0] ?? '';
};

/**
 * Decide on a credential's scope by {@link scopeRule}, within exemptions, kill switch and budgets.
 *
 * A narrowing that is withheld leaves the scope as it is, and is recorded with the reason once a window. An exemption or
 * the kill switch lifts the override that is in force. In shadow mode overrides are written as such, for gateways to
 * report. An override in force is written again once the mode has been switched, or the policy means another scope by
 * its range.
 *
 * @param budget - times of the partition's narrowings, oldest first
 * @param counts - is added to
 */
export const scopeDecider = (budget: number[], counts: ScopeCounts): DecideScope => {
  const exhausted = (one: Credential, time: number, { budgetPerSubject, budgetForAll }: ScopePolicy): boolean =>
    spent(one.budget, budgetPerSubject.perMs, time) >= budgetPerSubject.actions ||
    spent(budget, budgetForAll.perMs, time) >= budgetForAll.actions;

  return (one, assessed, orders, replayed, sink) => {
    const { policy } = orders;
    const { time } = assessed;
    const rules = rulesFor(policy, one.name, one.group);
    const before = one.rule;
    const spared =
      orders.killSwitch || orders.killed?.(one.name) ? 'killSwitch' : orders.exempt(one.name, time) ? 'exemption' : '';
    const named = (level: number) => rules.ranges[Math.min(level, rules.ranges.length - 1)]!.scope;
    const inFull = (level: number, service: string) =>
      named(level) === singleServiceScope && service !== '' ? `${singleServiceScope}(${service})` : named(level);
    const serviceAt = (level: number) =>
      named(level) !== singleServiceScope ? '' : (rules.singleService ?? (one.service || serviceFor(one, rules)));
    const scopeBefore = one.scope || inFull(before.level, one.service);

    const record = (action: Settled['action'], level: number, reason: string, withheld = '') => {
      sink.touched.add(one.name);
      if (replayed) return;
      const narrows = withheld !== '';
      const decision = scopeDecision(assessed, {
        action,
        mode: policy.mode,
        withheld,
        oldScope: scopeBefore,
        newScope: inFull(level, one.service),
        reason,
        policyVersion: orders.policyVersion,
      });
      sink.decisions.push(decision);
      const alert = scopeAlert(decision, level === rules.ranges.length - 1);
      if (alert) sink.alerts.push(alert);
      if (narrows) {
        counts.withheld++;
        return;
      }
      if (action === 'narrow') counts.narrowed++;
      if (action === 'widen') counts.widened++;
      sink.overrides.push({
        subject: one.name,
        override: level === 0 ? null : overrideRecord(decision, one.service, one.rule.expiresAt, assessed.threats),
      });
    };

    const apply = (outcome: ScopeOutcome, action: Settled['action']) => {
      one.rule = outcome.state;
      const { level } = outcome.state;
      if (action === 'narrow') one.service = '';
      one.service = serviceAt(level);
      one.scope = level === 0 ? '' : inFull(level, one.service);
      one.enforced = policy.mode === 'enforce';
      if (action === 'narrow') {
        budget.push(time);
        one.budget.push(time);
      }
      record(action, level, outcome.reason);
    };

    /** Write what is in force again where it is not what was written. */
    const followed = (): boolean => {
      if (!assessed.closed) return false;
      const { level } = one.rule;
      const scope = level === 0 ? '' : inFull(level, serviceAt(level));
      const switched = level > 0 && one.enforced !== (policy.mode === 'enforce');
      if (!switched && scope === one.scope) return false;
      const reason = switched
        ? `The mode is ${policy.mode}: ${scope} is written again`
        : `The policy in force means ${scope || named(0)} by this range`;
      apply({ state: level === 0 ? { ...one.rule, expiresAt: 0 } : one.rule, reason }, level === 0 ? 'widen' : 'keep');
      return true;
    };

    if (spared && before.level > 0) {
      apply({ state: { ...noScopeRule, at: time }, reason: `The override is lifted: ${spared}` }, 'widen');
      return;
    }
    const outcome = scopeRule(
      before,
      assessed.assessment && assessed.risk,
      time,
      assessed.closed,
      rules,
      assessed.news,
    );
    const { action } = outcome;
    const withheld = action === 'narrow' ? spared || (exhausted(one, time, policy) ? 'budget' : '') : '';
    if (action && !withheld) {
      apply(outcome, action);
      return;
    }
    one.rule = outcome.state;
    if (withheld) {
      const level = Math.min(before.level, rules.ranges.length - 1);
      one.rule = { ...outcome.state, level, expiresAt: before.expiresAt };
    }
    if (followed() || !withheld || time - one.withheldAt < policy.windowMs) return;
    one.withheldAt = time;
    record('narrow', outcome.state.level, outcome.reason, withheld);
  };
};
