import { loadRecording } from '../../../models/data/index.ts';
import { resourceMetrics } from '../../../models/features/resource.ts';
import { TopicCodec } from '../../../schemas/codec.ts';
import type { ResourceSample } from '../../../schemas/generated/index.ts';
import { type LifecyclePolicy, parseLifecyclePolicy } from '../../../schemas/policy.ts';
import { MemoryRegistry } from '../../../schemas/registry.ts';
import { topics } from '../../../schemas/topics.ts';

/** What all processes of the benchmark agree on. */
export interface Stage {
  readonly brokers: string;
  readonly credentials: number;
  /** The first of the credentials, in the order of their numbers, go astray. */
  readonly astray: number;
  /** Samples a second, of all credentials. */
  readonly rate: number;
  /** Samples to a message. */
  readonly per: number;
  readonly windowMs: number;
  readonly graceMs: number;
  /** Calm before the first goes astray, and from one to the next, milliseconds. */
  readonly calmMs: number;
  readonly everyMs: number;
}

/** A registry that gives the same ids in every process of the benchmark. */
export const sharedRegistry = async (): Promise<MemoryRegistry> => {
  const registry = new MemoryRegistry();
  for (const topic of Object.values(topics)) await TopicCodec.open(topic, registry);
  return registry;
};

/**
 * The shipped rules and thresholds, but that one strike revokes, and budgets that do not bite: the way is measured,
 * not the patience.
 */
export const latencyPolicy = ({ windowMs, graceMs }: Stage): LifecyclePolicy =>
  parseLifecyclePolicy({
    mode: 'enforce',
    windowMs,
    graceMs,
    strikes: 1,
    budgetPerSubject: { actions: 1000, perMs: 60_000 },
    budgetForAll: { actions: 100_000, perMs: 60_000 },
    onSilence: 'alert',
  });

/** Rows of a recording as samples without a time. */
export const samplesOf = (name: string, from = 0, to?: number): ResourceSample[] => {
  const { metrics, rows } = loadRecording(name);
  const samples: ResourceSample[] = [];
  for (let row = from; row < (to ?? rows); row++) {
    const values = resourceMetrics.map((metric) => {
      const value = metrics[metric][row]!;
      return [metric, Number.isNaN(value) ? null : value] as const;
    });
    samples.push({ time: 0, custom: {}, ...Object.fromEntries(values) } as unknown as ResourceSample);
  }
  return samples;
};
