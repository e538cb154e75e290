import type { ScopeModel } from '../../models/scope/model.ts';
import type { ApiTelemetry } from '../../schemas/generated/index.ts';
import type { ScopePolicy } from '../../schemas/scopePolicy.ts';
import { type CallOutcome, CallReplay } from './replayCalls.ts';

/** A change of a caller's scope. */
export interface ScopeChange {
  readonly at: number;
  readonly action: 'narrow' | 'widen';
  readonly scope: string;
  readonly risk: number;
  readonly reason: string;
  readonly features: readonly string[];
  /** Calls of the caller by then. */
  readonly calls: number;
  /** Why it would not have been applied; empty where it would. */
  readonly withheld: string;
}

/** What became of one caller. */
export interface SubjectReport {
  readonly subject: string;
  readonly calls: number;
  readonly firstAt: number;
  readonly lastAt: number;
  readonly services: number;
  readonly refused: number;
  /** Largest risk, when, and what moved it. */
  readonly peakRisk: number;
  readonly peakAt: number;
  readonly peakFeatures: readonly string[];
  /** Narrowest scope that it came to. */
  readonly narrowest: string;
  readonly changes: readonly ScopeChange[];
  /** Risk of each window that was assessed. */
  readonly risks: readonly { readonly at: number; readonly risk: number }[];
}

type Writable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };

/** How many of a caller's risks are kept, evenly thinned: a year of windows says no more in a plot. */
const mostRisks = 2000;

/**
 * Send calls of the past through the scope pipeline's own chain, and say of each caller what would have become of it.
 *
 * @param calls - in the order of their times
 * @returns the riskiest first
 */
export const reportSubjects = async (
  calls: Iterable<ApiTelemetry> | AsyncIterable<ApiTelemetry>,
  { policy, model }: { readonly policy: ScopePolicy; readonly model: ScopeModel },
  progressed: (calls: number) => void = () => {},
): Promise<SubjectReport[]> => {
  const replay = new CallReplay({ policy, model });
  const reports = new Map<string, Writable<SubjectReport>>();
  const seen = new Map<string, Set<string>>();
  const widest = policy.ranges[0]!.scope;

  const note = ({ scores, decisions }: CallOutcome) => {
    for (const { subject, risk, windowEnd, contributions } of scores) {
      const report = reports.get(subject)!;
      if (risk > report.peakRisk)
        Object.assign(report, {
          peakRisk: risk,
          peakAt: windowEnd,
          peakFeatures: contributions.map(({ feature }) => feature),
        });
      report.risks.push({ at: windowEnd, risk });
      if (report.risks.length > mostRisks)
        report.risks = report.risks.filter((one, i) => i % 2 === 0 || one.risk === report.peakRisk);
    }
    for (const { subject, action, newScope, decidedAt, risk, reason, features, withheld } of decisions) {
      if (action !== 'narrow' && action !== 'widen') continue;
      const report = reports.get(subject)!;
      report.changes.push({
        at: decidedAt,
        action,
        scope: newScope,
        risk,
        reason,
        features,
        calls: report.calls,
        withheld,
      });
      if (action === 'narrow' && withheld === '') report.narrowest = narrower(policy, report.narrowest, newScope);
    }
  };

  let done = 0;
  for await (const call of calls) {
    const { frontendCredential: subject, time, service, errorCode, status } = call;
    let report = reports.get(subject);
    if (!report) {
      report = {
        ...{ subject, calls: 0, firstAt: time, lastAt: time, services: 0, refused: 0 },
        ...{ peakRisk: 0, peakAt: time, peakFeatures: [], narrowest: widest, changes: [], risks: [] },
      };
      reports.set(subject, report);
      seen.set(subject, new Set());
    }
    report.calls++;
    report.lastAt = time;
    report.services = seen.get(subject)!.add(service).size;
    if (call.denied || errorCode !== '' || status >= 400) report.refused++;
    note(await replay.take(call));
    if (++done % 1000 === 0) progressed(done);
  }
  note(await replay.finish());
  return [...reports.values()].sort(
    (a, b) => b.peakRisk - a.peakRisk || b.calls - a.calls || (a.subject < b.subject ? -1 : 1),
  );
};

const narrower = ({ ranges }: ScopePolicy, a: string, b: string): string => {
  const place = (scope: string) => ranges.findIndex((range) => range.scope === scope);
  return place(b) > place(a) ? b : a;
};
