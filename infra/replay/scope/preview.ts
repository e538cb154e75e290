import type { ScopeModel } from '../../../models/scope/model.ts';
import { reportSubjects, type SubjectReport } from '../../../pipelines/scope/subjectReport.ts';
import { EbbtideError } from '../../../schemas/errors.ts';
import type { ApiTelemetry } from '../../../schemas/generated/index.ts';
import type { ScopePolicy } from '../../../schemas/scopePolicy.ts';
import type { ApiCallArchive } from '../../clickhouse/apiCalls.ts';
import type { TrialWish } from '../trial.ts';

/** What came of it: of each caller, by the draft and by the policy in force. */
export interface ScopePreview {
  readonly draft: readonly SubjectReport[];
  readonly inForce: readonly SubjectReport[];
  /** Where it began: later than asked for where there was too much. */
  readonly from: number;
}

/** Tries a scope policy on the past; until the end of the wish the archive must be complete, as it is read twice. */
export type PreviewScope = (wish: TrialWish<ScopePolicy>) => Promise<ScopePreview>;

const shortestMs = 600_000;

/**
 * Tries scope policies on the API calls of the archive, by the scope pipeline's own chain, as `ebbtide policy test` does.
 * Baselines begin with the range. Nothing is put in force.
 *
 * @param model - opens the model that assesses; it is closed at the end
 * @param mostCalls - of more, the latest
 * @returns throws `DATA_MISSING` where there was no call
 */
export const openScopePreview =
  (source: ApiCallArchive, model: () => Promise<ScopeModel>, mostCalls = 100_000): PreviewScope =>
  async ({ policy, inForce, from, to, stopping, progressed }) => {
    let first = from;
    let total = await source.count(first, to);
    while (total > mostCalls && to - first > shortestMs) {
      const later = Math.round((first + to) / 2);
      const left = await source.count(later, to);
      if (left < mostCalls) break;
      [first, total] = [later, left];
    }
    const skipped = Math.max(0, total - mostCalls);
    total -= skipped;
    if (total === 0)
      throw new EbbtideError(
        'DATA_MISSING',
        'The archive holds no API call of this time; gateways write them, and the archive keeps them',
      );
    let stopped = false;
    const listening = stopping.subscribe(() => {
      stopped = true;
    });
    async function* calls(): AsyncGenerator<ApiTelemetry> {
      let done = 0;
      for await (const call of source.calls(first, to)) {
        if (stopped) throw new EbbtideError('CANCELLED', 'Another draft is being tried');
        done += 1;
        if (done > skipped) yield call;
      }
    }
    let assessed: ScopeModel | undefined;
    try {
      const opened = await model();
      assessed = opened;
      const report = (of: ScopePolicy, pass: number) =>
        reportSubjects(calls(), { policy: { ...of, maxPastMs: Number.MAX_SAFE_INTEGER }, model: opened }, (done) =>
          progressed(pass * total + done, 2 * total),
        );
      const draft = await report(policy, 0);
      const before = await report(inForce, 1);
      return { draft, inForce: before, from: skipped > 0 ? Math.min(...draft.map(({ firstAt }) => firstAt)) : first };
    } finally {
      listening.unsubscribe();
      await assessed?.close();
    }
  };
