import { type Decision, type Job, job, topics } from 'ebbtide';
import { atNight, type Night } from './atNight.ts';
import { type Finding, findings } from './findings.ts';

/** Reads what Ebbtide decides, and writes what it decided at night. */
export const nightWatch = (night: Night): Job =>
  job<Decision, Finding>({
    name: 'night-watch',
    input: topics.decisions,
    output: findings,
    chain: () => atNight(night),
  });
