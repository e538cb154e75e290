import type { RiskRange, ScopeRules } from '../../schemas/scopePolicy.ts';

/** What has been decided about a credential's scope. */
export interface ScopeRuleState {
  /** Risk that counts: the last one, or an older one that decays more slowly. */
  readonly risk: number;
  /** When it was reckoned, epoch milliseconds of event time. */
  readonly at: number;
  /** Index of the range in force; 0 is the widest. */
  readonly level: number;
  /** Assessments in a row above the range in force, and the lowest range among them. */
  readonly above: number;
  readonly aboveLevel: number;
  /** Windows in a row below the range in force, and the highest range among them. */
  readonly below: number;
  readonly belowLevel: number;
  /** When the override in force lapses, epoch milliseconds; 0 where none is. */
  readonly expiresAt: number;
}

/** Nothing has been decided. */
export const noScopeRule: ScopeRuleState = {
  risk: 0,
  at: 0,
  level: 0,
  above: 0,
  aboveLevel: 0,
  below: 0,
  belowLevel: 0,
  expiresAt: 0,
};

/** What the rule makes of an assessment. */
export interface ScopeOutcome {
  readonly state: ScopeRuleState;
  /** Absent where nothing changes. */
  readonly action?: 'narrow' | 'widen' | 'keep';
  readonly reason: string;
}

/** Index of the range that holds a risk. */
export const levelOf = (ranges: readonly RiskRange[], risk: number): number => {
  const found = ranges.findIndex(({ upTo }) => risk <= upTo);
  return found < 0 ? ranges.length - 1 : found;
};

/** A risk after a time in which it was not confirmed. */
export const decayed = (risk: number, elapsedMs: number, halfLifeMs: number): number =>
  risk * 2 ** (-Math.max(0, elapsedMs) / halfLifeMs);

const hundredths = (value: number): number => Math.round(value * 100) / 100;

/**
 * Ranges, hysteresis and decay: the scope narrows after `narrowAfter` assessments in a row above the range in force, to
 * the lowest range among them, and widens after `widenAfter` windows in a row below it, to the highest among those. A
 * risk that is not confirmed decays; an override that is confirmed is renewed when half of its time has passed, and one
 * that is not lapses.
 *
 * @param risk - of the assessment, 0 to 100; undefined where time passed and no call came
 * @param time - event time, epoch milliseconds
 * @param closed - whether a whole window is assessed, or a part of one before its end
 * @param news - whether calls came since the assessment before: the same calls do not confirm themselves
 */
export const scopeRule = (
  before: ScopeRuleState,
  risk: number | undefined,
  time: number,
  closed: boolean,
  rules: ScopeRules,
  news = true,
): ScopeOutcome => {
  const { ranges, narrowAfter, widenAfter, riskHalfLifeMs, overrideMs } = rules;
  const held = decayed(before.risk, time - before.at, riskHalfLifeMs);
  const counted = hundredths(Math.max(risk ?? 0, held));
  const level = Math.min(before.level, ranges.length - 1);
  const now = levelOf(ranges, counted);
  const fresh = risk === undefined ? level : levelOf(ranges, risk);
  const above = fresh > level ? before.above + (news ? 1 : 0) : closed ? 0 : before.above;
  const aboveLevel =
    fresh > level ? (before.above > 0 ? Math.min(before.aboveLevel, fresh) : fresh) : before.aboveLevel;
  const below = now < level ? before.below + (closed ? 1 : 0) : 0;
  const belowLevel = now < level ? (before.below > 0 ? Math.max(before.belowLevel, now) : now) : 0;
  const next: ScopeRuleState = { ...before, risk: counted, at: time, level, above, aboveLevel, below, belowLevel };
  const move = (to: number): ScopeRuleState => ({
    ...next,
    level: to,
    above: 0,
    aboveLevel: 0,
    below: 0,
    belowLevel: 0,
    expiresAt: to === 0 ? 0 : time + overrideMs,
  });
  const named = (index: number) => ranges[index]!.scope;
  if (above >= narrowAfter)
    return {
      state: move(aboveLevel),
      action: 'narrow',
      reason: `Risk ${counted} above ${ranges[level]!.upTo}, ${above} times in a row: ${named(aboveLevel)}`,
    };
  if (level > 0 && below >= widenAfter)
    return {
      state: move(belowLevel),
      action: 'widen',
      reason: `Risk ${counted} at or below ${ranges[level - 1]!.upTo} for ${below} windows: ${named(belowLevel)}`,
    };
  if (level > 0 && before.expiresAt > 0 && time >= before.expiresAt && now < level)
    return { state: move(0), action: 'widen', reason: `The override of ${named(level)} has lapsed` };
  if (level > 0 && now >= level && closed && before.expiresAt - time <= overrideMs / 2)
    return {
      state: { ...next, expiresAt: time + overrideMs },
      action: 'keep',
      reason: `Risk ${counted} still above ${ranges[level - 1]!.upTo}: ${named(level)} is renewed`,
    };
  return { state: next, reason: '' };
};
