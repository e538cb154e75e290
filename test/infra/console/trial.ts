import { setTimeout as sleep } from 'node:timers/promises';
import { firstValueFrom, race, timer } from 'rxjs';
import { shownLifecycle } from '../../../infra/console/policies/shown.ts';
import type { PreviewPolicy } from '../../../infra/replay/preview.ts';
import type { Trials } from '../../../infra/replay/trial.ts';
import { EbbtideError } from '../../../schemas/errors.ts';
import { decisionOf } from './records.ts';

/** Stands in for a replay of the archive, which `test/pipelines/replay.test.ts` runs: slow enough to be called off. */
export const trial = (stepMs = 20) => {
  const seen = { begun: 0, cancelled: 0 };
  const replayed: PreviewPolicy = async ({ policy, inForce, from, to, stopping, progressed }) => {
    seen.begun += 1;
    let stopped = false;
    const stop = stopping.subscribe(() => {
      stopped = true;
    });
    for (let done = 1; done <= 10 && !stopped; done++) {
      progressed(done, 10);
      await Promise.race([sleep(stepMs), firstValueFrom(race(stopping, timer(stepMs)), { defaultValue: 0 })]);
    }
    stop.unsubscribe();
    if (stopped) {
      seen.cancelled += 1;
      throw new EbbtideError('CANCELLED', 'Replay stopped before its end');
    }
    const span = { from: to - 3_600_000, to };
    const revoked = policy.strikes < inForce.strikes;
    const here = { ...decisionOf('cred-checkout', 'revoke', span.from + 1_200_000), newTtlMs: 0 };
    const there = { ...decisionOf('cred-checkout', 'shorten', span.from + 1_200_000), newTtlMs: 120_000 };
    return {
      from,
      warnings: [],
      report: {
        span,
        rejected: {},
        figures: {
          samples: 36_000,
          differingDecisions: 1,
          differingSubjects: 1,
          againstDecisions: 42,
          decisions: 42,
          revocations: revoked ? 3 : 2,
          againstRevocations: 2,
          falseRevocations: revoked ? 1 : 0,
          againstFalseRevocations: 0,
          trueRevocations: 2,
          againstTrueRevocations: 2,
          ttlHoursMalicious: 0.4,
          againstTtlHoursMalicious: 0.9,
          analystItemsPerDay: 12.5,
          againstAnalystItemsPerDay: 9,
        },
        differences: [{ subject: 'cred-checkout', at: here.decidedAt, here, there }],
        courses: [
          {
            subject: 'cred-checkout',
            verdict: { kind: 'malicious', maliciousFrom: span.from, onset: span.from },
            here: [
              { at: span.from, ttlMs: 600_000 },
              { at: span.from + 1_200_000, ttlMs: 0 },
            ],
            there: [
              { at: span.from, ttlMs: 600_000 },
              { at: span.from + 1_200_000, ttlMs: 120_000 },
              { at: span.from + 1_800_000, ttlMs: 60_000 },
            ],
          },
        ],
      },
    };
  };
  const trials: Trials = { lifecycle: async (wish) => shownLifecycle(await replayed(wish), wish.to) };
  return { trials, seen };
};
