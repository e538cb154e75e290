import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { Page } from 'playwright-core';
import { shownKeys, shownScope } from '../../../../infra/console/policies/shown.ts';
import { openKeyPreview } from '../../../../infra/replay/keylife/preview.ts';
import { openScopePreview } from '../../../../infra/replay/scope/preview.ts';
import type { Trials } from '../../../../infra/replay/trial.ts';
import { keyhostConfig } from '../../../../infra/services/keyhost/config.ts';
import { defaultScopeModel } from '../../../../models/scope/model.ts';
import { callAt } from '../../../models/scope/calls.ts';
import { keyOf, keysOf } from '../../replay/keylife/keys.ts';
import { eventually } from '../browser.ts';
import { assertForEveryone, everyWindow } from './everyone.ts';
import { heading, setStage } from './stage.ts';

const hourMs = 3_600_000;
const now = Date.now();
const calls = Array.from({ length: 300 }, (_, index) =>
  callAt(now - hourMs + index * 1_000, {
    frontendCredential: 'thief',
    service: `service-${index % 9}`,
    operation: `GET /secrets/${index}`,
    status: 403,
  }),
);
const keys = Array.from({ length: 3 }, (_, index) => keyOf(index, { issuedAt: now - (index + 1) * hourMs }));
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
const trials: Trials = {
  keylife: async (wish) => shownKeys(await previewKeys(wish), wish),
  scope: async (wish) => shownScope(await previewScope(wish), { draft: wish.policy, inForce: wish.inForce }, wish.to),
};

interface Policy {
  readonly exempt: unknown;
  readonly groups: unknown;
  readonly scopes: unknown;
  readonly threat: { readonly feedWeights: unknown };
}

/** What has the focus, by its label. */
const focusIs = (page: Page, label: string) =>
  eventually(async () => assert.equal(await page.evaluate('document.activeElement.ariaLabel'), label));

