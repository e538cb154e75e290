import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Page } from 'playwright-core';
import { exitCodes } from '../../../infra/cli/exit.ts';
import type { RunningServers } from '../../../infra/cli/running.ts';
import { type ClickHouseArchive, openArchive } from '../../../infra/clickhouse/client.ts';
import { clickhouseConfig } from '../../../infra/clickhouse/config.ts';
import { subjectPath } from '../../../infra/console/view/paths.ts';
import { demoPolicy } from '../../../infra/demo/policy.ts';
import { build } from '../../../infra/grafana/board.ts';
import { subject as subjectBoard } from '../../../infra/grafana/dashboards/subject.ts';
import type { ClickHouseTarget } from '../../../infra/grafana/query.ts';
import { labelChanges } from '../../../schemas/verdicts.ts';
import { until } from '../../services/context.ts';
import { ebbtide } from '../cli/ebbtide.ts';
import { rowsOf } from '../clickhouse/support.ts';
import { eventually, openPage, startBrowser } from '../console/browser.ts';
import { heading } from '../console/pages/stage.ts';
import { ask } from '../grafana/plugin.ts';
import type { ConsoleClient } from './console-client.ts';

/** Figures of a replay of the archive, by name. */
type Figures = Readonly<Record<string, number>>;

/** What the newcomer walks on. */
interface Way {
  readonly page: Page;
  /** The credential that was revoked. */
  readonly subject: string;
  readonly archive: ClickHouseArchive;
}

/** Go to a page of the console as its help says: `g` and a letter. */
const goTo = (page: Page, letter: string, title: string) =>
  eventually(async () => {
    await page.locator('h1:visible').first().focus();
    await page.keyboard.press('g');
    await page.keyboard.press(letter);
    await page.locator('main h1:visible', { hasText: title }).waitFor({ timeout: 3_000 });
  });

/** The investigation that the revocation opened: take it, and say something. */
const investigate = async ({ page, subject }: Way): Promise<void> => {
  await goTo(page, 'i', 'Investigations');
  await page.getByLabel('Find by title, subject or person').fill(subject);
  await page.locator('.row', { hasText: subject }).locator('.row-name', { hasText: 'credential revoked' }).click();
  await heading(page, 'credential revoked');
  await page.locator('.step', { hasText: 'ebbtide opened it' }).waitFor();
  await page.locator('.plain-list', { hasText: 'Vault: Vault did it' }).waitFor();
  await page.getByRole('button', { name: 'Take it' }).click();
  await page.locator('.step', { hasText: 'took it' }).waitFor();
  await page.keyboard.press('c');
  await eventually(async () => assert.equal(await page.evaluate('document.activeElement.id'), 'comment'));
  await page.keyboard.type('It was a nightly batch.');
  await page.keyboard.press('Control+Enter');
  await page.locator('.step-text', { hasText: 'It was a nightly batch.' }).waitFor();
};

/** The entry of the queue about the credential, open beside the list. */
const openEntry = async ({ page, subject }: Way, state: 'waiting' | 'labelled'): Promise<void> => {
  await goTo(page, 'q', 'Queue');
  if (state === 'labelled') await page.getByRole('button', { name: 'Judged' }).click();
  await page.getByLabel('Find subject or reason').fill(subject);
  const own = `a[href="${subjectPath(subject)}"]`;
  // A revocation that its episode ends in stands for it
  await page
    .locator('.row', { has: page.locator(own) })
    .filter({ has: page.locator('.deed[data-kind="revoke"]') })
    .first()
    .click({ position: { x: 8, y: 8 } });
  await page
    .locator('.panel', { has: page.locator(own) })
    .locator('.deed[data-kind="revoke"]')
    .first()
    .waitFor();
};

/** Judge the revocation by the key that the console names, which says what that changes. */
const label = async (way: Way): Promise<void> => {
  const { page } = way;
  await openEntry(way, 'waiting');
  const verdict = page.locator('.verdict[data-verdict="falsePositive"]');
  await eventually(async () =>
    assert.equal(await verdict.locator('.verdict-changes').textContent(), labelChanges.falsePositive),
  );
  await page.keyboard.press((await verdict.locator('kbd').textContent())!);
  await page.locator('.toast', { hasText: labelChanges.falsePositive }).waitFor();
};

/** What the archive has of the credential's labels, by verdict, once there are some. */
const archivedLabels = ({ archive, subject }: Way, verdict: string) =>
  until(`a label ${verdict} in the archive`, async () => {
    const found = await rowsOf<{ decision: string }>(
      archive,
      `SELECT decision_id AS decision FROM labels WHERE subject = '${subject}' AND verdict = '${verdict}'`,
    );
    return found.length > 0 && found.map(({ decision }) => decision).sort();
  });

