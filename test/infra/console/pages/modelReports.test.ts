import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import type { Page } from 'playwright-core';
import { modelsPort } from '../../../../infra/cli/models-port.ts';
import { retrainedModels } from '../../../../infra/cli/retrain-registry.ts';
import { configSchema } from '../../../../infra/config/config.ts';
import type { ModelsPort } from '../../../../infra/console/ports.ts';
import type { ModelReport } from '../../../../infra/console/view/models.ts';
import type { RetrainReport } from '../../../../models/feedback/report.ts';
import { retrainScope } from '../../../../pipelines/retrain/scope.ts';
import { retrain } from '../../../../pipelines/retrain.ts';
import { incidents, labelOf, retrainTask, trainedChampion } from '../../../pipelines/retrainRig.ts';
import { judged as judgedVisitors, retrainScopeTask } from '../../../pipelines/retrainScopeRig.ts';
import { eventually } from '../browser.ts';
import { assertForEveryone, everyWindow } from './everyone.ts';
import { heading, setStage } from './stage.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebbtide-reports-'));

/** Reports of real retrainings, as the console shows them. */
describe('the report of a challenger', { timeout: 600_000 }, () => {
  let models: ModelsPort | undefined;
  let won: RetrainReport;
  let lost: RetrainReport;
  const { test, stage } = setStage({
    models: {
      kinds: () => models!.kinds(),
      version: (...args) => models!.version(...args),
      report: (...args) => models!.report(...args),
      differences: (...args) => models!.differences(...args),
      point: (wish) => models!.point(wish),
    },
  });
  before(async () => {
    if (!stage()) return;
    const { context } = stage().harness;
    const model = await trainedChampion(folder);
    const config = configSchema.parse({ models: { registry: join(folder, 'registry') }, lifecycle: { model } });
    const [anomaly, scope] = await retrainedModels(config, context, ['anomaly', 'scope']);
    const labels = incidents.map((incident) => labelOf(incident));
    const out = (name: string) => join(folder, 'challengers', name);
    const nobody = labelOf(incidents[0]!, { subject: 'nobody' });
    won = await retrain({ ...retrainTask([...labels, nobody]), registry: anomaly!.registry, out: out('second') });
    lost = await retrain({ ...retrainTask(labels.slice(0, 1)), registry: anomaly!.registry, out: out('third') });
    await retrainScope({ ...retrainScopeTask(judgedVisitors), registry: scope!.registry, out: out('visits') });
    models = modelsPort(context, config);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const reportIn = (page: Page, version: string) => page.locator(`section[aria-label="Report of ${version}"]`);

  test('comes with the version, of the challenger that won and of the one that lost', async ({ harness }) => {
    assert.equal(won.outcome, 'promoted', won.reasons.join('; '));
    assert.equal(lost.outcome, 'kept');
    const cookie = await harness.enter();
    const ask = (query: string) =>
      fetch(new URL(`/api/models/report?${query}`, harness.console.address), { headers: { cookie } });
    const read = async (version: string) =>
      ((await (await ask(`kind=anomaly&version=${version}`)).json()) as { report: ModelReport | null }).report;
    const second = await read('second');
    assert.deepEqual(second?.reasons, won.reasons);
    assert.deepEqual(second?.comparison, won.comparison);
    assert.match(second!.headline, /Challenger second replaces champion first/);
    assert.equal((await read('third'))?.outcome, 'kept');
    assert.equal(await read('first'), null);
    assert.equal((await ask('kind=anomaly&version=none')).status, 404);
    assert.equal((await ask('kind=anomaly')).status, 400);
    const stranger = await fetch(new URL('/api/models/report?kind=anomaly&version=second', harness.console.address));
    assert.equal(stranger.status, 401);
  });

  test('opens and closes by keyboard, says what won and why, and stands in the address', async ({ open }) => {
    const { page, complaints } = await open('/models');
    const kind = page.locator('section[aria-label="Models of kind anomaly"]');
    const button = kind.getByRole('button', { name: 'Report of second', exact: true });
    await button.focus();
    await page.keyboard.press('Enter');
    const report = reportIn(page, 'second');
    await report.locator('.report-verdict', { hasText: 'Challenger second replaces champion first' }).waitFor();
    await eventually(async () =>
      assert.equal(await page.evaluate('document.activeElement?.textContent'), 'Report of second'),
    );
    for (const reason of won.reasons) await report.locator('li', { hasText: reason }).waitFor();
    const { champion, challenger, judged } = won.comparison!;
    const row = report.locator('tr', { hasText: 'all labelled attacks detected' });
    const attacks = judged.filter(({ verdict }) => verdict === 'maliciousActivity').length;
    await eventually(async () => {
      assert.deepEqual(await row.locator('td').allTextContents(), [
        `${champion.labelledAttacksDetected} of ${champion.labelledAttacks}`,
        `${challenger.labelledAttacksDetected} of ${challenger.labelledAttacks}`,
      ]);
      assert.equal(await report.locator('.judged-mark').count(), judged.length);
      assert.match(
        (await report.locator('.judged-plot svg').getAttribute('aria-label')) ?? '',
        new RegExp(`^Judged malicious ${attacks}: `),
      );
    });
    await report.locator('summary', { hasText: `one by one (${judged.length})` }).press('Enter');
    await report.locator('tr', { hasText: 'had not seen it' }).first().waitFor();
    await report.locator('summary', { hasText: 'Labels left out (1)' }).press('Enter');
    await report.locator('tr', { hasText: 'no telemetry of that time' }).waitFor();

    await page.reload();
    await reportIn(page, 'second').locator('.report-verdict').waitFor();
    await kind.getByRole('button', { name: 'Report of third', exact: true }).click();
    await reportIn(page, 'third').locator('.report-verdict[data-outcome="kept"]').waitFor();
    await reportIn(page, 'third').locator('li', { hasText: lost.reasons[0]! }).waitFor();
    await reportIn(page, 'third').getByRole('button', { name: 'Close the report' }).press('Enter');
    await reportIn(page, 'third').waitFor({ state: 'detached' });
    await eventually(async () =>
      assert.equal(await page.evaluate("document.activeElement?.getAttribute('aria-label')"), 'Report of third'),
    );
    assert.equal(await kind.getByRole('button', { name: 'Report of first', exact: true }).count(), 0);
    assert.deepEqual(
      complaints.filter((one) => !one.includes('501')),
      [],
    );
    await page.context().close();
  });

  for (const [how, options] of everyWindow)
    for (const version of ['anomaly/second', 'anomaly/third', 'scope/visits'])
      test(`axe-core finds nothing in that of ${version}, ${how}, and it fits`, async ({ open }) => {
        const { page } = await open(`/models?report=${version}`, options);
        await heading(page, 'Models');
        const report = reportIn(page, version.replace(/^.*\//, ''));
        await report.locator('.report-verdict').waitFor();
        for (const summary of await report.locator('summary').all()) await summary.click();
        await assertForEveryone(page, `${version} ${how}`, report);
        await page.context().close();
      });
});
