import { clickhouseTarget, clickhouseType, inFiveMinutes } from './query.ts';

/** An alert on what is in the archive. Processes are watched by Prometheus instead: see infra/prometheus. */
export interface ArchiveAlert {
  /** Its lasting identifier, and its anchor in docs/runbook.md. */
  readonly uid: string;
  readonly title: string;
  readonly severity: 'warning' | 'critical';
  /** What has happened, for who is woken. */
  readonly summary: string;
  /** One row with one number. */
  readonly sql: string;
  /** It fires above this, */
  readonly above: number;
  /** for so long, e.g. `5m`. */
  readonly pending: string;
  /** How far back the query looks, seconds. */
  readonly seconds: number;
  /** What no row means: that all is well, or that something is wrong. */
  readonly noData: 'OK' | 'Alerting';
  /** Dashboard to look at first. */
  readonly board: string;
}

/** Data source of alert rules, which have no variables: the one that is provisioned. */
export const provisionedClickHouse = { type: clickhouseType, uid: 'ebbtide-clickhouse' } as const;

export const archiveAlerts: readonly ArchiveAlert[] = [
  {
    uid: 'EbbtideRevocationSurge',
    title: 'Many credentials are revoked',
    severity: 'critical',
    summary: 'More than 20 credentials were revoked within 15 minutes: an attack, or a model or policy that is wrong',
    sql: `SELECT toFloat64(groupBitmapMerge(decisions)) AS value FROM decisions_by_time
WHERE ${inFiveMinutes()} AND action = 'revoke' AND mode = 'enforce' AND withheld = ''`,
    above: 20,
    pending: '0s',
    seconds: 900,
    noData: 'OK',
    board: 'fleet',
  },
  {
    uid: 'EbbtideSlowRevocation',
    title: 'Revocations take long',
    severity: 'critical',
    summary: 'Half of the revocations of the last 15 minutes took more than 5 s from the behaviour to Vault',
    sql: `SELECT toFloat64(quantileExact(0.5)(greatest(0, dateDiff('millisecond', d.window_end, e.applied_at)))) / 1000 AS value
FROM (SELECT * FROM interventions WHERE $__timeFilter(decided_at) AND action = 'revoke' AND mode = 'enforce' AND withheld = '') AS d
INNER JOIN (SELECT * FROM intervention_effects WHERE $__timeFrom(applied_at) AND outcome = 'enforced') AS e ON e.decision_id = d.decision_id
HAVING count() > 0`,
    above: 5,
    pending: '5m',
    seconds: 900,
    noData: 'OK',
    board: 'credentials',
  },
  {
    uid: 'EbbtideImpossibleEffect',
    title: 'A decision cannot be brought about',
    severity: 'warning',
    summary: 'Vault cannot do what was decided, or the holder can undo it: the credential lives on',
    sql: `SELECT toFloat64(groupBitmapMerge(effects)) AS value FROM effects_by_time
WHERE ${inFiveMinutes()} AND action = 'revoke' AND outcome IN ('impossible', 'advisory')`,
    above: 0,
    pending: '0s',
    seconds: 900,
    noData: 'OK',
    board: 'credentials',
  },
  {
    uid: 'EbbtideRefusalSurge',
    title: 'Many calls are refused',
    severity: 'warning',
    summary: 'More than a tenth of the calls of the last 15 minutes were refused',
    sql: `SELECT sumIf(calls, denied) / sum(calls) AS value FROM calls_by_time
WHERE ${inFiveMinutes()}
HAVING sum(calls) > 100`,
    above: 0.1,
    pending: '5m',
    seconds: 900,
    noData: 'OK',
    board: 'scope',
  },
  {
    uid: 'EbbtideModelMiscalibrated',
    title: 'A model calls too much improbable',
    severity: 'warning',
    summary:
      'Over 6 hours more than 5 % of the windows had a p-value of at most 1 %: what is normal has changed, or the model is wrong',
    sql: `SELECT avgMerge(p_at_most_0_01) AS value FROM scores_by_time
WHERE ${inFiveMinutes()} AND pipeline = 'lifecycle' AND role = 'champion' AND NOT learning
HAVING groupBitmapMerge(windows) > 1000`,
    above: 0.05,
    pending: '30m',
    seconds: 21_600,
    noData: 'OK',
    board: 'models',
  },
  {
    uid: 'EbbtideHitRateLow',
    title: 'Prepared credentials are seldom asked for',
    severity: 'warning',
    summary: 'Over a day more than nine tenths of the exposure of prepared secrets was for nothing',
    sql: `SELECT sumIf(lay_ms, NOT used) / sum(lay_ms) AS value FROM provision_secrets
WHERE $__timeFilter(minted_at)
HAVING count() > 20 AND sum(lay_ms) > 0`,
    above: 0.9,
    pending: '1h',
    seconds: 86_400,
    noData: 'OK',
    board: 'preprovision',
  },
  {
    uid: 'EbbtideArchiveStale',
    title: 'Nothing reaches the archive',
    severity: 'critical',
    summary: 'The newest archived clock record is more than 5 minutes old: the archive or the pipelines stand still',
    sql: `SELECT toFloat64(dateDiff('second', max(kafka_time), now64(3))) AS value FROM telemetry_clock_raw
WHERE $__timeFilter(kafka_time)
HAVING count() > 0`,
    above: 300,
    pending: '1m',
    seconds: 86_400,
    noData: 'Alerting',
    board: 'records',
  },
];

const dollarless = (text: string): string => text.replaceAll('$', '$$$$');

const queryOf = (alert: ArchiveAlert) => ({
  refId: 'A',
  datasourceUid: provisionedClickHouse.uid,
  relativeTimeRange: { from: alert.seconds, to: 0 },
  // Grafana replaces $NAME in provisioning files by the environment, and $$ by $
  model: { ...clickhouseTarget(dollarless(alert.sql), 'table', provisionedClickHouse), intervalMs: 1000 },
});

const expression = { type: '__expr__', uid: '__expr__' } as const;

/** What Grafana reads at its start, see "Provision alerting resources" in its documentation. */
export const alertProvisioning = (runbook: string) => ({
  apiVersion: 1,
  groups: [
    {
      orgId: 1,
      name: 'ebbtide-archive',
      folder: 'Ebbtide',
      interval: '1m',
      rules: archiveAlerts.map((alert) => ({
        uid: alert.uid,
        title: alert.title,
        condition: 'B',
        data: [
          queryOf(alert),
          {
            refId: 'B',
            datasourceUid: expression.uid,
            model: {
              refId: 'B',
              type: 'threshold',
              datasource: expression,
              expression: 'A',
              conditions: [{ evaluator: { type: 'gt', params: [alert.above] } }],
            },
          },
        ],
        noDataState: alert.noData,
        execErrState: 'Error',
        for: alert.pending,
        annotations: {
          summary: alert.summary,
          runbook_url: `${runbook}#${alert.uid.toLowerCase()}`,
          __dashboardUid__: `ebbtide-${alert.board}`,
        },
        labels: { severity: alert.severity, product: 'ebbtide' },
      })),
    },
  ],
});
