import { partsOfPair } from '../../../models/access/population.ts';
import { subjectOfPair } from '../../../operators/preprovision/decisionRecord.ts';
import type { ToldRisk, UserStanding } from '../../../operators/preprovision/riskGate.ts';
import { type SaidRisk, withRisk } from '../../../operators/preprovision/toldRisks.ts';
import { ordersAsOf, preprovisionPolicies } from '../../../pipelines/orders.ts';
import type { VersionedTable } from '../../../pipelines/versionedTable.ts';
import type { Control } from '../../../schemas/generated/index.ts';

/**
 * What else was known of users at a time of the past: what pipelines had said of them, and kill switches.
 *
 * @param control - all that was set; what is no order that can be read stops nobody, as in the job
 */
export const pastStandings = (control: VersionedTable<Control>) => {
  const risks = new Map<string, readonly ToldRisk[]>();
  let waiting: { readonly user: string; readonly said: SaidRisk }[] = [];
  const set = [...control.versions()].flatMap(([, offset, one]) => (one ? [{ offset, at: one.at }] : []));
  set.sort((a, b) => a.offset - b.offset);
  const orders = ordersAsOf('preprovision', control, () => {}, preprovisionPolicies);
  let known = 0;
  return {
    /** Take in what was said, in order of time; it counts from the next hour on. */
    say(user: string, said: SaidRisk): void {
      waiting.push({ user, said });
    },
    /** It is so late now. */
    pass(timeMs: number): void {
      const next = waiting.findIndex(({ said }) => said.windowEnd >= timeMs);
      const past = next < 0 ? waiting : waiting.slice(0, next);
      waiting = next < 0 ? [] : waiting.slice(next);
      for (const { user, said } of past) risks.set(user, withRisk(risks.get(user) ?? [], said));
      while (known < set.length && set[known]!.at <= timeMs) known++;
    },
    /** @param timeMs - the beginning of the hour that was passed to last */
    standing(pair: string, timeMs: number): UserStanding {
      const { user } = partsOfPair(pair);
      const { killed } = orders(known === 0 ? 0 : set[known - 1]!.offset + 1, timeMs);
      return {
        risks: risks.get(user) ?? [],
        killed: [user, subjectOfPair(pair)].some((subject) => killed?.(subject)),
      };
    },
  };
};
