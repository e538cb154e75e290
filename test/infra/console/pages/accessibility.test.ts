import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { Page } from 'playwright-core';
import { until } from '../../../services/context.ts';
import { assertForEveryone, everyWindow } from './everyone.ts';
import { heading, type Stage, setStage } from './stage.ts';

const openInvestigation = async ({ harness }: Stage): Promise<string> => {
  const cookie = await harness.enter();
  const found = await until('an investigation', async () => {
    const answer = await fetch(new URL('/api/investigations', harness.console.address), { headers: { cookie } });
    return ((await answer.json()) as { entries: { id: string }[] }).entries[0];
  });
  return `/investigations/${found.id}`;
};

/** Every page, and what opens in it. */
const scenes: readonly (readonly [string, (stage: Stage) => Promise<string>, (page: Page) => Promise<void>])[] = [
  [
    'queue with an entry open',
    async () => '/queue',
    async (page) => {
      await page.locator('.row .row-name').first().waitFor();
      await page
        .locator('.row')
        .first()
        .click({ position: { x: 8, y: 8 } });
      await page.locator('.panel').waitFor();
    },
  ],
  ['subjects', async () => '/subjects', (page) => page.locator('.row .row-name').nth(2).waitFor()],
  [
    'a subject with its table and a decision open',
    async () => '/subjects/cred-checkout',
    async (page) => {
      await heading(page, 'checkout');
      await page.locator('.as-table summary').click();
      await page.locator('.table-frame table').waitFor();
      await page.locator('details.event summary').first().click();
    },
  ],
  ['investigations', async () => '/investigations', (page) => page.locator('.row .row-name').first().waitFor()],
  [
    'an investigation that is being closed',
    openInvestigation,
    async (page) => {
      await heading(page, 'credential revoked');
      await page.getByRole('button', { name: 'Close it…' }).click();
      await page.locator('dialog[open]').waitFor();
    },
  ],
  [
    'the search',
    async () => '/subjects',
    async (page) => {
      await heading(page, 'Subjects');
      await page.locator('.search-button').click();
      await page.locator('.palette input').fill('check');
      await page.locator('.choice-title', { hasText: 'checkout' }).first().waitFor();
    },
  ],
  [
    'what the keys do',
    async () => '/queue',
    async (page) => {
      await heading(page, 'Queue');
      await page.keyboard.press('?');
      await page.locator('.help').waitFor();
    },
  ],
];

describe('every page for everyone', { timeout: 600_000 }, () => {
  const { test } = setStage();
  let revoked = false;
  for (const [name, path, prepare] of scenes)
    for (const [how, options] of everyWindow)
      test(`axe-core finds nothing in ${name}, ${how}, and it fits`, async (stage) => {
        if (!revoked) stage.act('cred-checkout', 'revoke');
        revoked = true;
        const { page, complaints } = await stage.open(await path(stage), options);
        await prepare(page);
        await assertForEveryone(page, `${name} ${how}`);
        assert.deepEqual(complaints, []);
        await page.context().close();
      });
});
