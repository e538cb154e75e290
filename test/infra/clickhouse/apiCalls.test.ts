import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { exitCodes } from '../../../infra/cli/exit.ts';
import { archiveApiCalls } from '../../../infra/clickhouse/apiCalls.ts';
import { emptyCall } from '../../../schemas/apiCall.ts';
import type { ApiTelemetry } from '../../../schemas/generated/index.ts';
import { clickHouse } from '../../services/clickhouse.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { ebbtide } from '../cli/ebbtide.ts';
import { messageOf, preparedArchive, rowsOf } from './support.ts';

const t0 = Date.UTC(2026, 0, 5, 9);

/** Somebody who reads orders, and somebody who is refused everything else. */
const calls: ApiTelemetry[] = Array.from({ length: 120 }, (_, i) => ({
  ...emptyCall,
  time: t0 + i * 1000,
  ...(i % 2
    ? {
        frontendCredential: 'app',
        service: 'orders',
        operation: 'GET /orders/{id}',
        status: 200,
        latitude: 48.2,
        longitude: 16.4,
      }
    : { frontendCredential: 'thief', service: `service-${i % 9}`, operation: `GET /secrets/${i}`, status: 403 }),
  group: 'callers',
  threatFeed: i === 0 ? 'drop' : '',
  threatConfidence: i === 0 ? 0.5 : 0,
}));

test('API calls of the archive come back as they were, clock records apart, and a policy is tried on them', async (t) => {
  const { url } = await clickHouse(t);
  const archive = await preparedArchive(t, url);
  const rows = archive.newBatch('test');
  const clock = { time: t0, controlOffset: 7, labelsOffset: 3 };
  rows.add(messageOf('telemetry.api', 0), { ...emptyCall, time: t0, clock });
  for (const [i, call] of calls.entries()) rows.add(messageOf('telemetry.api', i + 1), call);
  await archive.insert(rows);
  const source = archiveApiCalls(archive);
  const [from, to] = [t0, t0 + 3_600_000];
  assert.equal(await source.count(from, to), calls.length);
  const found: ApiTelemetry[] = [];
  for await (const call of source.calls(from, to)) found.push(call);
  assert.deepEqual(found, calls);
  const [kept] = await rowsOf<{ control_offset: string }>(archive, 'SELECT * FROM telemetry_api_clock');
  assert.equal(Number(kept!.control_offset), 7);

  const folder = temporaryFolder(t);
  const config = join(folder, 'ebbtide.yaml');
  writeFileSync(config, `clickhouse:\n  url: ${url}\n  database: ${archive.database}\n`);
  const lenient = join(folder, 'lenient.yaml');
  writeFileSync(lenient, 'ranges:\n  - { upTo: 100, scope: default }\n');
  const since = ['--since', new Date(t0).toISOString(), '--until', new Date(to).toISOString()];
  const tested = await ebbtide(['--json', 'policy', 'test', ...since, '--policy', lenient, '--config', config]);
  assert.equal(tested.status, exitCodes.ok, tested.stderr);
  const { name, figures } = JSON.parse(tested.stdout);
  assert.equal(name, 'policy-test');
  assert.deepEqual([figures.callers, figures.calls, figures.configuredRestricted, figures.restricted], [2, 120, 1, 0]);
  const shown = await ebbtide(['policy', 'test', ...since, '--config', config]);
  assert.match(shown.stdout, /thief/);
  const empty = await ebbtide(['policy', 'test', '--since', '1h', '--config', config]);
  assert.match(empty.stderr, /The archive holds no API call between/);
  const out = join(folder, 'model');
  const few = await ebbtide(['train', 'scope', '--from', 'archive', ...since, '--out', out, '--config', config]);
  assert.match(few.stderr, /are too few to calibrate with/);
});
