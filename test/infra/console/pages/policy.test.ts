import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { eventually, fits, outside, violations } from '../browser.ts';
import { trial } from '../trial.ts';
import { heading, setStage } from './stage.ts';

describe('the policy editor', { timeout: 240_000 }, () => {
  const { test } = setStage({ previewPolicy: trial().preview });

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

  for (const [how, options] of [
    ['in the dark theme', { colorScheme: 'dark' }],
    ['in the light theme', { colorScheme: 'light' }],
    ['390 pixels wide', { viewport: { width: 390, height: 844 } }],
  ] as const)
    test(`axe-core finds nothing in a draft being tried, ${how}, and it fits`, async ({ open }) => {
      const { page, complaints } = await open('/policy', { ...options, bypassCSP: true });
      await heading(page, 'Policy');
      await page.locator('#policy-strikes').fill('1');
      await page.locator('.figures-table').waitFor();
      for (const summary of await page.locator('.as-table summary').all()) await summary.click();
      assert.deepEqual(await violations(page), []);
      assert.ok(await page.evaluate(fits), 'scrolls sideways');
      assert.deepEqual(await page.evaluate(outside), []);
      assert.deepEqual(complaints, []);
      const { EBBTIDE_PICTURES: folder } = process.env;
      if (folder) await page.screenshot({ path: `${folder}/policy-${how.replaceAll(' ', '-')}.png`, fullPage: true });
      await page.context().close();
    });
});
