import type { Alert, Decision, Effect, Investigation, Label, Score } from '../../schemas/generated/index.ts';
import type { ActionFilter } from '../console/view/action.ts';
import { countActions, readActions } from './actions.ts';
import type { ClickHouseArchive } from './client.ts';
import { subjectHistory, subjectRows } from './history.ts';
import { policyHistory } from './policies.ts';
import { readRecords } from './records.ts';

const mostMoments = 1_000;
const log = 'kafka_cluster, kafka_partition, kafka_offset, kafka_time';
const harsh = "action IN ('revoke', 'shorten', 'narrow')";
const within = 'kafka_time >= {from:DateTime64(3)} - INTERVAL 1 DAY';

const queueQueries = {
  decisions: `SELECT * EXCEPT (${log}) FROM decisions WHERE ${within} AND decided_at >= {from:DateTime64(3)} AND ${harsh}
ORDER BY decided_at DESC LIMIT {limit:UInt32}`,
  effects: `SELECT * EXCEPT (${log}) FROM effects WHERE ${within} AND applied_at >= {from:DateTime64(3)} AND ${harsh}
ORDER BY applied_at DESC LIMIT {limit:UInt32}`,
  alerts: `SELECT * EXCEPT (${log}) FROM alerts WHERE ${within} AND at >= {from:DateTime64(3)}
ORDER BY at DESC LIMIT {limit:UInt32}`,
} as const;

const scoresQuery = `SELECT intDiv(toUnixTimestamp64Milli(window_end), {step:Int64}) * {step:Int64} AS at, max(s.score) AS score,
argMax(s.severity, s.score) AS severity, argMax(s.frequency, s.score) AS frequency, min(s.learning) AS learning
FROM scores AS s
WHERE subject = {subject:String} AND window_end >= {from:DateTime64(3)} AND window_end < {to:DateTime64(3)} AND role != 'challenger'
GROUP BY at ORDER BY at`;

const featuresQuery = `SELECT one.1 AS feature, sum(one.2 * score) / sum(sum(one.2 * score)) OVER () AS weight
FROM scores ARRAY JOIN contributions AS one
WHERE subject = {subject:String} AND window_end >= {from:DateTime64(3)} AND window_end < {to:DateTime64(3)}
AND role != 'challenger' AND NOT learning
GROUP BY feature HAVING sum(one.2 * score) > 0 ORDER BY weight DESC LIMIT 12`;

const lifeQuery = `SELECT kafka_time AS at, expires_at FROM credentials_history
WHERE credential_id = {subject:String} AND NOT deleted ORDER BY at LIMIT 5000`;

const stepsQuery = `SELECT * EXCEPT (deleted, ${log}) FROM investigations_history
WHERE investigation_id = {id:String} AND NOT deleted ORDER BY kafka_offset LIMIT 2000`;

const aboutQueries = {
  alerts: `SELECT * EXCEPT (${log}) FROM alerts WHERE subject = {subject:String} ORDER BY at DESC LIMIT 200`,
  labels: `SELECT * EXCEPT (${log}) FROM labels WHERE subject = {subject:String} ORDER BY at DESC LIMIT 200`,
  lastScore: `SELECT * EXCEPT (${log}) FROM scores WHERE subject = {subject:String} AND window_end < {to:DateTime64(3)}
AND role != 'challenger' ORDER BY window_end DESC LIMIT 1`,
} as const;

/** Who shares what with a subject, by what telemetry of the last day says. */
const relatedQueries = {
  host: `SELECT credential_id AS subject, max(time) AS seen_at, any(host) AS of FROM telemetry_resource_raw
WHERE time >= {from:DateTime64(3)} AND credential_id != {subject:String} AND credential_id != '' AND host IN
(SELECT DISTINCT host FROM telemetry_resource_raw WHERE credential_id = {subject:String} AND time >= {from:DateTime64(3)})
GROUP BY subject ORDER BY seen_at DESC LIMIT {limit:UInt32}`,
  address: `SELECT frontend_credential AS subject, max(time) AS seen_at, any(address) AS of FROM telemetry_api_raw
WHERE time >= {from:DateTime64(3)} AND frontend_credential != {subject:String} AND address IN
(SELECT DISTINCT address FROM telemetry_api_raw WHERE frontend_credential = {subject:String} AND time >= {from:DateTime64(3)} AND address != '')
GROUP BY subject ORDER BY seen_at DESC LIMIT {limit:UInt32}`,
  machine: `SELECT user AS subject, max(time) AS seen_at, any(vm) AS of FROM telemetry_access_raw
WHERE time >= {from:DateTime64(3)} AND user != {subject:String} AND user != '' AND vm IN
(SELECT DISTINCT vm FROM telemetry_access_raw WHERE user = {subject:String} AND time >= {from:DateTime64(3)} AND vm != '')
GROUP BY subject ORDER BY seen_at DESC LIMIT {limit:UInt32}`,
} as const;

