import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import type { Page } from 'playwright-core';
import { accessRecord } from '../../../../infra/agents/access/reading.ts';
import { archivePorts } from '../../../../infra/cli/archive-ports.ts';
import { openArchive } from '../../../../infra/clickhouse/client.ts';
import { deskArchive } from '../../../../infra/clickhouse/desk.ts';
import { configSchema } from '../../../../infra/config/config.ts';
import type { ConsolePorts } from '../../../../infra/console/ports.ts';
import { startConsole } from '../../../../infra/console/server.ts';
import type { Snapshot } from '../../../../infra/console/view/protocol.ts';
import { startArchive } from '../../../../infra/jobs/archive.ts';
import { blankProvision } from '../../../../infra/provision/records.ts';
import { shippedAnomalyModel } from '../../../../models/anomaly/model.ts';
import { openModelRegistry } from '../../../../models/registry/open.ts';
import { controlRecord } from '../../../../schemas/control.ts';
import type { Approval } from '../../../../schemas/generated/index.ts';
import { topics } from '../../../../schemas/topics.ts';
import { variantOfShipped } from '../../../models/registry/variant.ts';
import { clickHouse } from '../../../services/clickhouse.ts';
import { testContext, until } from '../../../services/context.ts';
import { temporaryFolder } from '../../../services/folder.ts';
import { requireOrSkip } from '../../../services/require.ts';
import { openPage, startBrowser } from '../browser.ts';
import { credentialOf, decisionOf } from '../records.ts';
import { heading } from './stage.ts';

/** A console over Kafka, ClickHouse and the pipeline that fills it, as they run together, and what it asks the archive for sums. */
const startLive = async (t: TestContext) => {
  const folder = temporaryFolder(t, 'ebbtide-live-');
  const kafka = await testContext(t);
  const { url } = await clickHouse(t);
  const {
    clickhouse,
    archive: pipeline,
    ...config
  } = configSchema.parse({
    clickhouse: { url },
    models: { registry: join(folder, 'registry') },
    console: { port: 0 },
  });
  const registry = await openModelRegistry(config.models);
  await registry.publish('anomaly', shippedAnomalyModel(), 'test');
  await registry.publish('anomaly', await variantOfShipped(join(folder, 'variant'), 'next'), 'test');
  const archive = openArchive(clickhouse);
  kafka.closing(() => archive.close());
  const archiving = await startArchive({ ...kafka.another(), archive }, pipeline);
  kafka.closing(() => archiving.close());
  const ports = archivePorts(kafka, { ...config, clickhouse, archive: pipeline }, clickhouse, archive);
  const asked = new Map<string, number>();
  const views = new Proxy(ports.views!, {
    get: (all, name: keyof NonNullable<ConsolePorts['views']>) => {
      asked.set(name, (asked.get(name) ?? 0) + 1);
      return all[name];
    },
  });
  const console = await startConsole(kafka.another(), config.console, {
    ...ports,
    views,
    archive: deskArchive(archive),
    parts: () => [archiving],
  });
  kafka.closing(() => console.close());
  await until('the archive to run', async () => (await archiving.health()).ready);
  return { kafka, console, asked, models: ports.models! };
};

/** What the page asks its server for, beside the two streams of events. */
const requestsOf = (page: Page): string[] => {
  const seen: string[] = [];
  page.on('request', (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith('/api/') && !pathname.endsWith('/events')) seen.push(pathname);
  });
  return seen;
};

