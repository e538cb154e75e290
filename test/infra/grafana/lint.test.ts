import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse, stringify } from 'yaml';
import { archiveAlerts } from '../../../infra/grafana/alerts.ts';
import { boards } from '../../../infra/grafana/dashboards/index.ts';
import { generatedDashboards } from '../../../infra/grafana/generate.ts';
import { packageRoot } from '../../../infra/paths.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { requireOrSkip } from '../../services/require.ts';
import { exportedMetrics } from '../prometheus/exported.ts';
import { selectorsOf } from '../prometheus/rules.ts';

const folder = join(packageRoot(), 'infra/grafana');
const files = [...generatedDashboards()].filter(([path]) => path.endsWith('.json'));
const dashboards = files.map(([path, text]) => ({ path, ...(JSON.parse(text) as Dashboard) }));

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description: string;
  readonly datasource: { readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig: { readonly defaults: { readonly unit: string } };
  readonly targets: readonly {
    readonly expr?: string;
    readonly rawSql?: string;
    readonly datasource: { uid: string };
  }[];
}
interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly editable: boolean;
  readonly tags: readonly string[];
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
}
interface Variable {
  readonly name: string;
  readonly type: string;
  readonly label: string;
  readonly refresh?: number;
}

/** Grafana's units that we use. */
const units = new Set('none short ms s percentunit reqps wps bytes'.split(' '));

test('generated dashboards and rules are those of the code', () => {
  for (const [path, text] of generatedDashboards())
    assert.equal(readFileSync(join(folder, 'generated', path), 'utf8'), text, `${path}: run npm run dashboards`);
  const present = readdirSync(join(folder, 'generated', 'dashboards'));
  assert.equal(present.length, boards.length);
});

/** Rules of grafana/dashboard-linter, by their names there. */
test('dashboards keep the rules of Grafana’s linter', async (t) => {
  for (const dashboard of dashboards)
    await t.test(dashboard.title, () => {
      const { panels, templating } = dashboard;
      const sources = templating.list.filter(({ type }) => type === 'datasource');
      assert.deepEqual(
        sources.map(({ name, label }) => [name, label]),
        [['datasource', 'Data source']],
        'template-datasource-rule',
      );
      for (const { type, refresh, name } of templating.list)
        if (type === 'query') assert.equal(refresh, 2, `template-on-time-change-reload-rule: ${name}`);
      assert.equal(dashboard.editable, false, 'uneditable-dashboard');
      for (const panel of panels) {
        assert.equal(panel.datasource.uid, '$datasource', `panel-datasource-rule: ${panel.title}`);
        assert.ok(panel.title && panel.description, `panel-title-description-rule: ${panel.title}`);
        assert.ok(units.has(panel.fieldConfig.defaults.unit), `panel-units-rule: ${panel.title}`);
        assert.ok(panel.targets.length > 0, `panel-no-targets-rule: ${panel.title}`);
        for (const { datasource, expr } of panel.targets) {
          assert.equal(datasource.uid, '$datasource');
          if (expr === undefined) continue;
          for (const { name, labels } of selectorsOf(expr))
            assert.ok(
              labels.includes('job') && labels.includes('instance'),
              `target-job-rule, target-instance-rule: ${name}`,
            );
          for (const range of expr.match(/\[[^\]]+\]/g) ?? [])
            assert.equal(range, '[$__rate_interval]', 'target-rate-interval-rule');
        }
      }
    });
});

test('the linter itself, where there is one, passes every dashboard', (t) => {
  const linter = process.env.DASHBOARD_LINTER ?? 'dashboard-linter';
  if (spawnSync(linter, ['--help']).error) {
    t.skip('Skipped without dashboard-linter (a Go program; its rules are checked above)');
    return;
  }
  for (const { path } of dashboards) {
    const { status, stdout } = spawnSync(linter, ['lint', '--strict', join(folder, 'generated', path)], {
      encoding: 'utf8',
    });
    assert.equal(status, 0, stdout);
  }
});

test('panels have places of their own that fill the grid, and names of their own', () => {
  assert.equal(new Set(dashboards.map(({ uid }) => uid)).size, dashboards.length);
  for (const { title, panels } of dashboards) {
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length, title);
    const cells = new Set<string>();
    let area = 0;
    for (const { gridPos } of panels) {
      assert.ok(gridPos.x + gridPos.w <= 24, title);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) cells.add(`${x}/${y}`);
      area += gridPos.w * gridPos.h;
    }
    assert.equal(cells.size, area, `panels of ${title} overlap`);
  }
});

test('every link leads to a dashboard, and every alert to its own', () => {
  const uids = new Set(dashboards.map(({ uid }) => uid));
  for (const [, text] of files) for (const [, uid] of text.matchAll(/\/d\/([\w-]+)/g)) assert.ok(uids.has(uid!), uid);
  for (const { uid, board } of archiveAlerts) assert.ok(uids.has(`ebbtide-${board}`), uid);
  for (const { tags } of dashboards) assert.deepEqual(tags, ['ebbtide']);
});

test('no variable is put into SQL but percent-encoded', () => {
  for (const [path, text] of files)
    for (const { targets } of (JSON.parse(text) as Dashboard).panels)
      for (const { rawSql = '' } of targets)
        for (const [use] of rawSql.matchAll(/\$\{?(?!__)\w+(:\w+)?\}?/g))
          assert.match(
            rawSql,
            new RegExp(`decodeURLComponent\\('${use.replace(/[${}]/g, '\\$&')}'\\)`),
            `${path}: ${use}`,
          );
});

test('every metric of a panel is one that a process exports', async () => {
  const exported = await exportedMetrics();
  let read = 0;
  for (const { panels } of dashboards)
    for (const { title, targets } of panels)
      for (const { expr } of targets) {
        if (expr === undefined) continue;
        for (const { name } of selectorsOf(expr)) {
          assert.ok(exported.has(name), `${title} reads ${name}, which no process exports`);
          read++;
        }
      }
  assert.ok(read > 10);
});

test('provisioning names the data sources that rules use', () => {
  const read = (name: string) =>
    parse(readFileSync(join(folder, name), 'utf8')) as {
      datasources?: { uid: string; type: string }[];
      providers?: unknown[];
    };
  for (const file of ['provisioning', '../../deploy/compose/grafana']) {
    const { datasources = [] } = read(`${file}/datasources/ebbtide.yaml`);
    assert.deepEqual(
      datasources.map(({ uid, type }) => [uid, type]),
      [
        ['ebbtide-clickhouse', 'grafana-clickhouse-datasource'],
        ['ebbtide-prometheus', 'prometheus'],
      ],
    );
  }
  assert.equal(read('provisioning/dashboards/ebbtide.yaml').providers?.length, 1);
});

test('every expression of a panel is one that Prometheus takes', async (t) => {
  if (!(await requireOrSkip(t, 'promtool'))) return;
  const exprs = dashboards.flatMap(({ panels }) =>
    panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => expr ?? [])),
  );
  const rules = exprs.map((expr, i) => ({
    record: `panel:${i}`,
    expr: expr.replaceAll('$__rate_interval', '5m').replaceAll(/\$(job|instance)/g, '.+'),
  }));
  const file = join(temporaryFolder(t), 'rules.yaml');
  writeFileSync(file, stringify({ groups: [{ name: 'panels', rules }] }));
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', file], { encoding: 'utf8' });
  assert.equal(status, 0, `${stdout}${stderr}`);
});
