import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { shownKeys, shownScope } from '../../../../infra/console/policies/shown.ts';
import { shownProvisioning } from '../../../../infra/console/policies/shownProvisioning.ts';
import { statistics } from '../../../../infra/jobs/accessModels.ts';
import { openKeyPreview } from '../../../../infra/replay/keylife/preview.ts';
import { openProvisioningPreview } from '../../../../infra/replay/preprovision/preview.ts';
import { openScopePreview } from '../../../../infra/replay/scope/preview.ts';
import type { Trials } from '../../../../infra/replay/trial.ts';
import { keyhostConfig } from '../../../../infra/services/keyhost/config.ts';
import { defaultScopeModel } from '../../../../models/scope/model.ts';
import { callAt } from '../../../models/scope/calls.ts';
import { keyOf, keysOf } from '../../replay/keylife/keys.ts';
import { daily, dayMs, logOf } from '../../replay/preprovision/accesses.ts';
import { eventually, fits, outside, violations } from '../browser.ts';
import { trial } from '../trial.ts';
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
const calls = Array.from({ length: 300 }, (_, index) =>
  callAt(now - hourMs + index * 1_000, {
    frontendCredential: 'thief',
    service: `service-${index % 9}`,
    operation: `GET /secrets/${index}`,
    status: 403,
  }),
);
const previewKeys = openKeyPreview(keysOf(keys), keyhostConfig.parse({}));
const previewScope = openScopePreview(
  {
    count: async () => calls.length,
    async *calls() {
      yield* calls;
    },
  },
  async () => defaultScopeModel,
);
/** One who comes each day at the same hour, and one who comes on every day but this one. */
const midnight = Math.floor(now / dayMs) * dayMs;
const first = midnight - 24 * dayMs;
const comings = [
  ...daily('ada', 'build-7', 24, 9.5 * hourMs, first),
  ...daily('bob', 'web-1', 23, 14.25 * hourMs, first),
];
const previewProvisioning = openProvisioningPreview(logOf(comings), async () => statistics('UTC'));
const trials: Trials = {
  ...trial().trials,
  keylife: async (wish) => shownKeys(await previewKeys(wish), wish),
  preprovision: async (wish) => {
    const span = { from: midnight - 7 * dayMs, to: midnight };
    const policies = { draft: wish.policy, inForce: wish.inForce };
    return shownProvisioning(await previewProvisioning({ ...wish, ...span }), policies, span);
  },
  scope: async (wish) => shownScope(await previewScope(wish), { draft: wish.policy, inForce: wish.inForce }, wish.to),
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

  test('changes ranges of scopes row by row, by the keyboard alone, and says at the row what is wrong', async ({
    open,
  }) => {
    const { page, complaints } = await open('/policy?pipeline=scope');
    await heading(page, 'Policy');
    const rows = page.locator('#policy-ranges ~ table tbody tr');
    const rowsAre = (count: number) => eventually(async () => assert.equal(await rows.count(), count));
    await rowsAre(4);
    await page.getByLabel('Up to, row 2').focus();
    await page.keyboard.press('Enter');
    // Halfway to the next one, with the hand where it is to be changed
    await rowsAre(5);
    const focused = 'document.activeElement.ariaLabel';
    await page.waitForFunction(`${focused} === 'Up to, row 3'`);
    await eventually(async () => assert.equal(await page.getByLabel('Up to, row 3').inputValue(), '70'));
    await page.keyboard.press('Tab');
    await page.waitForFunction(`${focused} === 'Scope, row 3'`);
    await page.keyboard.type('read-only');
    const wrong = rows.nth(2).locator('.form-failure', { hasText: 'Scope read-only has two ranges' });
    await wrong.waitFor();
    const field = page.getByLabel('Scope, row 3');
    await eventually(async () => {
      assert.equal(await field.getAttribute('aria-invalid'), 'true');
      assert.equal(await field.getAttribute('aria-describedby'), await wrong.getAttribute('id'));
    });
    await page.keyboard.press('Tab');
    await page.waitForFunction(`${focused} === 'Take out row 3'`);
    await page.keyboard.press('Enter');
    await page.waitForFunction(`${focused} === 'Up to, row 3'`);
    await rowsAre(4);
    await page.getByLabel('Up to, row 4').fill('95');
    await rows.nth(3).locator('.form-failure', { hasText: 'must reach to 100' }).waitFor();
    await page.getByLabel('Up to, row 4').fill('100');
    await page.getByLabel('Up to, row 3').fill('99');
    await page.locator('.outcome-sum', { hasText: 'of 1 caller' }).waitFor();
    await eventually(async () => assert.equal(await page.locator('.form-failure').count(), 0));
    await page.getByText('All of it as JSON').click();
    await eventually(async () => assert.match(await page.locator('#policy-json').inputValue(), /"upTo": 99/));
    // What is refused is an answer of 400, which the browser notes
    assert.deepEqual(
      complaints.filter((one) => !one.includes('400')),
      [],
    );
    await page.context().close();
  });

  test('shows a draft without its list, and with anything else in place of it, which JSON can say', async ({
    open,
  }) => {
    const { page, complaints } = await open('/policy?pipeline=scope');
    await heading(page, 'Policy');
    const rows = page.locator('#policy-ranges ~ table tbody tr');
    const instead = page.locator('.policy-field', { hasText: 'change it as JSON' });
    const json = page.locator('#policy-json');
    const write = async (text: string): Promise<void> => {
      await json.fill(text);
      await json.blur();
    };
    await page.getByText('All of it as JSON').click();
    for (const text of ['{"ranges":5}', '{"ranges":[null]}', '{"mode":"enforce"}']) {
      await write(text);
      await instead.waitFor();
      await eventually(async () => assert.equal(await rows.count(), 0));
    }
    await page.getByRole('button', { name: 'Save as draft' }).click();
    await page.reload();
    await instead.getByRole('button', { name: /^In force/ }).click();
    await eventually(async () => assert.equal(await rows.count(), 4));
    await page.getByText('All of it as JSON').click();
    await write('null');
    await page.getByRole('alert').filter({ hasText: 'A policy is an object' }).waitFor();
    await page.getByRole('button', { name: 'Discard draft' }).click();
    // A row is put below by Enter alone, not by what ends a composition or takes a text that is offered
    await page.getByLabel('Scope, row 2').press('Enter');
    const ends = { key: 'Enter', bubbles: true, cancelable: true, isComposing: true };
    await page.getByLabel('Up to, row 2').dispatchEvent('keydown', ends);
    await page.getByLabel('Up to, row 2').press('Enter');
    await page.getByLabel('Up to, row 5').waitFor();
    assert.equal(await rows.count(), 5);
    assert.deepEqual(
      complaints.filter((one) => !one.includes('400')),
      [],
    );
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

  for (const [how, options] of [
    ['in the dark theme', { colorScheme: 'dark' }],
    ['in the light theme', { colorScheme: 'light' }],
    ['390 pixels wide', { viewport: { width: 390, height: 844 } }],
    ['at 200 % zoom', { viewport: { width: 640, height: 450 }, deviceScaleFactor: 2 }],
  ] as const) {
    // Each form on half of them: each run of axe-core takes seconds
    const [pipeline, label, value] = how.startsWith('in the')
      ? (['keylife', 'Above, row 3', '0.1'] as const)
      : (['scope', 'Up to, row 1', '99'] as const);
    test(`axe-core finds nothing in ${pipeline} rows, right and wrong, ${how}, and they fit`, async ({ open }) => {
      const { page, complaints } = await open(`/policy?pipeline=${pipeline}`, { ...options, bypassCSP: true });
      await heading(page, 'Policy');
      await page.getByLabel(label).fill(value);
      const done = pipeline === 'keylife' ? '.figures-table' : '.policy-rows .form-failure';
      await page.locator(done).first().waitFor();
      assert.deepEqual(await violations(page), []);
      assert.ok(await page.evaluate(fits), 'scrolls sideways');
      assert.deepEqual(await page.evaluate(outside), []);
      assert.deepEqual(
        complaints.filter((one) => !one.includes('400')),
        [],
      );
      const { EBBTIDE_PICTURES: folder } = process.env;
      if (folder)
        await page.screenshot({ path: `${folder}/${pipeline}-${how.replaceAll(' ', '-')}.png`, fullPage: true });
      await page.context().close();
    });

    test(`axe-core finds nothing in a draft of pre-provisioning, ${how}, and it fits`, async ({ open }) => {
      const { page, complaints } = await open('/policy?pipeline=preprovision', { ...options, bypassCSP: true });
      await heading(page, 'Policy');
      await page.locator('#policy-minChance').fill('0.99');
      await page.locator('.preview-users').waitFor();
      assert.deepEqual(await violations(page), []);
      assert.ok(await page.evaluate(fits), 'scrolls sideways');
      assert.deepEqual(await page.evaluate(outside), []);
      assert.deepEqual(complaints, []);
      const { EBBTIDE_PICTURES: folder } = process.env;
      if (folder)
        await page.screenshot({ path: `${folder}/preprovision-${how.replaceAll(' ', '-')}.png`, fullPage: true });
      await page.context().close();
    });

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
  }
});
