import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { Page } from 'playwright-core';
import type { ConsolePorts } from '../../../../infra/console/ports.ts';
import { EbbtideError } from '../../../../schemas/errors.ts';
import { eventually } from '../browser.ts';
import { scoreOf } from '../records.ts';
import { heading, setStage } from './stage.ts';

let isAway = false;
const answer =
  <T>(value: T) =>
  async (): Promise<T> => {
    if (isAway) throw new EbbtideError('CLICKHOUSE_UNAVAILABLE', 'ClickHouse does not answer');
    return value;
  };
const nothing = {
  scores: [],
  features: [],
  life: [],
  decisions: [],
  effects: [],
  alerts: [],
  labels: [],
  lastScore: null,
};
const archive = {
  ping: answer(undefined),
  history: answer(nothing),
  queue: answer(nothing),
  timeline: answer(nothing),
  related: answer([]),
} as unknown as NonNullable<ConsolePorts['archive']>;

/** Two keys, one after the other, as fast as hands are: what comes a second and a half later is no sequence. */
const sequence = async (page: Page, ...keys: readonly string[]): Promise<void> => {
  await Promise.all(keys.map((key) => page.keyboard.press(key)));
};

describe('the shell of the console', { timeout: 240_000 }, () => {
  const { test } = setStage({ archive });

  test('goes from page to page by keys, and tells where it is', async ({ open }) => {
    const { page, complaints } = await open('/');
    await page.locator('.lane').nth(2).waitFor();
    for (const [key, title, path] of [
      ['q', 'Queue', '/queue'],
      ['s', 'Subjects', '/subjects'],
      ['i', 'Investigations', '/investigations'],
    ] as const) {
      await sequence(page, 'g', key);
      await heading(page, title);
      await eventually(async () => {
        assert.equal(new URL(page.url()).pathname, path);
        assert.equal(await page.title(), `${title} · Ebbtide`);
        const current = await page.locator('.rail-link[aria-current="page"]').textContent();
        assert.ok(current?.startsWith(title), `${current}`);
        assert.equal(await page.evaluate('document.activeElement.tagName'), 'H1');
      });
    }
    await page.goBack();
    await heading(page, 'Subjects');
    await sequence(page, 'g', 't');
    await page.locator('.lane').nth(2).waitFor();
    await eventually(async () => assert.equal(await page.title(), 'Ebbtide'));
    assert.deepEqual(complaints, []);
    await page.context().close();
  });

  test('finds subjects and pages by typing, and opens them by Enter', async ({ open }) => {
    const { page } = await open('/');
    await page.locator('.lane').nth(2).waitFor();
    // What is typed at once goes where it was opened for
    await page.keyboard.press('/');
    await page.keyboard.type('invoic');
    await page.locator('.choice-title', { hasText: 'invoices' }).waitFor();
    await page.keyboard.press('Enter');
    await heading(page, 'invoices');
    await eventually(() => assert.equal(new URL(page.url()).pathname, '/subjects/cred-invoices'));
    await page.keyboard.press('/');
    await page.locator('dialog[open] input').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('dialog[open]').waitFor({ state: 'detached' });
    await page.context().close();
  });

  test('letters do nothing once they are switched off, nor while something is typed', async ({ open }) => {
    const { page } = await open('/subjects');
    await heading(page, 'Subjects');
    await page.locator('.find').focus();
    await page.keyboard.type('g q/?');
    await eventually(async () => assert.equal(await page.locator('.find').inputValue(), 'g q/?'));
    assert.equal(await page.locator('dialog[open]').count(), 0);
    await page.locator('h1:visible').focus();
    await page.keyboard.press('?');
    await page.getByLabel('Keys of one letter are on').uncheck();
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    await page.keyboard.press('/');
    // Drawn once more: a dialogue would be there by now
    await page.evaluate('new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))');
    assert.equal(await page.locator('dialog[open]').count(), 0);
    await page.context().close();
  });

  test('a subject’s page follows it live, and goes on when the archive is away', async ({ open, act, harness }) => {
    const { page, complaints } = await open('/subjects/cred-mail');
    await heading(page, 'mail');
    await page.locator('.none', { hasText: 'Nothing has been decided' }).waitFor();
    isAway = true;
    const notice = page.locator('.notice', { hasText: 'The archive does not answer' });
    await notice.waitFor({ timeout: 60_000 });
    harness.feed.score(scoreOf('cred-mail', Date.now(), 0.87), Date.now());
    await page.locator('.figure-big', { hasText: '0.87' }).waitFor();
    act('cred-mail', 'shorten');
    await page.locator('.event-title', { hasText: 'Shortened to 30 s' }).waitFor();
    await page.reload();
    await page.locator('.event-title', { hasText: 'Shortened to 30 s' }).waitFor();
    isAway = false;
    await notice.waitFor({ state: 'detached', timeout: 60_000 });
    assert.deepEqual(complaints, []);
    await page.context().close();
  });

  test('what is nowhere says so', async ({ open }) => {
    const { page } = await open('/subjects/no-such-subject');
    await page.locator('.nothing-title', { hasText: 'Nobody has heard of it' }).waitFor();
    await page.goto(new URL(`/subjects/${'x'.repeat(10_240)}`, page.url()).href).catch(() => {});
    await page.goto(new URL('/investigations/none', page.url()).href);
    await page.locator('.nothing-title', { hasText: 'no such investigation' }).waitFor();
    await page.context().close();
  });
});
