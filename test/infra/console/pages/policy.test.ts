import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { shownKeys } from '../../../../infra/console/policies/shown.ts';
import { shownProvisioning } from '../../../../infra/console/policies/shownProvisioning.ts';
import { statistics } from '../../../../infra/jobs/accessModels.ts';
import { openKeyPreview } from '../../../../infra/replay/keylife/preview.ts';
import { openProvisioningPreview } from '../../../../infra/replay/preprovision/preview.ts';
import type { Trials } from '../../../../infra/replay/trial.ts';
import { keyhostConfig } from '../../../../infra/services/keyhost/config.ts';
import { keyOf, keysOf } from '../../replay/keylife/keys.ts';
import { daily, dayMs, logOf, t0 } from '../../replay/preprovision/accesses.ts';
import { eventually } from '../browser.ts';
import { trial } from '../trial.ts';
import { assertForEveryone, everyWindow } from './everyone.ts';
import { heading, setStage } from './stage.ts';

const hourMs = 3_600_000;
const pseudonym = (index: number): string => `${index}`.repeat(64);
const now = Date.now();
/** Two who are like themselves, and one who is less so. */
const keys = Array.from({ length: 12 }, (_, index) =>
  keyOf(index, {
    issuedAt: now - (index + 1) * hourMs,
    user: pseudonym(index % 3),
    risk: index % 3 === 0 ? 0.15 : 0.02,
  }),
);
const previewKeys = openKeyPreview(keysOf(keys), keyhostConfig.parse({}));
/** One who comes each day at the same hour, and one who comes on every day but this one. */
const midnight = t0 + 24 * dayMs;
const comings = [...daily('ada', 'build-7', 24, 9.5 * hourMs), ...daily('bob', 'web-1', 23, 14.25 * hourMs)];
const previewProvisioning = openProvisioningPreview(logOf(comings), async () => statistics('UTC'));
const trials: Trials = {
  ...trial().trials,
  keylife: async (wish) => shownKeys(await previewKeys(wish), wish),
  preprovision: async (wish) => {
    const span = { from: midnight - 7 * dayMs, to: midnight };
    const policies = { draft: wish.policy, inForce: wish.inForce };
    return shownProvisioning(await previewProvisioning({ ...wish, ...span }), policies, span);
  },
};

