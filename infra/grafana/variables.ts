import {
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  TextBoxVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { chosenClickHouse, chosenPrometheus, clickhouseTarget, clickhouseType, inFiveMinutes } from './query.ts';

/** Which data source the dashboard reads. */
export const datasource = (type: string = clickhouseType) =>
  new DatasourceVariableBuilder('datasource').label('Data source').type(type);

/** Where the console is, for links to it. */
export const consoleAddress = () =>
  new TextBoxVariableBuilder('console')
    .label('Console')
    .description('Address of the analysts’ console, for links')
    .defaultValue('http://localhost:7070');

const values = (name: string, label: string, rawSql: string) =>
  new QueryVariableBuilder(name)
    .label(label)
    .datasource(chosenClickHouse)
    .query(clickhouseTarget(rawSql, 'table') as unknown as Record<string, unknown>)
    .definition(rawSql)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc);

/** One of a query's values, or all of them. */
export const oneOrAll = (name: string, label: string, rawSql: string) =>
  values(name, label, rawSql).includeAll(true).allValue('*').current({ text: 'All', value: '$__all' });

/** One of a query's values, or whatever is typed. */
export const oneOf = (name: string, label: string, rawSql: string) =>
  values(name, label, rawSql).allowCustomValue(true);

/** Pipelines that scored or decided within the range. */
export const pipeline = () =>
  oneOrAll('pipeline', 'Pipeline', `SELECT DISTINCT pipeline FROM decisions_by_time WHERE ${inFiveMinutes()}`);

/** Values of a label of a metric in Prometheus, several or all of them. */
export const labelValues = (label: string, title: string, selector: string) =>
  new QueryVariableBuilder(label)
    .label(title)
    .datasource(chosenPrometheus)
    .query(`label_values(${selector}, ${label})`)
    .definition(`label_values(${selector}, ${label})`)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue('.+')
    .current({ text: 'All', value: '$__all' });
