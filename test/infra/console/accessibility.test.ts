import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser } from 'playwright-core';
import { requireOrSkip } from '../../services/require.ts';
import { eventually, fits, openPage, outside, startBrowser, violations } from './browser.ts';
import { type Harness, startHarness } from './harness.ts';

const changesInSixtyFrames = `(async () => {
  const canvas = document.querySelectorAll('.lane canvas')[1];
  let changes = 0;
  let last = canvas.toDataURL();
  for (let frame = 0; frame < 60; frame += 1) {
    await new Promise(requestAnimationFrame);
    const next = canvas.toDataURL();
    if (next !== last) changes += 1;
    last = next;
  }
  return changes;
})()`;

describe('the page for everyone', { timeout: 180_000 }, () => {
  let harness: Harness;
  let browser: Browser | undefined;
  before(async (t) => {
    if (!(await requireOrSkip(t as never, 'chromium'))) return;
    browser = await startBrowser();
    harness = await startHarness();
    const start = Date.now() - 60_000;
    harness.feed.mode('enforce', start);
    harness.feed.issue(6, start);
    harness.feed.functions[0]!.misbehaving = true;
    for (let at = start + 500; at < Date.now(); at += 500) harness.feed.step(at);
    const { credentialId } = harness.feed.functions[0]!.credential;
    harness.demoEvents.next({
      credentialId,
      kind: 'refused',
      text: 'Vault refused the next request: 403 permission denied',
      at: Date.now(),
    });
  });
  after(async () => {
    await browser?.close();
    await harness?.close();
  });

  for (const colorScheme of ['dark', 'light'] as const)
    it(`axe-core finds nothing in the ${colorScheme} theme, with details and with a question open`, async (t) => {
      if (!(await requireOrSkip(t, 'chromium'))) return;
      const { page } = await openPage(browser!, harness.console.link, { colorScheme, bypassCSP: true });
      await page.locator('.lane').nth(5).waitFor();
      assert.deepEqual(await violations(page), []);
      await page.locator('.lane-name').first().click();
      await page.locator('details.event summary').first().click();
      assert.deepEqual(await violations(page), []);
      await page.locator('.close').click();
      await page.locator('.kill').click();
      assert.deepEqual(await violations(page), []);
      await page.context().close();
    });

  for (const [what, viewport] of [
    ['360 pixels wide', { width: 360, height: 740 }],
    ['at 200 % of a usual window', { width: 640, height: 400 }],
  ] as const)
    it(`fits ${what}: nothing scrolls sideways, every control is inside, axe-core finds nothing`, async (t) => {
      if (!(await requireOrSkip(t, 'chromium'))) return;
      const { page } = await openPage(browser!, harness.console.link, { viewport, bypassCSP: true });
      await page.locator('.lane').nth(5).waitFor();
      await eventually(async () => {
        assert.deepEqual(await page.evaluate(outside), []);
        assert.ok(await page.evaluate(fits));
      });
      await page.locator('.lane-name').first().click();
      await page.locator('#detail-title').waitFor();
      await eventually(async () => assert.ok(await page.evaluate(fits)));
      assert.deepEqual(await violations(page), []);
      await page.context().close();
    });

  it('stands still where motion is unwelcome, and goes on telling the time', async (t) => {
    if (!(await requireOrSkip(t, 'chromium'))) return;
    const { page } = await openPage(browser!, harness.console.link, { reducedMotion: 'reduce' });
    await page.locator('.lane').nth(5).waitFor();
    const frames = (await page.evaluate(changesInSixtyFrames)) as number;
    // Sixty frames are a second or more: it is drawn once a second, not with every frame
    assert.ok(frames < 30, `drawn ${frames} times in 60 frames`);
    assert.equal(
      await page.evaluate('getComputedStyle(document.querySelector(".connection"), "::before").animationName'),
      'none',
    );
    await page.context().close();
  });
});
