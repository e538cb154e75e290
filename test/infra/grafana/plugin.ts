import type { ClickHouseArchive } from '../../../infra/clickhouse/client.ts';

/** What a dashboard is looked at with. */
export interface Look {
  /** Epoch milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Interval between points, milliseconds. */
  readonly intervalMs: number;
  readonly variables: Readonly<Record<string, string>>;
}

/** As Grafana's `encodeURIComponentStrict`, which its format `percentencode` applies. */
const percentEncode = (value: string): string =>
  encodeURIComponent(value).replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);

const formats: Readonly<Record<string, (value: string) => string>> = {
  percentencode: percentEncode,
  // Grafana's own quoting, to show that it would not do
  sqlstring: (value) => `'${value.replaceAll("'", "''")}'`,
};

/** Put variables in, as Grafana's page does before it sends a query. */
export const withVariables = (sql: string, variables: Look['variables']): string =>
  sql.replace(/\$\{(\w+)(?::(\w+))?\}/g, (_, name: string, format: string | undefined) => {
    const value = variables[name];
    if (value === undefined) throw new Error(`No variable ${name}`);
    const formatted = format === undefined ? value : formats[format]?.(value);
    if (formatted === undefined) throw new Error(`No format ${format}`);
    return formatted;
  });

/** Expand macros, as `pkg/macros` of the plugin does (version 4 of grafana-clickhouse-datasource). */
export const withMacros = (sql: string, { fromMs, toMs, intervalMs }: Look): string => {
  const instant = (ms: number): string => `toDateTime(${Math.floor(ms / 1000)})`;
  const seconds = Math.max(1, Math.floor(intervalMs / 1000));
  const macros: Readonly<Record<string, (argument: string) => string>> = {
    timeFilter: (column) => `${column} >= ${instant(fromMs)} AND ${column} <= ${instant(toMs)}`,
    timeFrom: (column) => `${column} >= ${instant(fromMs)}`,
    timeTo: (column) => `${column} <= ${instant(toMs)}`,
    timeInterval: (column) => `toStartOfInterval(toDateTime(${column}), INTERVAL ${seconds} second)`,
    interval_s: () => String(seconds),
    fromTime: () => instant(fromMs),
    toTime: () => instant(toMs),
  };
  return sql.replace(/\$__(\w+)(?:\(([^()]*)\))?/g, (_, name: string, argument = '') => {
    const macro = macros[name];
    if (!macro) throw new Error(`The plugin knows no macro $__${name}`);
    return macro(argument);
  });
};

/** Rows with the types of their columns. */
export interface Frame {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly unknown[])[];
}

/** What the plugin gets of a query: read-only, as its user is. */
export const ask = async (archive: ClickHouseArchive, sql: string, look: Look): Promise<Frame> => {
  const query = withMacros(withVariables(sql, look.variables), look);
  const answer = await archive.client.query({
    query,
    format: 'JSONCompact',
    clickhouse_settings: { readonly: '1' },
  });
  const { meta, data } = await answer.json<unknown[]>();
  return { columns: meta ?? [], rows: data };
};
