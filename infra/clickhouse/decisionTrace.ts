import { EbbtideError } from '../../schemas/errors.ts';
import type { ClickHouseArchive } from './client.ts';
import { clickhouseError } from './errors.ts';

/** One stretch of the way from behaviour to what came of it. Times are epoch milliseconds. */
export interface TraceStep {
  readonly name: string;
  /** Who was at work, or what was waited for. */
  readonly by: string;
  readonly startMs: number;
  readonly endMs: number;
  /** What came of it. */
  readonly detail: string;
}

/** The way of one decision, by the times that the archive has. */
export interface DecisionTrace {
  readonly decisionId: string;
  readonly subject: string;
  readonly pipeline: string;
  readonly action: string;
  readonly mode: string;
  readonly reason: string;
  /** In the order of time. */
  readonly steps: readonly TraceStep[];
  /** When it came into effect, at Vault or at the gateway, epoch milliseconds; null where no record says that it did. */
  readonly inEffectMs: number | null;
}

interface Row {
  readonly subject: string;
  readonly pipeline: string;
  readonly action: string;
  readonly mode: string;
  readonly withheld: string;
  readonly reason: string;
  readonly windowEnd: number;
  readonly written: number;
}

const ms = (column: string): string => `toUnixTimestamp64Milli(${column})`;
const queries = {
  decision: `SELECT subject, pipeline, action, mode, withheld, reason, ${ms('window_end')} AS windowEnd, ${ms('kafka_time')} AS written
FROM decisions_raw WHERE decision_id = {id:String} ORDER BY kafka_time LIMIT 1`,
  score: `SELECT score, samples, ${ms('window_start')} AS windowStart FROM scores_raw
WHERE subject = {subject:String} AND pipeline = {pipeline:String} AND role = 'champion'
AND window_end = fromUnixTimestamp64Milli({windowEnd:Int64}) LIMIT 1`,
  effect: `SELECT outcome, detail, attempts, ${ms('applied_at')} AS applied, ${ms('kafka_time')} AS written
FROM effects_raw WHERE subject = {subject:String} AND decision_id = {id:String} ORDER BY kafka_time LIMIT 1`,
  override: `SELECT scope, mode, ${ms('kafka_time')} AS written FROM scope_overrides_raw
WHERE decision_id = {id:String} AND NOT deleted ORDER BY kafka_time LIMIT 1`,
  refusal: `SELECT service, operation, scope, ${ms('telemetry_api_raw.time')} AS at FROM telemetry_api_raw
WHERE frontend_credential = {subject:String} AND denied AND telemetry_api_raw.time >= fromUnixTimestamp64Milli({written:Int64})
ORDER BY telemetry_api_raw.time LIMIT 1`,
} as const;

/**
 * The way of one decision, by the times at which records of it were made and taken by the broker: from the window of
 * behaviour to Vault's answer, or to the gateway's first refusal. It needs no tracing to be on.
 *
 * Times of different machines are compared, and are as good as their clocks.
 *
 * @throws {EbbtideError} `NOT_FOUND` where no such decision is archived (yet), `CLICKHOUSE_UNAVAILABLE`, `CLICKHOUSE_REJECTED`
 */
export const decisionTrace = async (archive: ClickHouseArchive, decisionId: string): Promise<DecisionTrace> => {
  const first = async <T>(query: string, params: Record<string, unknown>): Promise<T | undefined> => {
    const answer = await archive.client.query({
      query,
      query_params: { id: decisionId, ...params },
      format: 'JSONEachRow',
      clickhouse_settings: { readonly: '1', output_format_json_quote_64bit_integers: 0 },
    });
    return (await answer.json<T>())[0];
  };
  try {
    const decision = await first<Row>(queries.decision, {});
    if (!decision)
      throw new EbbtideError(
        'NOT_FOUND',
        `No decision ${decisionId} is archived; "ebbtide query" on decisions shows which are, and what is new takes some seconds`,
        { decisionId },
      );
    const { subject, pipeline, action, mode, withheld, reason, windowEnd, written } = decision;
    const score = await first<{ score: number; samples: number; windowStart: number }>(queries.score, {
      ...{ subject, pipeline, windowEnd },
    });
    const steps: TraceStep[] = [];
    let inEffectMs: number | null = null;
    if (score)
      steps.push({
        ...{ name: 'window of behaviour', by: subject, startMs: score.windowStart, endMs: windowEnd },
        detail: `${score.samples} samples, score ${score.score.toFixed(3)}`,
      });
    const end = withheld === '' ? action : `${action}, withheld: ${withheld}`;
    steps.push({
      name: 'grace, scored, decided',
      by: `run ${pipeline}`,
      startMs: windowEnd,
      endMs: written,
      detail: end,
    });
    const effect = await first<{ outcome: string; detail: string; attempts: number; applied: number; written: number }>(
      queries.effect,
      { subject },
    );
    if (effect?.outcome === 'enforced') inEffectMs = effect.applied;
    if (effect)
      steps.push(
        {
          ...{ name: 'applied at Vault', by: 'run actuate', startMs: written, endMs: effect.applied },
          detail: `${effect.outcome}${effect.attempts > 1 ? ` after ${effect.attempts} tries` : ''}: ${effect.detail}`,
        },
        { name: 'effect on record', by: 'Kafka', startMs: effect.applied, endMs: effect.written, detail: '' },
      );
    const override = await first<{ scope: string; mode: string; written: number }>(queries.override, {});
    if (override) {
      if (override.mode === 'enforce') inEffectMs = override.written;
      steps.push({
        ...{ name: 'override on record', by: 'Kafka', startMs: written, endMs: override.written },
        detail: override.mode === 'enforce' ? override.scope : `${override.scope}, in ${override.mode} mode`,
      });
      const refusal = await first<{ service: string; operation: string; scope: string; at: number }>(queries.refusal, {
        ...{ subject, written: override.written },
      });
      if (refusal && override.mode === 'enforce') {
        inEffectMs = refusal.at;
        steps.push({
          ...{ name: 'until a call is refused', by: 'gateway', startMs: override.written, endMs: refusal.at },
          detail: `${refusal.service} ${refusal.operation} in scope ${refusal.scope}`,
        });
      }
    }
    return { decisionId, subject, pipeline, action, mode, reason, steps, inEffectMs };
  } catch (error) {
    throw clickhouseError(`Cannot read the way of ${decisionId}`, error);
  }
};
