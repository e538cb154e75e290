import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { type Batch, readBatch } from '../../../../infra/agents/browser/batch.ts';
import { packageRoot } from '../../../../infra/paths.ts';
import { phraseFaults } from '../../../../models/biometric/plausible.ts';
import { phraseSample, specifications } from '../../../../models/biometric/specifications.ts';
import { createRandom } from '../../../../models/training/random.ts';
import { requireOrSkip } from '../../../services/require.ts';
import { startBrowser } from '../../console/browser.ts';

const agentFolder = join(packageRoot(), 'infra', 'agents', 'browser');
const page = `<!doctype html><title>Sign in</title><script src="/behaviour.js"></script>
<form onsubmit="return false"><input type="password" id="secret"></form><textarea id="text"></textarea>
<div style="height:4000px"></div>`;

const bundled = async (): Promise<string> => {
  const module = (await import(pathToFileURL(join(agentFolder, 'build.mjs')).href)) as {
    build(): Promise<void>;
    browserAgent: string;
  };
  await module.build();
  return readFileSync(module.browserAgent, 'utf8');
};

describe('the browser agent', { timeout: 180_000 }, () => {
  let browser: Browser | undefined;
  let close = async (): Promise<void> => undefined;
  let home = '';
  const bodies: string[] = [];
  const random = createRandom(5);

  before(async (t) => {
    if (!(await requireOrSkip(t as never, 'chromium'))) return;
    const script = await bundled();
    const server = createServer((request, response) => {
      if (request.method === 'POST') {
        let body = '';
        request.setEncoding('utf8').on('data', (part: string) => {
          body += part;
        });
        request.on('end', () => {
          bodies.push(body);
          response.writeHead(204).end();
        });
        return;
      }
      const isScript = request.url === '/behaviour.js';
      response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html' });
      response.end(isScript ? script : page);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    home = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    browser = await startBrowser();
    close = async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    };
  });
  after(async () => {
    await browser?.close();
    await close();
  });

  const browserTest = (name: string, body: (opened: Page, t: TestContext) => Promise<void>) =>
    it(name, async (t: TestContext) => {
      if (!(await requireOrSkip(t, 'chromium'))) return;
      bodies.length = 0;
      const context = await browser!.newContext();
      context.setDefaultTimeout(30_000);
      const opened = await context.newPage();
      const errors: string[] = [];
      opened.on('pageerror', (error) => errors.push(String(error)));
      await opened.goto(home);
      await body(opened, t);
      assert.deepEqual(errors, []);
      await context.close();
    });

  /** Start, and answer the question if it is asked. */
  const start = async (opened: Page, answer?: 'session' | 'authentication' | 'none'): Promise<void> => {
    await opened.evaluate('void ebbtideBehaviour.start({ endpoint: "/behaviour", everyMs: 1e9 })');
    if (answer) await opened.locator(`#ebbtide-consent [data-level=${answer}]`).click();
    await opened.waitForFunction('document.querySelector("#ebbtide-consent") === null');
  };
  /** Type as a person does: some keys overlap the next. */
  const type = async (opened: Page, field: string, text: string): Promise<void> => {
    await opened.locator(field).focus();
    const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
    let held: string | undefined;
    for (const letter of text) {
      await opened.keyboard.down(letter);
      if (held) await opened.keyboard.up(held);
      held = letter;
      await pause(30 + 60 * random.next());
      if (random.next() < 0.5) continue;
      await opened.keyboard.up(letter);
      held = undefined;
      await pause(20 + 50 * random.next());
    }
    if (held) await opened.keyboard.up(held);
  };
  const move = async (opened: Page): Promise<void> => {
    for (let i = 0; i < 25; i++) await opened.mouse.move(20 + 9 * i, 300 + 40 * Math.sin(i / 4));
    await opened.mouse.down();
    await opened.mouse.up();
  };
  const received = async (count: number): Promise<Batch[]> => {
    const deadline = Date.now() + 30_000;
    while (bodies.length < count) {
      assert.ok(Date.now() < deadline, `Waited in vain for ${count} batches, got ${bodies.length}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return bodies.map((body) => readBatch(body, Date.now()));
  };
  const costOf = async (opened: Page) =>
    (await opened.evaluate('ebbtideBehaviour.cost()')) as { readonly events: number; readonly ms: number };
  const flush = (opened: Page) => opened.evaluate('ebbtideBehaviour.flush()');

  it('is under 10 KB compressed, depends on nothing, and passes the type check of a browser', async () => {
    const script = await bundled();
    assert.ok(gzipSync(script).length < 10_240, `${gzipSync(script).length} bytes`);
    assert.doesNotMatch(script, /\b(?:import|require|eval|fetch|XMLHttpRequest)\s*\(/);
    const compiler = join(packageRoot(), 'node_modules', 'typescript', 'bin', 'tsc');
    await promisify(execFile)(process.execPath, [compiler, '-p', join(agentFolder, 'page', 'tsconfig.json')]).catch(
      ({ stdout }: { stdout: string }) => assert.fail(stdout),
    );
  });

  browserTest('asks first; with consent to signing in it times the phrase and nothing else', async (opened) => {
    await start(opened, 'authentication');
    await type(opened, '#secret', 'hunter2xyz');
    await opened.keyboard.press('Enter');
    await type(opened, '#text', 'nobody looks at this text here');
    await move(opened);
    await opened.mouse.wheel(0, 400);
    await flush(opened);
    const [batch] = await received(1);
    assert.equal(bodies.length, 1);
    assert.equal(batch!.consent.level, 'authentication');
    assert.deepEqual(
      batch!.bursts.map(({ modality, specification }) => [modality, specification]),
      [['keystroke', 'phrase']],
    );
    const { features } = batch!.bursts[0]!;
    assert.equal(Object.keys(features).length, 3 * 10 - 2);
    assert.ok(phraseSample(features).every(Number.isFinite));
    const seconds = Array.from({ length: 10 }, (_, i) =>
      i === 0 ? [features['hold.0']!] : [features[`downDown.${i}`]!, features[`upDown.${i}`]!, features[`hold.${i}`]!],
    ).flat();
    assert.deepEqual(phraseFaults(seconds), []);
    for (const secret of ['hunter2xyz', 'KeyH', 'Digit2', '"h"', 'nobody'])
      assert.ok(!bodies[0]!.includes(secret), secret);
  });

  browserTest(
    'with consent to the session it watches on, and sends what is left when the page goes',
    async (opened, t) => {
      await start(opened, 'session');
      await type(opened, '#text', 'the quick brown fox jumps over it');
      await move(opened);
      for (let i = 0; i < 6; i++) await opened.mouse.wheel(0, 100 + 20 * i);
      await opened.waitForFunction('scrollY > 0');
      const { events, ms } = await costOf(opened);
      assert.ok(events > 80 && ms >= 0, `${events} events, ${ms} ms`);
      t.diagnostic(`Watching took ${ms.toFixed(1)} ms of the main thread for ${events} events`);
      assert.equal(bodies.length, 0);
      await opened.goto('about:blank');
      const batches = await received(1);
      const found = new Map(batches.flatMap(({ bursts }) => bursts.map((it) => [it.specification, it] as const)));
      for (const specification of ['typing', 'movement', 'scrolling', 'attention'] as const) {
        const burst = found.get(specification);
        assert.ok(burst, `${specification} among ${[...found.keys()]}`);
        assert.equal(burst.modality, specifications[specification].modality);
      }
      assert.ok(found.get('typing')!.features['hold.letter']! > 0);
      assert.ok(batches[0]!.cost.events >= events);
      for (const body of bodies) for (const key of ['KeyQ', 'quick', '"q"']) assert.ok(!body.includes(key), key);
    },
  );

  browserTest(
    'without consent it watches and sends nothing, remembers that, and can be told otherwise',
    async (opened) => {
      await start(opened, 'none');
      await type(opened, '#secret', 'hunter2xyz');
      await opened.keyboard.press('Enter');
      await move(opened);
      await flush(opened);
      assert.deepEqual(await costOf(opened), { events: 0, ms: 0 });
      await opened.reload();
      // Not asked again
      await start(opened);
      await opened.evaluate('ebbtideBehaviour.allow("session")');
      await move(opened);
      // What was not sent is forgotten with the consent
      await opened.evaluate('ebbtideBehaviour.allow("none")');
      await flush(opened);
      await opened.evaluate('ebbtideBehaviour.allow("session")');
      await flush(opened);
      await move(opened);
      await opened.locator('#secret').focus();
      await flush(opened);
      const [batch] = await received(1);
      assert.equal(bodies.length, 1);
      assert.ok(batch!.bursts.every(({ specification }) => specification === 'movement'));
    },
  );

  browserTest('a phrase that was corrected or pasted is not sent', async (opened) => {
    await start(opened, 'authentication');
    await type(opened, '#secret', 'hunt');
    await opened.keyboard.press('Backspace');
    await type(opened, '#secret', 'ter');
    await opened.locator('#text').focus();
    await flush(opened);
    await type(opened, '#secret', 'right');
    await opened.locator('#text').focus();
    await flush(opened);
    const [batch] = await received(1);
    assert.equal(bodies.length, 1);
    assert.equal(batch!.bursts.length, 1);
    assert.equal(Object.keys(batch!.bursts[0]!.features).length, 3 * 5 - 2);
  });
});
