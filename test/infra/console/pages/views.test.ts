import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import type { Page } from 'playwright-core';
import { modelsPort } from '../../../../infra/cli/models-port.ts';
import { type ClickHouseArchive, openArchive } from '../../../../infra/clickhouse/client.ts';
import { clickhouseConfig } from '../../../../infra/clickhouse/config.ts';
import { type ClickHouseServer, startClickHouse } from '../../../../infra/clickhouse/embedded.ts';
import { viewArchive } from '../../../../infra/clickhouse/views/archive.ts';
import type { Config } from '../../../../infra/config/config.ts';
import { configSchema } from '../../../../infra/config/config.ts';
import type { ConsolePorts, ModelsPort } from '../../../../infra/console/ports.ts';
import { shippedAnomalyModel } from '../../../../models/anomaly/model.ts';
import { openModelRegistry } from '../../../../models/registry/open.ts';
import { variantOfShipped } from '../../../models/registry/variant.ts';
import { requireOrSkip } from '../../../services/require.ts';
import { fill, hostile } from '../../grafana/filled.ts';
import { assertForEveryone, everyWindow } from './everyone.ts';
import { heading, setStage } from './stage.ts';

const hour = 3_600_000;
const folder = mkdtempSync(join(tmpdir(), 'ebbtide-views-'));

describe('pages of sums', { timeout: 600_000 }, () => {
  let server: ClickHouseServer | undefined;
  let archive: ClickHouseArchive | undefined;
  let models: ModelsPort | undefined;
  const views = new Proxy({} as NonNullable<ConsolePorts['views']>, {
    get: (_, name: keyof NonNullable<ConsolePorts['views']>) => viewArchive(archive!)[name],
  });
  const ports: Partial<ConsolePorts> = {
    views,
    models: {
      kinds: () => models!.kinds(),
      version: (...args) => models!.version(...args),
      report: (...args) => models!.report(...args),
      differences: (...args) => models!.differences(...args),
      point: (wish) => models!.point(wish),
    },
  };
  before(async (t) => {
    if (!(await requireOrSkip(t as never, 'chromium', 'clickhouse'))) return;
    server = await startClickHouse({ folder: join(folder, 'clickhouse') });
    archive = openArchive(clickhouseConfig.parse({ url: server.url }));
    await archive.prepare();
    await fill(archive, Date.now() - hour + 60_000);
  });
  const { test, stage } = setStage(ports);
  before(async () => {
    if (!stage()) return;
    const config: Config = configSchema.parse({ models: { registry: join(folder, 'registry') } });
    const registry = await openModelRegistry(config.models);
    await registry.publish('anomaly', shippedAnomalyModel(), 'test');
    await registry.publish('anomaly', await variantOfShipped(join(folder, 'variant'), 'next'), 'test');
    models = modelsPort(stage().harness.context, config);
  });
  after(async () => {
    await archive?.close();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const pages: readonly (readonly [string, string, (page: Page) => Promise<void>])[] = [
    [
      '/scope',
      'Scope',
      async (page) => {
        await page.locator('.bars').first().waitFor();
        await page.locator('section[aria-label="Callers by risk"] tbody tr').first().waitFor();
      },
    ],
    [
      '/provisioning',
      'Provisioning',
      async (page) => {
        await page.locator('.bars').nth(1).waitFor();
        await page.locator('section[aria-label="Pairs of user and machine"] tbody tr').first().waitFor();
      },
    ],
    [
      '/provisioning/ada',
      'ada',
      async (page) => {
        await page.locator('.week td[data-shade="4"]').first().waitFor();
        await page.locator('section[aria-label="Machines"] tbody tr', { hasText: 'running since' }).waitFor();
        await page.locator('section[aria-label="Applications"] tbody tr', { hasText: 'psql' }).waitFor();
        await page.locator('section[aria-label="Scheduled jobs"] tbody tr', { hasText: 'backup' }).waitFor();
        await page.locator('section[aria-label="Changes of their machines"] tbody tr').nth(2).waitFor();
      },
    ],
    [
      '/keys',
      'Key lifespans',
      async (page) => {
        await page.locator('.bars').nth(1).waitFor();
        await page.locator('section[aria-label="What gave them away"] tbody tr').first().waitFor();
        await page.getByRole('heading', { name: 'What spoke for and against' }).waitFor();
      },
    ],
    [
      '/models',
      'Models',
      async (page) => {
        await page.locator('.bars').first().waitFor();
        await page.locator('section[aria-label="Drift"] tbody tr').first().waitFor();
        await page.getByRole('button', { name: 'Show next' }).click();
        await page.getByRole('heading', { name: 'Manifest of next' }).waitFor();
      },
    ],
  ];

  for (const [path, title, ready] of pages)
    for (const [how, options] of everyWindow)
      test(`axe-core finds nothing in ${title}, ${how}, and it fits`, async ({ open }) => {
        const { page, complaints } = await open(path, options);
        await heading(page, title);
        await ready(page);
        await assertForEveryone(page, `${path} ${how}`);
        assert.deepEqual(complaints, []);
        await page.context().close();
      });

  test('whom a credential is prepared for is looked at by a key, and who is not known is said so', async ({ open }) => {
    const { page, complaints } = await open('/provisioning');
    await page.locator('section[aria-label="Users"]').getByRole('link', { name: 'ada' }).press('Enter');
    await heading(page, 'ada');
    await page.locator('.week td[data-shade="4"]').first().waitFor();
    await page.locator('section[aria-label="Machines"]').getByRole('link', { name: 'web-1' }).waitFor();
    await page.goto(new URL(`/provisioning/${encodeURIComponent(hostile)}`, page.url()).href);
    await heading(page, hostile);
    await page.locator('.nothing-title', { hasText: 'No access of theirs is known' }).waitFor();
    assert.deepEqual(complaints, []);
    await page.context().close();
  });

  test('a version is promoted, compared and rolled back, and says why', async ({ open }) => {
    const { page, complaints } = await open('/models');
    const kind = page.locator('section[aria-label="Models of kind anomaly"]');
    await kind.getByRole('button', { name: 'Promote next…' }).click();
    await page.locator('#reason').fill('Better on our labels');
    await page.keyboard.press('Enter');
    await kind.locator('.policy-now strong', { hasText: 'next' }).waitFor();
    await kind.getByRole('button', { name: 'Compare' }).click();
    await kind.locator('tbody tr', { hasText: 'version' }).first().waitFor();
    await kind.getByRole('button', { name: 'Roll back…' }).click();
    await page.locator('#reason').fill('Too many alerts');
    await page.keyboard.press('Enter');
    await page.locator('.toast', { hasText: 'challenger: next' }).waitFor();
    await kind.locator('.as-table summary').click();
    await kind.locator('tr', { hasText: 'Too many alerts' }).waitFor();
    assert.deepEqual(complaints, []);
    await page.context().close();
  });
});
