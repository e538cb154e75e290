import { Gauge } from 'prom-client';
import { TopicCodec } from '../../schemas/codec.ts';
import type { ThreatIndicators } from '../../schemas/generated/index.ts';
import type { ThreatMatch } from '../../schemas/threat.ts';
import { topics } from '../../schemas/topics.ts';
import type { AppContext } from '../context.ts';
import { type Follower, follow } from '../kafka/follow.ts';
import type { CallTraits } from './feedTable.ts';
import { IndicatorTables } from './indicatorTables.ts';

/** The indicators in force, as they are on Kafka. */
export interface Threats extends Follower {
  /** Indicators in force. */
  readonly size: number;
  /**
   * What a call matches, the most confident first; `threatFields` of `schemas/threat.ts` puts it into a record.
   *
   * @param atMs - when the call arrived, epoch milliseconds
   */
  matches(traits: CallTraits, atMs: number): ThreatMatch[];
}

/**
 * Follow the indicators in force. Whoever observes an API call puts its matches into the record, once: pipelines read
 * them there, so that a replay gives the same risk whatever the feeds say by then.
 *
 * @example
 * const threats = await followThreats(context);
 * await threats.caughtUp;
 * const record = { ...call, ...threatFields(threats.matches(call, call.time)) };
 */
export const followThreats = async ({ kafka, registry, log, metrics }: AppContext): Promise<Threats> => {
  const codec = await TopicCodec.open<ThreatIndicators>(topics.threatIndicators, registry);
  const tables = new IndicatorTables();
  const warnOf = ({ feed, version }: ThreatIndicators, missing: string | undefined) => {
    if (missing) log.warn({ feed, version }, missing);
  };
  const follower = await follow(
    kafka,
    codec,
    (record, { key }) => {
      if (!record) tables.remove(String(key));
      else warnOf(record, tables.apply(record));
      // Whoever answers calls beside this gets the event loop back after each part
      return new Promise<void>((resolve) => setImmediate(resolve));
    },
    log,
  );
  const name = 'ebbtide_threat_indicators_in_force';
  metrics.removeSingleMetric(name);
  new Gauge({
    name,
    help: 'Threat indicators that calls are compared with',
    registers: [metrics],
    collect() {
      this.set(tables.size);
    },
  });
  return {
    ...follower,
    get size() {
      return tables.size;
    },
    matches: (traits, atMs) => tables.matches(traits, atMs),
  };
};
