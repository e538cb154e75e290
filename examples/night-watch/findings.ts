import type { TopicSpec } from 'ebbtide';

/** A credential that was shortened or revoked while nobody was at work. */
export interface Finding {
  readonly subject: string;
  readonly decisionId: string;
  readonly action: string;
  /** Hour of the day in UTC, 0 to 23. */
  readonly hour: number;
  readonly reason: string;
}

/** The topic that the findings go to. Its schema is registered under `night-findings-value`. */
export const findings: TopicSpec = {
  name: 'night-findings',
  schema: {
    type: 'record',
    name: 'Finding',
    namespace: 'example',
    fields: [
      { name: 'subject', type: 'string' },
      { name: 'decisionId', type: 'string' },
      { name: 'action', type: 'string' },
      { name: 'hour', type: 'int' },
      { name: 'reason', type: 'string' },
    ],
  },
  key: 'subject',
  partitioning: 'partitioned',
  cleanup: 'delete',
  retentionMs: 30 * 86_400_000,
};
