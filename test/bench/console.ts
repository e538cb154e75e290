/**
 * The console with very many subjects and entries: how long it takes to hear of them, to answer, and to show them in a
 * real browser. See README.md beside this file.
 *
 *   npm run bench -- console [--json] [--subjects 100000]
 */
import { parseArgs } from 'node:util';
import { startBrowser } from '../infra/console/browser.ts';
import { startHarness } from '../infra/console/harness.ts';
import { credentialOf, decisionOf } from '../infra/console/records.ts';
import { median, report, round, say } from './report.ts';

const { values: options } = parseArgs({
  options: { json: { type: 'boolean', default: false }, subjects: { type: 'string', default: '100000' } },
});
const subjects = Number(options.subjects);
const asked = 40;
const steps = 100;

const harness = await startHarness({ from: 'beginning' });
const cookie = await harness.enter();
const ask = async (path: string): Promise<{ total: number; known?: number }> => {
  const answer = await fetch(new URL(path, harness.console.address), { headers: { cookie } });
  return (await answer.json()) as { total: number; known?: number };
};
const until = async (is: () => Promise<boolean>): Promise<void> => {
  while (!(await is())) await new Promise((resolve) => setTimeout(resolve, 50));
};
/** Median and 99th percentile of the time to an answer, and what it costs the process, milliseconds. */
const timesOf = async (pathOf: (index: number) => string): Promise<readonly [number, number, number]> => {
  const times: number[] = [];
  const before = process.cpuUsage();
  for (let index = 0; index < asked; index += 1) {
    const begin = performance.now();
    await ask(pathOf(index));
    times.push(performance.now() - begin);
  }
  const { user, system } = process.cpuUsage(before);
  times.sort((left, right) => left - right);
  const cpuMs = (user + system) / 1_000 / asked;
  return [round(median(times), 1), round(times[Math.ceil(0.99 * asked) - 1]!, 1), round(cpuMs, 1)];
};

say(`${subjects} credentials and as many decisions`);
const now = Date.now();
const rssBefore = process.memoryUsage.rss();
const cpuBefore = process.cpuUsage();
for (let index = 0; index < subjects; index += 1) {
  const id = `cred-${String(index).padStart(6, '0')}`;
  const at = now - (index % 86_400) * 1_000;
  harness.feed.credential(
    credentialOf(id, at, {
      function: `function-${index % 5_000}`,
      role: `role-${index % 97}`,
      entityId: `entity-${index % 20_000}`,
      expiresAt: now + 3_600_000,
    }),
    at,
  );
  const share = (index * 0.618_034) % 1;
  harness.feed.decision(
    decisionOf(id, index % 3 === 0 ? 'revoke' : 'shorten', at, { score: share, severity: share }),
    at,
  );
  // Topics in memory keep what was read; a console's Kafka is elsewhere
  if (index % 2_000 === 0) await new Promise((resolve) => setImmediate(resolve));
}
await until(
  async () =>
    (await ask('/api/queue?limit=1')).total === subjects && (await ask('/api/subjects?limit=1')).known === subjects,
);
const cpu = process.cpuUsage(cpuBefore);
const figures: Record<string, number> = {
  subjects,
  hearCpuS: round((cpu.user + cpu.system) / 1e6, 1),
  rssMiBWithTopics: round((process.memoryUsage.rss() - rssBefore) / 2 ** 20, 0),
};
for (const [name, pathOf] of [
  ['queueFirst', () => '/api/queue?limit=100'],
  ['queueDeep', (index: number) => `/api/queue?limit=100&offset=${Math.floor((subjects * index) / asked)}`],
  ['queueSearch', (index: number) => `/api/queue?limit=100&q=function-${index * 7}`],
  ['subjectsSearch', (index: number) => `/api/subjects?limit=100&q=function-${index * 11}`],
  ['subjectsByScore', (index: number) => `/api/subjects?limit=100&sort=score&offset=${index * 100}`],
  ['search', (index: number) => `/api/search?q=cred-00${index}`],
] as const) {
  const [p50, p99, cpuMs] = await timesOf(pathOf);
  figures[`${name}P50Ms`] = p50;
  figures[`${name}P99Ms`] = p99;
  figures[`${name}CpuMs`] = cpuMs;
}

say('In a browser: from the first row to the last');
const browser = await startBrowser();
const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
const page = await context.newPage();
await page.goto(harness.console.link);
const inspector = await context.newCDPSession(page);
await inspector.send('Performance.enable', { timeDomain: 'threadTicks' });
const taskSeconds = async (): Promise<number> =>
  (await inspector.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0;
for (const path of ['queue', 'subjects'] as const) {
  const begin = performance.now();
  await page.goto(new URL(`/${path}`, harness.console.address).href);
  await page.locator('.row .row-name').first().waitFor();
  figures[`${path}OpenMs`] = round(performance.now() - begin, 0);
  const before = await taskSeconds();
  await page.evaluate(`(async () => {
    const height = document.documentElement.scrollHeight;
    for (let step = 0; step < ${steps}; step += 1) {
      scrollTo(0, height * step / ${steps});
      await new Promise(requestAnimationFrame);
      await new Promise((resolve) => setTimeout(resolve));
    }
  })()`);
  // What the page's thread does for each of a hundred leaps through the list, in time of the processor
  figures[`${path}LeapCpuMs`] = round((1_000 * ((await taskSeconds()) - before)) / steps, 1);
  await page.evaluate('scrollTo(0, document.documentElement.scrollHeight)');
  await page.locator(`.row[data-index="${subjects - 1}"] .row-name`).waitFor();
  figures[`${path}RowsInPage`] = await page.locator('.row').count();
}
figures.pageHeapMiB = round(((await page.evaluate('performance.memory?.usedJSHeapSize ?? 0')) as number) / 2 ** 20, 1);
await browser.close();
await harness.close();
report('console', figures, options.json ?? false);
process.exit(0);
