import { mean, type ReportTable, type ReportTimeline } from '../../../models/evaluation/evaluation.ts';
import type { Visitor } from '../../../models/evaluation/webBotData.ts';
import type { ScopePolicy } from '../../../schemas/scopePolicy.ts';
import type { SessionOutcome } from './replaySession.ts';

const visitors: readonly Visitor[] = ['human', 'moderate', 'advanced'];
const words: Readonly<Record<Visitor, string>> = {
  human: 'people',
  moderate: 'moderate bots',
  advanced: 'advanced bots',
};

const median = (values: readonly number[]): string =>
  values.length === 0 ? '' : String([...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)]);

/** What was restricted, to which scope, and after how many requests. */
export const restrictionTable = (outcomes: readonly SessionOutcome[], { ranges }: ScopePolicy): ReportTable => ({
  title: 'Restrictions',
  headings: ['who', 'scope', 'sessions', 'restricted', 'share', 'requests before, median', 'seconds before, median'],
  rows: visitors.flatMap((visitor) => {
    const those = outcomes.filter(({ session }) => session.visitor === visitor);
    return ranges.slice(1).map(({ scope }, i) => {
      const narrower = new Set(ranges.slice(i + 1).map((range) => range.scope));
      const reached = those.flatMap(({ narrowed, session }) => {
        const found = narrowed.find((one) => narrower.has(one.scope));
        return found ? [{ ...found, afterS: Math.round((found.at - session.calls[0]!.time) / 1000) }] : [];
      });
      return [
        words[visitor],
        `${scope} or narrower`,
        those.length,
        reached.length,
        `${((100 * reached.length) / those.length).toFixed(1)} %`,
        median(reached.map(({ requests }) => requests)),
        median(reached.map(({ afterS }) => afterS)),
      ];
    });
  }),
});

const promised = [30, 60, 80] as const;
const promises = [0.01, 0.001, 0.0001] as const;

/** Whether risks of people keep what calibration promises. */
export const reliabilityOf = (outcomes: readonly SessionOutcome[]): ReportTable => {
  const risks = outcomes
    .filter(({ session }) => session.visitor === 'human')
    .flatMap(({ risks }) => risks.map(({ risk }) => risk));
  return {
    title: 'Calibration: windows of people above each range',
    headings: ['risk above', 'windows', 'promised', 'measured'],
    rows: promised.map((from, i) => [
      from,
      risks.length,
      `${100 * promises[i]!} %`,
      `${(100 * mean(risks.map((risk) => (risk > from ? 1 : 0)))).toFixed(2)} %`,
    ]),
  };
};

const stretches = 120;

/** Risk over time of each session: requests above, risk below, narrowings marked; shaded is a bot. */
export const riskTimelines = (outcomes: readonly SessionOutcome[]): ReportTimeline[] =>
  visitors.flatMap((visitor) =>
    outcomes
      .filter(({ session }) => session.visitor === visitor)
      .map(({ session, risks, narrowed }) => {
        const startMs = session.calls[0]!.time;
        const endMs = Math.max(startMs + 1, session.calls.at(-1)!.time, risks.at(-1)?.at ?? 0);
        const share = (at: number) => Math.min(1, Math.max(0, (at - startMs) / (endMs - startMs)));
        const values = new Array<number>(stretches).fill(0);
        for (const { time } of session.calls) values[Math.min(stretches - 1, Math.floor(share(time) * stretches))]!++;
        const scores = Array.from({ length: stretches }, (_, i) => {
          const at = startMs + ((i + 0.5) / stretches) * (endMs - startMs);
          return risks.find((one) => one.at >= at)?.risk ?? 0;
        });
        return {
          name: `${words[visitor]}, session ${session.id.slice(0, 8)}`,
          startMs,
          endMs,
          scores,
          values,
          labelled: visitor === 'human' ? [] : [[0, 1] as const],
          alarms: narrowed.map(({ at }) => share(at)),
        };
      }),
  );
