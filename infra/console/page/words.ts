import type { Lane } from '../view/lane.ts';
import type { Moment } from '../view/protocol.ts';
import type { LaneWord } from '../view/word.ts';
import { clock, count, duration, plain, score, spoken } from './format.ts';
import { isTopUp, kindOf } from './tide/draw/marks.ts';

/** State words as they are shown. */
export const stateWords: Record<LaneWord, string> = {
  learning: 'Learning',
  steady: 'Steady',
  extended: 'Extended',
  shortened: 'Shortened',
  revoked: 'Revoked',
  refused: 'Refused by Vault',
  expired: 'Expired',
  unknown: 'Unknown',
};

/** The name of a lane: the function, else what identifies it. */
export const nameOf = (lane: Lane): string => lane.credential?.function ?? lane.id;

const deeds = {
  extend: 'Extended',
  shorten: 'Shortened',
  revoke: 'Revoked',
  restore: 'Restored',
  unknown: 'Seen',
} as const;
const wishes = {
  extend: 'Would extend',
  shorten: 'Would shorten',
  revoke: 'Would revoke',
  restore: 'Would restore',
  unknown: 'Seen',
} as const;

const scopeDeeds = { narrow: ['Narrowed', 'Would narrow'], widen: ['Widened', 'Would widen'] } as const;

/** What happened at a moment, in a few words: `Shortened to 30 s`, `Would revoke`. */
export const titleOf = (moment: Moment): string => {
  const kind = kindOf(moment);
  const { decision, effect } = moment;
  const did = effect?.outcome === 'enforced' || effect?.outcome === 'advisory';
  if (isTopUp(moment)) return 'Renewed';
  if (decision?.action === 'narrow' || decision?.action === 'widen') {
    const applied = did || (decision.mode === 'enforce' && decision.withheld === '');
    const deed = scopeDeeds[decision.action][applied ? 0 : 1];
    return decision.newScope ? `${deed} to ${decision.newScope}` : deed;
  }
  const to = decision && kind !== 'revoke' ? ` to ${duration(decision.newTtlMs)}` : '';
  return `${(did ? deeds : wishes)[kind]}${to}`;
};

/** What became of it at Vault, in words. */
export const answerOf = ({ decision, effect }: Moment): string => {
  if (effect) {
    const status = effect.status > 0 ? ` (${effect.status})` : '';
    const what =
      effect.outcome === 'skipped'
        ? `not applied: ${plain(effect.skipped || 'skipped')}`
        : `${effect.outcome}${status}`;
    return effect.detail ? `${what}. ${effect.detail}` : what;
  }
  if (decision?.withheld) return `withheld: ${plain(decision.withheld)}`;
  if (decision?.mode === 'shadow') return 'recorded only: shadow mode';
  return 'no answer yet';
};

/** Why, in the decision's own words; where there is none, what Vault said. */
export const reasonOf = (lane: Lane): string => {
  if (lane.refused) return lane.refused.text;
  const last = lane.moments.at(-1);
  const told = lane.lastDecision?.reason ?? last?.effect?.detail;
  if (told) return told;
  return lane.lastScore?.learning ? 'Learning how this function behaves' : 'No decision yet';
};

/** One lane in sentences, for whoever cannot see its water. */
export const summaryOf = (lane: Lane, word: LaneWord, now: number, spanMs: number): string => {
  const remaining = lane.life.remainingAt(now);
  const parts = [`${stateWords[word]}.`];
  if (remaining !== null)
    parts.push(remaining > 0 ? `${spoken(remaining)} left of at most ${spoken(lane.maxTtlMs)}.` : 'No life left.');
  if (lane.lastScore) parts.push(lane.lastScore.learning ? 'No score yet.' : `Score ${score(lane.lastScore.score)}.`);
  const recent = lane.moments.filter((moment) => moment.at > now - spanMs && !isTopUp(moment));
  const tally = (['extend', 'shorten', 'revoke'] as const)
    .map(
      (kind) =>
        [
          recent.filter((moment) => kindOf(moment) === kind).length,
          { extend: 'extension', shorten: 'shortening', revoke: 'revocation' }[kind],
        ] as const,
    )
    .filter(([times]) => times > 0)
    .map(([times, noun]) => count(times, noun));
  parts.push(
    tally.length > 0
      ? `In the last ${duration(spanMs)}: ${tally.join(', ')}.`
      : `Nothing decided in the last ${duration(spanMs)}.`,
  );
  return parts.join(' ');
};

/** A life beside the longest it may be: `1:42`, `of 2:00`. */
export const lifeTexts = (lane: Lane, now: number): { left: string; of: string } => {
  const remaining = lane.life.remainingAt(now);
  return { left: remaining === null ? '–' : clock(remaining), of: `of ${clock(lane.maxTtlMs)}` };
};