describe('the policy editor', { timeout: 600_000 }, () => {
  const { test } = setStage({ trials });

  test('tells whose keys other thresholds would have made longer or shorter, by their pseudonyms', async ({ open }) => {
    const { page, complaints } = await open('/policy?pipeline=keylife');
    await heading(page, 'Policy');
    await page.getByLabel('Above, row 3').fill('0.1');
    await page.locator('.outcome-sum', { hasText: /^4 of 12 keys .* 1 of 3 people$/ }).waitFor();
    const line = (text: string) => page.locator('.figures-table tr', { hasText: text }).locator('td');
    const differences = page.locator('.differences li');
    await eventually(async () => {
      assert.deepEqual(await line('Keys of 24 h').allTextContents(), ['12', '8', '−4']);
      assert.deepEqual(await line('Keys of 6 h').allTextContents(), ['0', '4', '+4']);
      assert.equal(await differences.count(), 1);
      assert.match((await differences.textContent())!, new RegExp(`${pseudonym(0)}.*24 h → 6 h.*Risk 0.15`));
      assert.match((await differences.locator('a').getAttribute('href'))!, /key-/);
    });
    await page.getByRole('button', { name: 'In force: 0.8: 5 min' }).click();
    await page.locator('.policy-preview', { hasText: 'Change something' }).waitFor();
    assert.deepEqual(complaints, []);
    await page.context().close();
  });

  test('tells what other thresholds would have prepared, for whom, and what would have been missed', async ({
    open,
  }) => {
    const { page, complaints } = await open('/policy?pipeline=preprovision');
    await heading(page, 'Policy');
    await page.locator('#policy-minChance').fill('0.99');
    await page.locator('.outcome-sum', { hasText: /^\d+ decisions would have differed, for 2 of 2 users/ }).waitFor();
    const line = (text: string) => page.locator('.figures-table tr', { hasText: text }).locator('td');
    const people = page.locator('.preview-users tbody tr');
    const differences = page.locator('.differences li');
    await eventually(async () => {
      assert.deepEqual(await line('Hits: one lay ready').allTextContents(), ['13', '0', '−13, worse']);
      assert.deepEqual(await line('Misses: none lay ready').allTextContents(), ['0', '13', '+13, worse']);
      assert.deepEqual(await line('Hit rate').allTextContents(), ['100', '0', '−100, worse']);
      assert.equal(await people.count(), 2);
      assert.match((await people.filter({ hasText: 'ada' }).textContent())!, /14 → 0.*7 → 0.*630 → 0/);
      assert.match((await differences.first().textContent())!, /prepare for 60 min → nothing/);
    });
    assert.match((await people.filter({ hasText: 'bob' }).locator('a').getAttribute('href'))!, /\/provisioning\/bob$/);
    await differences.filter({ hasText: 'nobody came' }).first().waitFor();
    await differences.filter({ hasText: 'used after 30 min' }).first().waitFor();
    // The next draft takes its place
    await page.locator('#policy-minChance').fill('0.05');
    await eventually(async () => assert.deepEqual((await line('Hits: one lay ready').allTextContents())[1], '13'));
    assert.deepEqual(complaints, []);
    await page.context().close();
  });

  test('shows at once what another threshold would have done, applies it and takes it back', async ({ open }) => {
    const { page, complaints } = await open('/policy');
    await heading(page, 'Policy');
    const before = await page.locator('.policy-now .mono').textContent();
    await page.locator('#policy-strikes').fill('2');
    const change = page.locator('.figures-table tr', { hasText: 'False revocations' }).locator('td').last();
    await change.waitFor();
    await eventually(async () => assert.match((await change.textContent())!, /^\+1/));
    await page.locator('.courses svg').waitFor();
    await page.locator('.differences li', { hasText: 'cred-checkout' }).waitFor();
    await page.getByRole('button', { name: 'Save as draft' }).click();
    await page.reload();
    await page.locator('.policy-field[data-changed]', { hasText: 'Strikes' }).waitFor();
    await page.getByRole('button', { name: 'Apply…' }).click();
    await page.locator('#reason').fill('Fewer strikes');
    await page.keyboard.press('Enter');
    await page.locator('.policy-now', { hasText: 'Fewer strikes' }).waitFor();
    await eventually(async () => assert.equal(await page.locator('#policy-strikes').inputValue(), '2'));
    await page.getByRole('button', { name: 'Undo last change…' }).waitFor();
    await page.keyboard.press('u');
    await page.locator('#reason').fill('Too harsh');
    await page.keyboard.press('Enter');
    await page.locator('.policy-now', { hasText: 'Too harsh' }).waitFor();
    await eventually(async () => assert.equal(await page.locator('.policy-now .mono').first().textContent(), before));
    // What was before that is listed with what differs, and comes back by one button
    await page.locator('.policy-history summary').click();
    const fewer = page.locator('.policy-history .records > li', { hasText: 'Fewer strikes' });
    await fewer.locator('.policy-changes li', { hasText: 'Strikes: 2' }).waitFor();
    await fewer.getByRole('button', { name: 'Put back…' }).click();
    await page.locator('#reason').fill('After all');
    await page.keyboard.press('Enter');
    await page.locator('.policy-now', { hasText: 'After all' }).waitFor();
    assert.deepEqual(complaints, []);
    await page.context().close();
  });

  test('leaves the field alone in which somebody types, and shows another policy once they have left it', async ({
    open,
  }) => {
    const { page, complaints } = await open('/policy');
    await heading(page, 'Policy');
    const field = page.locator('#policy-strikes');
    await field.focus();
    const other = await open('/policy');
    await other.page.locator('#policy-strikes').fill('4');
    await other.page.getByRole('button', { name: 'Apply…' }).click();
    await other.page.locator('#reason').fill('Somebody else’s');
    await other.page.keyboard.press('Enter');
    await other.page.locator('.policy-now', { hasText: 'Somebody else’s' }).waitFor();
    await page.getByRole('button', { name: 'read anew' }).waitFor();
    assert.equal(await page.evaluate('document.activeElement?.id'), 'policy-strikes');
    assert.equal(await page.locator('.policy-now', { hasText: 'Somebody else’s' }).count(), 0);
    await field.blur();
    await page.locator('.policy-now', { hasText: 'Somebody else’s' }).waitFor();
    await page.getByRole('button', { name: 'read anew' }).waitFor({ state: 'detached' });
    assert.deepEqual([...complaints, ...other.complaints], []);
    await page.context().close();
    await other.page.context().close();
  });

  for (const [how, options] of everyWindow) {
    test(`axe-core finds nothing in a draft of pre-provisioning, ${how}, and it fits`, async ({ open }) => {
      const { page, complaints } = await open('/policy?pipeline=preprovision', options);
      await heading(page, 'Policy');
      await page.locator('#policy-minChance').fill('0.99');
      await page.locator('.preview-users').waitFor();
      await assertForEveryone(page, `preprovision ${how}`);
      assert.deepEqual(complaints, []);
      await page.context().close();
    });

    test(`axe-core finds nothing in a draft being tried, ${how}, and it fits`, async ({ open }) => {
      const { page, complaints } = await open('/policy', options);
      await heading(page, 'Policy');
      await page.locator('#policy-strikes').fill('1');
      await page.locator('.figures-table').waitFor();
      for (const summary of await page.locator('.as-table summary').all()) await summary.click();
      await assertForEveryone(page, `policy ${how}`);
      assert.deepEqual(complaints, []);
      await page.context().close();
    });
  }
});
