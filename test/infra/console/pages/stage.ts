import { after, before, it } from 'node:test';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import type { ConsolePorts } from '../../../../infra/console/ports.ts';
import { requireOrSkip } from '../../../services/require.ts';
import { type OpenPage, openPage, startBrowser } from '../browser.ts';
import { type Harness, startHarness } from '../harness.ts';
import { credentialOf, decisionOf, effectOf, scoreOf } from '../records.ts';

/** A console with three credentials, one of them revoked, and a browser: for the tests of one page. */
export interface Stage {
  readonly harness: Harness;
  open(path: string, options?: BrowserContextOptions): Promise<OpenPage>;
  /** Decide and carry out. @returns the decision */
  act(id: string, action: 'shorten' | 'revoke', reason?: string): ReturnType<typeof decisionOf>;
}

/** Set the stage before the tests of a suite, and clear it after them. */
export const setStage = (
  ports: Partial<ConsolePorts> = {},
): { readonly stage: () => Stage; readonly test: (name: string, body: (stage: Stage) => Promise<void>) => void } => {
  let browser: Browser | undefined;
  let stage: Stage | undefined;
  before(async (t) => {
    if (!(await requireOrSkip(t as never, 'chromium'))) return;
    browser = await startBrowser();
    const harness = await startHarness({ flushMs: 20 }, ports);
    const act: Stage['act'] = (id, action, reason = `Test of ${action}`) => {
      const now = Date.now();
      const decision = decisionOf(id, action, now, { reason });
      harness.feed.decision(decision, now);
      harness.feed.effect(effectOf(decision, now));
      return decision;
    };
    const now = Date.now();
    harness.feed.mode('enforce', now);
    for (const name of ['checkout', 'invoices', 'mail'])
      harness.feed.credential(
        credentialOf(`cred-${name}`, now - 20_000, { function: name, instance: `${name}-1`, expiresAt: now + 600_000 }),
        now - 20_000,
      );
    for (let at = now - 15_000; at < now; at += 500)
      harness.feed.score(scoreOf('cred-checkout', at, 0.2 + (at % 3_000) / 10_000), at);
    stage = {
      harness,
      act,
      open: async (path, options) => {
        const opened = await openPage(browser!, harness.console.link, options);
        if (path !== '/') await opened.page.goto(new URL(path, harness.console.address).href);
        // Live, and told who looks: what somebody may not do yet is not offered, and its keys do nothing
        const live = opened.page.locator('.connection[data-state="live"]').waitFor({ state: 'attached' });
        await live.catch(async (cause: unknown) => {
          const state = await opened.page.evaluate('document.querySelector(".connection")?.dataset.state');
          throw new Error(`${path} is ${state ?? 'not drawn'}: ${opened.complaints.join('; ')}`, { cause });
        });
        await opened.page.locator('.account').waitFor({ state: 'attached' });
        return opened;
      },
    };
  });
  after(async () => {
    await browser?.close();
    await stage?.harness.close();
  });
  return {
    stage: () => stage!,
    test: (name, body) =>
      void it(name, async (t) => {
        if (await requireOrSkip(t, 'chromium')) await body(stage!);
      }),
  };
};

/** The page that is open, by its heading. */
export const heading = (page: Page, text: string | RegExp) =>
  page.locator('main h1:visible', { hasText: text }).waitFor();
