import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { archiveAlerts } from '../../../infra/grafana/alerts.ts';
import { packageRoot } from '../../../infra/paths.ts';
import { requireOrSkip } from '../../services/require.ts';
import { exportedMetrics } from './exported.ts';
import { allRules, groupingsOf, prometheusFolder, selectorsOf } from './rules.ts';

/** Labels that Prometheus adds, and recording rules. */
const added = ['job', 'instance', 'pipeline', 'le'];

test('every metric and label that a rule reads is one that a process exports', async () => {
  const exported = await exportedMetrics();
  const recorded = new Map(allRules().flatMap((rule) => (rule.record ? [[rule.record, rule] as const] : [])));
  const known = new Map([
    ['up', { type: 'gauge', labels: [] as readonly string[] }],
    ...exported,
    ...[...recorded].map(([name, { expr }]) => [name, { type: 'gauge', labels: groupingsOf(expr) }] as const),
  ]);
  let read = 0;
  for (const { alert, record, expr } of allRules()) {
    const selectors = selectorsOf(expr);
    assert.ok(selectors.length > 0, `${alert ?? record} reads nothing`);
    const labels = new Set(added);
    for (const selector of selectors) {
      const metric = known.get(selector.name);
      assert.ok(metric, `${alert ?? record} reads ${selector.name}, which no process exports`);
      for (const label of selector.labels)
        assert.ok([...metric.labels, ...added].includes(label), `${selector.name} has no label ${label}`);
      for (const label of metric.labels) labels.add(label);
      if (metric.type === 'counter')
        assert.match(
          expr,
          /(rate|increase)\(|unless/,
          `${selector.name} is a counter: only its increase says something`,
        );
      read++;
    }
    for (const label of groupingsOf(expr)) assert.ok(labels.has(label), `${alert ?? record} groups by ${label}`);
  }
  assert.ok(read > 50);
});

test('every pipeline and service has an alert', () => {
  const read = allRules().map(({ expr, alert }) => (alert ? expr : expr.replace(/^/, 'recorded ')));
  const parts =
    'lifecycle scope preprovision keylife actuator archive retrain vault gateway token_service delivery keyhost provision signals mail threat notifications agent access_collector';
  for (const part of parts.split(' '))
    assert.ok(
      read.some((expr) => expr.includes(`ebbtide_${part}_`)),
      `nothing watches ${part}`,
    );
});

test('every alert has a severity, says what is wrong, and leads to its place in the runbook', () => {
  const runbook = readFileSync(join(packageRoot(), 'docs/runbook.md'), 'utf8');
  const headings = new Map(
    runbook
      .split(/^### /m)
      .slice(1)
      .map((section) => [section.split('\n')[0]!.trim(), section] as const),
  );
  const alerts = allRules().filter(({ alert }) => alert);
  const names = new Set<string>();
  for (const { alert, labels, annotations } of alerts) {
    assert.ok(!names.has(alert!), `${alert} is there twice`);
    names.add(alert!);
    assert.ok(['info', 'warning', 'critical'].includes(labels?.severity ?? ''), `${alert} has no severity`);
    assert.ok(annotations?.summary && annotations.description, `${alert} does not say what is wrong`);
    assert.equal(annotations.runbook_url, `docs/runbook.md#${alert!.toLowerCase()}`);
  }
  for (const { uid } of archiveAlerts) names.add(uid);
  for (const name of names) {
    const section = headings.get(name);
    assert.ok(section, `docs/runbook.md has no entry for ${name}`);
    assert.match(section, /\*\*Means\*\*[\s\S]*\*\*Do\*\*/, `the entry of ${name} says what it means and what to do`);
  }
  for (const heading of headings.keys()) assert.ok(names.has(heading), `no alert is called ${heading}`);
});

const promtool = (...args: string[]): string => {
  const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: prometheusFolder, encoding: 'utf8' });
  assert.equal(status, 0, `${stdout}\n${stderr}`);
  return stdout;
};

test('promtool takes the configuration and the rules', async (t) => {
  if (!(await requireOrSkip(t, 'promtool'))) return;
  promtool('check', 'config', 'prometheus.yml');
});

test('rules fire when they should and not when they should not', async (t) => {
  if (!(await requireOrSkip(t, 'promtool'))) return;
  const folder = join(prometheusFolder, 'tests');
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  const fired = new Set<string>();
  const silent = new Set<string>();
  for (const file of files) {
    const { tests } = parse(readFileSync(join(folder, file), 'utf8')) as { tests: { alert_rule_test?: Expected[] }[] };
    for (const { alertname, exp_alerts } of tests.flatMap(({ alert_rule_test = [] }) => alert_rule_test))
      (exp_alerts?.length ? fired : silent).add(alertname);
  }
  for (const { alert } of allRules())
    if (alert) assert.ok(fired.has(alert) && silent.has(alert), `no test fires ${alert}, or none shows it silent`);
  promtool('test', 'rules', ...files.map((file) => join('tests', file)));
});

interface Expected {
  readonly alertname: string;
  readonly exp_alerts?: readonly unknown[];
}