/** Another threshold: see what it would have done, put it in force, and undo that. */
const tryThreshold = async ({ page }: Way, falseRevocations: number): Promise<void> => {
  await goTo(page, 'l', 'Policy');
  const strikes = page.locator('#policy-strikes');
  const now = page.locator('.policy-now').first();
  await eventually(async () => assert.equal(await strikes.inputValue(), String(demoPolicy.strikes)));
  const before = await now.locator('.mono').textContent();
  await strikes.fill(String(2 * demoPolicy.strikes));
  const line = (title: string) => page.locator('.figures-table tr', { hasText: title }).locator('td');
  await eventually(async () => {
    const [inForce, , change] = await line('False revocations').allTextContents();
    assert.equal(inForce, String(falseRevocations));
    assert.match(change!, /^−\d+, better$/, 'whoever has twice as many strikes is not revoked');
    assert.match((await page.locator('.outcome-sum').textContent())!, /^[1-9].* would have differed/);
  });
  await page.getByRole('button', { name: 'Apply…' }).click();
  await page.locator('#reason').fill('Be patient with batches');
  await page.keyboard.press('Enter');
  await now.filter({ hasText: 'Be patient with batches' }).waitFor();
  await eventually(async () => assert.equal(await strikes.inputValue(), String(2 * demoPolicy.strikes)));
  await page.getByRole('button', { name: 'Undo last change…' }).click();
  await page.locator('#reason').fill('As it was');
  await page.keyboard.press('Enter');
  await now.filter({ hasText: 'As it was' }).waitFor();
  await eventually(async () => {
    assert.equal(await now.locator('.mono').textContent(), before);
    assert.equal(await strikes.inputValue(), String(demoPolicy.strikes));
  });
};

/** Take the judgement back: the entry waits again. */
const takeBack = async (way: Way): Promise<void> => {
  const { page } = way;
  await openEntry(way, 'labelled');
  await page.getByRole('button', { name: 'Take mine back' }).click();
  await page.locator('.toast', { hasText: 'waits again' }).waitFor();
};

/** A panel as Grafana has it. */
interface Panel {
  readonly title: string;
  readonly targets: readonly ClickHouseTarget[];
}

/** Panels of a subject's life, over the last hour, each with rows. */
const lookAtDashboard = async ({ archive, subject }: Way): Promise<void> => {
  const toMs = Date.now();
  const variables = { subject, console: 'http://localhost:7070', datasource: 'x' };
  const look = { fromMs: toMs - 3_600_000, toMs, intervalMs: 1_000, variables };
  for (const { title, targets } of build(subjectBoard).panels as unknown as Panel[]) {
    // A function's credential is no caller of the gateway, and the only one of its function here
    if (title === 'Calls' || title === 'Others of the same function') continue;
    for (const { rawSql } of targets) {
      const { columns, rows } = await ask(archive, rawSql, look);
      assert.ok(rows.length > 0, `${title} has rows`);
      if (title !== 'Decisions and what came of them') continue;
      const [action, outcome] = ['action', 'outcome'].map((one) => columns.findIndex(({ name }) => name === one));
      assert.ok(
        rows.some((row) => row[action!] === 'revoke' && row[outcome!] === 'enforced'),
        title,
      );
    }
  }
};

/**
 * Walk the way of a newcomer on a running demonstration, in a browser in the session of a console's client: investigate
 * a revocation, label it, see that in a report, try another threshold, look at a dashboard, and undo it all.
 *
 * @param subject - a credential that was revoked, which the archive knows
 * @param environment - of the demonstration, with its data folder
 */
export const walk = async (
  t: TestContext,
  { base, cookie: [name, value] }: Pick<ConsoleClient, 'base' | 'cookie'>,
  subject: string,
  environment: { readonly EBBTIDE_DATA: string },
): Promise<void> => {
  const { clickhouse: url } = JSON.parse(
    readFileSync(join(environment.EBBTIDE_DATA, 'running.json'), 'utf8'),
  ) as RunningServers;
  const archive = openArchive(clickhouseConfig.parse({ url }));
  t.after(() => archive.close());
  const report = async (): Promise<Figures> => {
    const { status, stdout, stderr } = await ebbtide(['replay', '--source', 'archive', '--json'], environment);
    assert.equal(status, exitCodes.ok, stderr);
    return (JSON.parse(stdout) as { figures: Figures }).figures;
  };
  const starting = startBrowser();
  t.after(async () => (await starting).close());
  const [before, browser] = await Promise.all([report(), starting]);
  assert.deepEqual([before.falseRevocations, before.benignSubjects], [0, 0]);
  assert.ok(before.revocations! > 0);
  const cookie = { name, value, domain: new URL(base).hostname, path: '/', expires: -1, secure: false };
  const { page, complaints } = await openPage(browser, base, {
    storageState: { cookies: [{ ...cookie, httpOnly: true, sameSite: 'Strict' }], origins: [] },
  });
  await page.locator('.connection[data-state="live"]').waitFor({ state: 'attached' });
  const way: Way = { page, subject, archive };

  await investigate(way);
  await label(way);
  const judged = await archivedLabels(way, 'falsePositive');
  const after = await report();
  assert.deepEqual([after.falseRevocations, after.benignSubjects], [1, 1]);
  await lookAtDashboard(way);
  await tryThreshold(way, after.falseRevocations!);
  await takeBack(way);
  assert.deepEqual(await archivedLabels(way, 'withdrawn'), judged);
  const undone = await report();
  assert.deepEqual([undone.falseRevocations, undone.benignSubjects], [0, 0]);
  assert.deepEqual(complaints, []);
};