it('every page shows what is new as soon as it is there, and asks for nothing while nothing happens', {
  timeout: 600_000,
}, async (t) => {
  if (!(await requireOrSkip(t, 'chromium', 'clickhouse'))) return;
  const browser = await startBrowser();
  t.after(() => browser.close());
  const { kafka, console, asked, models } = await startLive(t);
  const now = Date.now();
  const open = async (path: string, title: string) => {
    // A profile each: a browser opens six connections to a server, and each page keeps one
    const { page, complaints } = await openPage(browser, console.link);
    const requests = requestsOf(page);
    await page.goto(new URL(path, console.address).href);
    await page.locator('.connection[data-state="live"]').waitFor({ state: 'attached' });
    await heading(page, title);
    return { page, requests, complaints, title };
  };
  const shown = {
    scope: await open('/scope', 'Scope'),
    provisioning: await open('/provisioning', 'Provisioning'),
    profile: await open('/provisioning/ada', 'ada'),
    keys: await open('/keys', 'Key lifespans'),
    models: await open('/models', 'Models'),
    subjects: await open('/subjects', 'Subjects'),
    approvals: await open('/approvals', 'Approvals'),
    policy: await open('/policy', 'Policy'),
    tokens: await open('/tokens', 'API tokens'),
  };
  const all = Object.values(shown);
  const clockOf = async (): Promise<number> =>
    ((await all[0]!.page.evaluate('fetch("/api/state").then((answer) => answer.json())')) as Snapshot).now;

  await t.test('nothing is asked while nothing happens, for longer than any page was ever polled', async () => {
    // Ended when the server's clock says so, at whatever speed this runs
    const quiet = async (): Promise<boolean> => {
      const before = all.map(({ requests }) => requests.length).join();
      const from = await clockOf();
      await until('seventeen seconds of the server', async () => {
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        return (await clockOf()) - from > 17_000;
      });
      for (const { requests } of [all[0]!])
        requests.splice(0, requests.length, ...requests.filter((one) => one !== '/api/state'));
      return before === all.map(({ requests }) => requests.length).join();
    };
    // What the start left may come first, such as bars that moved on with time
    assert.ok((await quiet()) || (await quiet()), all.map(({ title, requests }) => `${title}: ${requests}`).join('; '));
  });

  await t.test('each page shows a new record by itself', async () => {
    await kafka.write(topics.decisions, [
      decisionOf('caller-1', 'narrow', now, {
        pipeline: 'scope',
        decisionId: 'scope/caller-1/1',
        newScope: 'readOnly',
      }),
      decisionOf('key-abc', 'shorten', now, { pipeline: 'keylife', decisionId: 'keylife/key-abc/1' }),
    ]);
    await shown.scope.page.locator('tbody tr', { hasText: 'caller-1' }).first().waitFor();
    await shown.keys.page.locator('tbody tr', { hasText: 'key-abc' }).first().waitFor();

    const pair = { user: 'ada', vm: 'web-1' };
    await kafka.write(topics.provisions, [{ ...blankProvision(pair, now, 'test'), state: 'wanted', probability: 0.7 }]);
    await shown.provisioning.page
      .locator('section[aria-label="Pairs of user and machine"] tbody tr', { hasText: 'web-1' })
      .waitFor();

    await kafka.write(topics.telemetryAccess, [
      accessRecord({ user: 'ada', kind: 'application', time: now - 60_000, application: 'psql', vm: 'web-1' }),
    ]);
    await shown.profile.page.locator('section[aria-label="Applications"] tbody tr', { hasText: 'psql' }).waitFor();

    const alert = { alertId: 'drift/1', subject: 'lifecycle', pipeline: 'lifecycle', kind: 'drift' };
    const said = { severity: 'warning', summary: 'Behaviour has drifted', decisionId: null, at: now } as const;
    await kafka.write(topics.alerts, [{ ...alert, ...said }]);
    await shown.models.page.locator('section[aria-label="Drift"] tbody tr', { hasText: 'has drifted' }).waitFor();
    await models.point({ kind: 'anomaly', version: 'next', reason: 'Better', by: 'somebody else' });
    await shown.models.page
      .locator('section[aria-label="Models of kind anomaly"] .policy-now strong', { hasText: 'next' })
      .waitFor();

    await kafka.write(topics.credentials, [credentialOf('cred-new', now, { function: 'new-one' })]);
    await shown.subjects.page.locator('.row-name', { hasText: 'new-one' }).waitFor();

    const id = { approvalId: 'a-1', step: 's-1', kind: 'leaveShadow', subject: 'ebbtide', request: '{}' };
    const asking = { askedBy: 'bob', askedByName: 'Bob', askedByOwner: 'bob', by: 'bob', byName: 'Bob', note: '' };
    const times = { askedAt: now, at: now, expiresAt: now + 3_600_000 };
    const approval: Approval = { ...id, ...asking, ...times, state: 'waiting', reason: 'tuned well' };
    await kafka.write(topics.approvals, [approval]);
    await shown.approvals.page.locator('.card', { hasText: 'tuned well' }).waitFor();
    // Told to every page, whatever it shows
    await shown.tokens.page.locator('.account .rail-count', { hasText: '1' }).waitFor();

    const mode = controlRecord({ kind: 'mode', value: 'enforce', by: 'carla', reason: 'it is time' }, now);
    const policy = { ...configSchema.parse({}).policy.lifecycle, low: 0.25 };
    const setting = { kind: 'policy', pipeline: 'lifecycle', value: policy, by: 'carla', reason: 'lower' } as const;
    await kafka.write(topics.control, [mode, controlRecord(setting, now)]);
    await shown.policy.page.locator('.policy-now', { hasText: 'carla' }).waitFor();

    const token = { tokenId: 't-1', name: 'backup', role: 'viewer', hash: 'x', createdAt: now, createdBy: 'carla' };
    await kafka.write(topics.tokens, [{ ...token, expiresAt: now + 3_600_000, revokedAt: null, revokedBy: '' }]);
    await shown.tokens.page.locator('.records li', { hasText: 'backup' }).waitFor();
    assert.deepEqual(
      all.flatMap(({ complaints }) => complaints),
      [],
    );
  });

  await t.test('a burst of a thousand decisions is read a few times, by many pages together', async () => {
    const other = await open('/scope', 'Scope');
    await other.page.locator('tbody tr', { hasText: 'caller-1' }).first().waitFor();
    const before = [asked.get('scope')!, shown.scope.requests.length, other.requests.length] as const;
    const began = await clockOf();
    const burst = (from: number, count: number) =>
      kafka.write(
        topics.decisions,
        Array.from({ length: count }, (_, index) =>
          decisionOf(`many-${from + index}`, 'narrow', now + from + index, {
            ...{ pipeline: 'scope', decisionId: `scope/many-${from + index}/1`, newScope: 'readOnly' },
          }),
        ),
      );
    for (let part = 0; part < 10; part += 1) await burst(part * 100, 100);
    for (const { page } of [shown.scope, other])
      await page.locator('tbody tr', { hasText: 'many-999' }).first().waitFor();
    const most = Math.ceil(((await clockOf()) - began) / 2_500) + 2;
    const reads = asked.get('scope')! - before[0];
    const requests = [shown.scope.requests.length - before[1], other.requests.length - before[2]];
    assert.ok(Math.max(...requests) <= most, `pages asked ${requests} times, and ${most} at most were due`);
    const shared = Math.max(...requests) + 1;
    assert.ok(reads <= shared, `the archive was asked ${reads} times by two pages that asked ${requests} times`);
  });

  await t.test('a page that nobody looks at reads nothing, and once when somebody does', async () => {
    const { page, requests } = shown.keys;
    const hide = (hidden: boolean) =>
      page.evaluate(`Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true });
document.dispatchEvent(new Event('visibilitychange'))`);
    await hide(true);
    const before = requests.length;
    const { page: watching } = await open('/keys', 'Key lifespans');
    for (const number of [1, 2, 3]) {
      const key = `key-hidden-${number}`;
      const decision = { pipeline: 'keylife', decisionId: `keylife/${key}/1` };
      await kafka.write(topics.decisions, [decisionOf(key, 'shorten', now + number, decision)]);
      await watching.locator('tbody tr', { hasText: key }).first().waitFor();
    }
    assert.equal(requests.length, before);
    await hide(false);
    await page.locator('tbody tr', { hasText: 'key-hidden-3' }).first().waitFor();
    assert.equal(requests.length, before + 1);
  });
});
