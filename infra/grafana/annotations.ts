import { AnnotationQueryBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { chosenClickHouse, clickhouseQuery } from './query.ts';

/**
 * What was taken from whom, drawn into every panel: at most 200 of the range, the latest.
 *
 * @param where - which decisions, in SQL
 */
export const interventions = (where: string) =>
  new AnnotationQueryBuilder()
    .name('Decisions')
    .datasource(chosenClickHouse)
    .enable(true)
    .iconColor('orange')
    .target(
      clickhouseQuery(
        `SELECT
  decided_at AS time,
  concat(action, if(mode = 'shadow', ' (shadow)', ''), ' ', subject) AS title,
  reason AS text,
  concat(pipeline, ',', action, ',', mode) AS tags
FROM interventions
WHERE $__timeFilter(decided_at) AND ${where}
ORDER BY decided_at DESC
LIMIT 200`,
        'table',
      ),
    );
