import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { eventually } from '../browser.ts';
import { heading, type Stage, setStage } from './stage.ts';

const opened = async ({ harness }: Stage): Promise<string> => {
  const answer = await fetch(new URL('/api/investigations', harness.console.address), {
    method: 'POST',
    headers: { cookie: await harness.enter(), 'content-type': 'application/json', 'x-ebbtide-console': '1' },
    body: JSON.stringify({ subject: 'cred-mail', title: 'Odd hours' }),
  });
  return `/investigations/${((await answer.json()) as { id: string }).id}`;
};

describe('an investigation', { timeout: 240_000 }, () => {
  const { test } = setStage();

  test('is opened by a revocation and found from its subject', async ({ act, open }) => {
    act('cred-checkout', 'revoke');
    const { page, complaints } = await open('/investigations');
    await page.locator('.row-name', { hasText: 'checkout: credential revoked' }).click();
    await heading(page, 'checkout: credential revoked');
    await page.locator('.step', { hasText: 'ebbtide opened it' }).waitFor();
    await page.getByRole('link', { name: 'cred-checkout' }).click();
    await heading(page, 'checkout');
    await page.locator('.plain-list a', { hasText: 'checkout: credential revoked' }).waitFor();
    assert.deepEqual(complaints, []);
    await page.context().close();
  });

  test('is taken, commented on and closed by keyboard; a comment is text', async (stage) => {
    const { page, complaints } = await stage.open(await opened(stage));
    await heading(page, 'Odd hours');
    const comment = page.locator('#comment');
    await comment.waitFor();
    await page.keyboard.press('c');
    await eventually(async () => assert.equal(await page.evaluate('document.activeElement.id'), 'comment'));
    await page.keyboard.type('<script>alert(1)</script> **x**');
    await page.keyboard.press('Control+Enter');
    await page.locator('.step-text', { hasText: '<script>alert(1)</script> **x**' }).waitFor();
    await eventually(async () => assert.equal(await comment.inputValue(), ''));
    await page.locator('h1:visible').focus();
    await page.keyboard.press('x');
    await page.locator('dialog[open]').waitFor();
    await page.getByLabel('Inconclusive').check();
    await page.getByLabel('In words').fill('No trace');
    await page.getByRole('button', { name: 'Close it', exact: true }).click();
    await page.locator('.step', { hasText: 'closed it: inconclusive' }).waitFor();
    await page.getByRole('button', { name: 'Open it again' }).click();
    await page.locator('.step', { hasText: 'opened it again' }).waitFor();
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Export as Markdown' }).click();
    assert.match((await download).suggestedFilename(), /^investigation-[0-9a-f]+\.md$/);
    assert.deepEqual(complaints, []);
    await page.context().close();
  });

  test('of two people at once, the second is told, keeps what was typed, and sees what the first did', async (stage) => {
    const path = await opened(stage);
    const one = await stage.open(path);
    const other = await stage.open(path);
    for (const { page } of [one, other]) await heading(page, 'Odd hours');
    // What the other page sees of the first one's step is held back, as on a slow line
    await other.page.route('**/api/investigations/*', (route) => route.abort());
    await other.page.locator('#comment').fill('half a thought');
    await other.page.getByRole('button', { name: 'Close it…' }).click();
    await other.page.getByLabel('False positive').check();
    await other.page.getByLabel('In words').fill('a batch job');
    await one.page.getByRole('button', { name: 'Give it back' }).click();
    await one.page.locator('.step', { hasText: 'gave it back' }).waitFor();
    await other.page.getByRole('button', { name: 'Close it', exact: true }).click();
    const told = other.page.locator('.notice', { hasText: 'was faster' });
    await told.waitFor();
    await eventually(async () => assert.match((await told.textContent())!, /You had written: “a batch job”/));
    await other.page.unroute('**/api/investigations/*');
    await one.page.locator('#comment').fill('Whose is it now?');
    await one.page.getByRole('button', { name: 'Comment' }).click();
    await other.page.locator('.step', { hasText: 'gave it back' }).waitFor();
    await other.page.locator('.step', { hasText: 'Whose is it now?' }).waitFor();
    const draft = () =>
      eventually(async () => assert.equal(await other.page.locator('#comment').inputValue(), 'half a thought'));
    await draft();
    await other.page.reload();
    await draft();
    for (const { page } of [one, other]) await page.context().close();
  });
});