/** Whoever was seen where a subject was. */
export interface SeenTogether {
  /** What they share. */
  readonly by: keyof typeof relatedQueries;
  /** The host, address or machine, one of them where there are several. */
  readonly of: string;
  readonly subject: string;
  /** When last, epoch milliseconds. */
  readonly seenAt: number;
}

/** A subject's life as the archive has it, thinned out to what a screen can show. */
export interface SubjectTimeline {
  /** The highest score of each step, in order of time. */
  readonly scores: readonly {
    readonly at: number;
    readonly score: number;
    readonly severity: number;
    readonly frequency: number;
    readonly learning: boolean;
  }[];
  /** Share of each feature in what moved the score, weighted by it, the largest first; together 1. */
  readonly features: readonly { readonly feature: string; readonly weight: number }[];
  readonly decisions: readonly Decision[];
  readonly effects: readonly Effect[];
  readonly alerts: readonly Alert[];
  readonly labels: readonly Label[];
  readonly lastScore: Score | null;
  /** What the register said of its end, in order of time. */
  readonly life: readonly { readonly at: number; readonly expiresAt: number }[];
}

/** What the console asks of the archive. Each method throws `CLICKHOUSE_UNAVAILABLE` or `CLICKHOUSE_REJECTED`. */
export const deskArchive = (archive: ClickHouseArchive) => {
  const read = <T>(
    what: string,
    query: string,
    parameters: Record<string, unknown>,
    maxSeconds?: number,
  ): Promise<T[]> => readRecords<T>(archive, what, query, parameters, maxSeconds);
  return {
    /** Whether it answers. */
    async ping(): Promise<void> {
      await read('whether it answers', 'SELECT 1', {}, 5);
    },
    /** Policies that were put in force, the latest. */
    policies: (limit: number) => policyHistory(archive, limit),
    /** Every step of an investigation, in the order of the topic. */
    investigation: (id: string) => read<Investigation>(`investigation ${id}`, stepsQuery, { id }),
    /** How many of people's actions fit. */
    countActions: (filter: ActionFilter) => countActions(archive, filter),
    /** People's actions that fit, the newest first. */
    readActions: (filter: ActionFilter, offset: number, limit: number) => readActions(archive, filter, offset, limit),
    /** Everything about a subject between two times, epoch milliseconds. */
    history: (subject: string, fromMs: number, toMs: number) => subjectHistory(archive, subject, fromMs, toMs),
    /** Harsh decisions, their effects, and alerts since a time, the newest `limit` of each. */
    async queue(fromMs: number, limit: number) {
      const parameters = { from: new Date(fromMs), limit };
      const [decisions, effects, alerts] = await Promise.all([
        read<Decision>('decisions', queueQueries.decisions, parameters),
        read<Effect>('effects', queueQueries.effects, parameters),
        read<Alert>('alerts', queueQueries.alerts, parameters),
      ]);
      return { decisions, effects, alerts };
    },
    /** @param points - scores at most, 1 and up */
    async timeline(subject: string, fromMs: number, toMs: number, points: number): Promise<SubjectTimeline> {
      const what = `the life of ${subject}`;
      const step = Math.max(1, Math.ceil((toMs - fromMs) / points));
      const parameters = { subject, from: new Date(fromMs), to: new Date(toMs), step };
      const [scores, features, life, decisions, effects, alerts, labels, last] = await Promise.all([
        read<SubjectTimeline['scores'][number]>(what, scoresQuery, parameters),
        read<SubjectTimeline['features'][number]>(what, featuresQuery, parameters),
        read<SubjectTimeline['life'][number]>(what, lifeQuery, parameters),
        subjectRows(archive, 'decisions', subject, fromMs, toMs, mostMoments),
        subjectRows(archive, 'effects', subject, fromMs, toMs, mostMoments),
        read<Alert>(what, aboutQueries.alerts, parameters),
        read<Label>(what, aboutQueries.labels, parameters),
        read<Score>(what, aboutQueries.lastScore, parameters),
      ]);
      return {
        scores,
        features,
        life,
        decisions,
        effects,
        alerts: alerts.reverse(),
        labels: labels.reverse(),
        lastScore: last[0] ?? null,
      };
    },
    /** Who was on the same hosts, addresses and machines since a time, `limit` of each. */
    async related(subject: string, fromMs: number, limit: number): Promise<SeenTogether[]> {
      const kinds = Object.keys(relatedQueries) as (keyof typeof relatedQueries)[];
      const found = await Promise.all(
        kinds.map((by) =>
          read<Omit<SeenTogether, 'by'>>(
            'who is related',
            relatedQueries[by],
            { subject, from: new Date(fromMs), limit },
            5,
          ),
        ),
      );
      return found.flatMap((rows, index) => rows.map((row) => ({ by: kinds[index]!, ...row })));
    },
  };
};

/** The archive as the console sees it. */
export type DeskArchive = ReturnType<typeof deskArchive>;
