import { concatMap, defer, from, merge, type Observable, repeat, type SchedulerLike, startWith, timer } from 'rxjs';
import type { FeedSource, PollOutcome } from '../infra/threat/feedSource.ts';

/** What the pipeline of threat intelligence needs. */
export interface ThreatJob {
  readonly feeds: readonly FeedSource[];
  /** Put a version in force, or say that there is none to be had. */
  settle(outcome: PollOutcome): Promise<void>;
  /** Share by which the time between polls varies, 0 to 1. */
  readonly jitter: number;
  /** Between 0 and 1. @default Math.random */
  readonly random?: () => number;
  readonly scheduler?: SchedulerLike;
}

/**
 * Feeds of threat intelligence are polled, each at its own pace; a version that is new and good comes in force as a
 * whole, and the last good one stays where a feed fails.
 */
export const threat = (job: ThreatJob): Observable<void> => merge(...job.feeds.map((feed) => polled(feed, job)));

const polled = (source: FeedSource, { settle, jitter, random = Math.random, scheduler }: ThreatJob) => {
  const { pollMs } = source.feed;
  const pause = () => timer(pollMs * (1 + jitter * (2 * random() - 1)), scheduler);
  const polls = defer(() => source.poll()).pipe(repeat({ delay: pause }));
  return defer(() => source.restore()).pipe(
    concatMap((restored) => polls.pipe(startWith(restored))),
    concatMap((outcome) => from(settle(outcome))),
  );
};
