import { readFileSync } from 'node:fs';
import type { SampleLayout } from '../../../schemas/samples.ts';
import type { TopicSpec } from '../../../schemas/topics.ts';

/** Numbers of the peers' job, see the README of the peers. */
export const windowMs = 10_000;
export const graceMs = 5_000;
export const historyVectors = 32;
export const thresholds = [0.45, 0.38, 0.3];
export const actions = ['revoke', 'halve', 'keep', 'double'];
export const partitions = 4;

/** What `run.sh` of the peers tells its extra peer. */
export interface PeerSettings {
  readonly brokers: string;
  readonly group: string;
  readonly model: string;
  readonly telemetry: TopicSpec;
  /**
   * A topic of this run's own; removed at the end. In the peers' topic `decisions` a transaction that Flink left open when
   * it was stopped hides what is committed after it, for the ten minutes until the broker aborts it.
   */
  readonly decisions: TopicSpec;
  /** The job's changelog; removed at the end. */
  readonly state: string;
  readonly layout: SampleLayout;
}

const needed = (name: string): string => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; this program is started by run.sh of the peers (EXTRA=…)`);
  return value;
};

const topicOf = (name: string, schema: unknown, key: string): TopicSpec => ({
  name,
  schema: schema as TopicSpec['schema'],
  key,
  partitioning: 'partitioned',
  cleanup: 'delete',
  retentionMs: -1,
});

export const peerSettings = (): PeerSettings => {
  const schemaFile = needed('SCHEMA');
  const schema = JSON.parse(readFileSync(schemaFile, 'utf8')) as { fields: { name: string; type: unknown }[] };
  const decision = JSON.parse(readFileSync(schemaFile.replace(/[^/]*$/, 'decision.avsc'), 'utf8')) as unknown;
  const key = schema.fields.find(({ type }) => type === 'string')?.name;
  if (!key) throw new Error(`${schemaFile} has no string field that could name the credential`);
  return {
    brokers: needed('BOOTSTRAP'),
    group: needed('GROUP'),
    model: needed('MODEL'),
    // Registered in this order they get the ids that the peers write, 1 and 2.
    telemetry: topicOf('telemetry.resource', schema, key),
    decisions: topicOf(`${needed('GROUP')}-decisions`, decision, 'credential'),
    state: `${needed('GROUP')}-state`,
    layout: { key, samples: needed('ARRAY'), time: needed('TIME'), metrics: needed('FIELDS').split(',') },
  };
};
