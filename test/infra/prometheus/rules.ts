import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { packageRoot } from '../../../infra/paths.ts';

/** Where the configuration of Prometheus lies. */
export const prometheusFolder = join(packageRoot(), 'infra/prometheus');

/** A recording or alerting rule. */
export interface Rule {
  readonly file: string;
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Every rule of every file. */
export const allRules = (): readonly Rule[] => {
  const folder = join(prometheusFolder, 'rules');
  return readdirSync(folder).flatMap((file) => {
    const { groups } = parse(readFileSync(join(folder, file), 'utf8')) as { groups: { rules: Omit<Rule, 'file'>[] }[] };
    return groups.flatMap(({ rules }) => rules.map((rule) => ({ ...rule, file })));
  });
};

/** A metric that an expression reads, with the labels that it asks for. */
export interface Selector {
  readonly name: string;
  readonly labels: readonly string[];
}

const words = new Set(
  'and or unless by without on ignoring group_left group_right offset bool sum max min avg count deriv time rate increase histogram_quantile label_replace'.split(
    ' ',
  ),
);

/** The metrics of a PromQL expression. A word that is neither a function of {@link words} nor a number is a metric. */
export const selectorsOf = (expr: string): readonly Selector[] => {
  // Text outside of matchers are arguments of label_replace
  const bare = expr
    .replaceAll(/,\s*"[^"]*"/g, ' ')
    .replaceAll(/\b(by|without|on|ignoring)\s*\([^)]*\)/g, ' ')
    .replaceAll(/\[[^\]]*\]/g, ' ');
  return [...bare.matchAll(/([a-zA-Z_:][\w:]*)\s*(\{[^}]*\})?/g)]
    .map(([, name, matchers = '']) => ({
      name: name!,
      labels: [...matchers.replaceAll(/"[^"]*"/g, '').matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label]) => label!),
    }))
    .filter(({ name }) => !words.has(name) && !/^\d|^[smhdw]$/.test(name));
};

/** Labels by which an expression groups. */
export const groupingsOf = (expr: string): readonly string[] =>
  [...expr.matchAll(/\bby\s*\(([^)]*)\)/g)].flatMap(([, labels]) => labels!.split(',').map((label) => label.trim()));