describe('forms of the policy editor', { timeout: 600_000 }, () => {
  const { test } = setStage({ trials });

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
    await focusIs(page, 'Up to, row 3');
    await eventually(async () => assert.equal(await page.getByLabel('Up to, row 3').inputValue(), '70'));
    await page.keyboard.press('Tab');
    await focusIs(page, 'Scope, row 3');
    await page.keyboard.type('read-only');
    const wrong = rows.nth(2).locator('.form-failure', { hasText: 'Scope read-only has two ranges' });
    await wrong.waitFor();
    const field = page.getByLabel('Scope, row 3');
    await eventually(async () => {
      assert.equal(await field.getAttribute('aria-invalid'), 'true');
      assert.equal(await field.getAttribute('aria-describedby'), await wrong.getAttribute('id'));
    });
    await page.keyboard.press('Tab');
    await focusIs(page, 'Take out row 3');
    await page.keyboard.press('Enter');
    await focusIs(page, 'Up to, row 3');
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
    const ranges = page.getByRole('group', { name: 'Ranges', exact: true });
    const instead = ranges.filter({ hasText: 'change it as JSON' });
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

  test('changes exemptions, weights, groups and scopes by forms, by the keyboard, and says at the field what is wrong', async ({
    open,
  }) => {
    const { page, complaints } = await open('/policy?pipeline=scope');
    await heading(page, 'Policy');
    const json = page.locator('#policy-json');
    const draftIs = (assertion: (policy: Policy) => void) =>
      eventually(async () => assertion(JSON.parse(await json.inputValue()) as Policy));
    await page.locator('summary', { hasText: 'Exempt' }).press('Enter');
    await page.locator('summary', { hasText: 'All of it as JSON' }).press('Enter');
    const group = (name: string) => page.getByRole('group', { name, exact: true });

    await group('Exempt').getByRole('button', { name: 'Add a row' }).press('Enter');
    await focusIs(page, 'Name, row 1');
    await page.keyboard.type('app-1');
    await page.keyboard.press('Enter');
    await focusIs(page, 'Name, row 2');
    await page.keyboard.type('app-2');
    await draftIs(({ exempt }) => assert.deepEqual(exempt, ['app-1', 'app-2']));
    await group('Exempt').getByRole('button', { name: 'Take out row 1' }).press('Enter');
    await draftIs(({ exempt }) => assert.deepEqual(exempt, ['app-2']));

    const weights = group('Threat feed weights');
    await weights.getByRole('button', { name: 'Add a row' }).press('Enter');
    await focusIs(page, 'Name, row 1');
    await page.keyboard.type('drop');
    await page.keyboard.press('Tab');
    await focusIs(page, 'Value, row 1');
    await weights.getByLabel('Value, row 1').fill('-1');
    await weights.locator('tbody tr', { hasText: 'expected number to be >=0' }).waitFor();
    await weights.getByLabel('Value, row 1').fill('0.5');
    await weights.getByRole('button', { name: 'Add a row' }).press('Enter');
    await focusIs(page, 'Name, row 2');
    await page.keyboard.type('drop');
    await weights.locator('tr', { hasText: 'There is another drop' }).waitFor();
    await weights.getByRole('button', { name: 'Take out row 2' }).press('Enter');
    await draftIs(({ threat }) => assert.deepEqual(threat.feedWeights, { drop: 0.5 }));

    const groups = group('Groups');
    await groups.getByRole('button', { name: 'Add an entry' }).press('Enter');
    const night = page.locator('#policy-groups-0-name');
    await eventually(async () =>
      assert.equal(await page.evaluate('document.activeElement.id'), 'policy-groups-0-name'),
    );
    await night.fill('night');
    await page.locator('#policy-groups-0-narrowAfter').fill('0');
    await groups.locator('.policy-field', { hasText: 'Narrow after' }).locator('.form-failure').waitFor();
    await page.locator('#policy-groups-0-narrowAfter').fill('4');
    await groups.getByRole('group', { name: 'Match' }).getByRole('button', { name: 'Add a row' }).press('Enter');
    await focusIs(page, 'Name, row 1');
    await page.keyboard.type('night-*');
    await draftIs((policy) => assert.deepEqual(policy.groups, { night: { narrowAfter: 4, match: ['night-*'] } }));
    await page.locator('#policy-groups-0-narrowAfter').fill('');
    await draftIs((policy) => assert.deepEqual(policy.groups, { night: { match: ['night-*'] } }));

    const scopes = group('Scopes');
    await scopes.getByRole('button', { name: 'Add an entry' }).press('Enter');
    await page.locator('#policy-scopes-0-name').fill('Reports Only');
    await page.locator('#policy-scopes-0-name-wrong .form-failure').waitFor();
    await page.locator('#policy-scopes-0-name').fill('reports');
    const allow = scopes.getByRole('group', { name: 'Allow' });
    await allow.getByRole('button', { name: 'Add a row' }).press('Enter');
    await focusIs(page, 'Services, row 1');
    await page.keyboard.type('reports, orders');
    await page.keyboard.press('Tab');
    await focusIs(page, 'Methods, row 1');
    await page.keyboard.type('get');
    await allow.locator('td', { hasText: /invalid string/i }).waitFor();
    await allow.getByLabel('Methods, row 1').fill('GET, ""');
    await draftIs((policy) =>
      assert.deepEqual(policy.scopes, {
        reports: { allow: [{ services: ['reports', 'orders'], methods: ['GET', ''] }] },
      }),
    );
    // The scope that was just made can be named by a range
    await page.locator('#policy-ranges-scope-offers option[value="reports"]').waitFor({ state: 'attached' });
    await scopes.getByRole('button', { name: 'Take out reports' }).press('Enter');
    await draftIs((policy) => assert.deepEqual(policy.scopes, {}));
    // What JSON says stands in the forms, and what they cannot show is said to be JSON's
    await json.fill(JSON.stringify({ exempt: 5, groups: { day: { match: [] } } }));
    await json.blur();
    await page.locator('.policy-field', { hasText: 'something else here' }).waitFor();
    await eventually(async () => assert.equal(await night.inputValue(), 'day'));
    assert.deepEqual(
      complaints.filter((one) => !one.includes('400')),
      [],
    );
    await page.context().close();
  });

  for (const [how, options] of everyWindow) {
    // Each form on half of them: each run of axe-core takes seconds
    const [pipeline, label, value] =
      how === 'dark' || how === 'light'
        ? (['keylife', 'Above, row 3', '0.1'] as const)
        : (['scope', 'Up to, row 1', '99'] as const);
    test(`axe-core finds nothing in ${pipeline} rows, right and wrong, ${how}, and they fit`, async ({ open }) => {
      const { page, complaints } = await open(`/policy?pipeline=${pipeline}`, options);
      await heading(page, 'Policy');
      await page.getByLabel(label).fill(value);
      if (pipeline === 'scope') {
        await page.locator('summary', { hasText: 'Exempt' }).click();
        for (const name of ['Scopes', 'Groups'])
          await page.getByRole('group', { name, exact: true }).getByRole('button', { name: 'Add an entry' }).click();
        await page.getByRole('group', { name: 'Allow' }).getByRole('button', { name: 'Add a row' }).click();
        await page.getByLabel('Services, row 1').fill('orders, reports');
      }
      const done = pipeline === 'keylife' ? '.figures-table' : '.policy-rows .form-failure';
      await page.locator(done).first().waitFor();
      await assertForEveryone(page, `${pipeline} ${how}`);
      assert.deepEqual(
        complaints.filter((one) => !one.includes('400')),
        [],
      );
      await page.context().close();
    });
  }
});
