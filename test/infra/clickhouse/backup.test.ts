import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openArchive } from '../../../infra/clickhouse/client.ts';
import { clickhouseConfig } from '../../../infra/clickhouse/config.ts';
import { startClickHouse } from '../../../infra/clickhouse/embedded.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { messageOf, rowsOf } from './support.ts';

const score = (i: number) => ({
  ...{ subject: `cred-${i % 3}`, pipeline: 'lifecycle', windowStart: i * 1000, windowEnd: (i + 1) * 1000, samples: 1 },
  ...{ score: 0.5, risk: 0, severity: 0, frequency: 0, pValue: 0.5, statistic: 0, learning: false, contributions: [] },
  ...{ modelVersion: 'm', role: 'champion' },
});

const server = async (t: TestContext) => {
  const folder = temporaryFolder(t, 'ebbtide-backup-');
  const { url, stop } = await startClickHouse({ folder });
  t.after(stop);
  const retentionDays = { scores: 0 };
  const archive = openArchive(clickhouseConfig.parse({ url, database: 'ebbtide', retentionDays }));
  const bare = openArchive(clickhouseConfig.parse({ url, database: 'default' }));
  t.after(() => Promise.all([archive.close(), bare.close()]));
  const insert = async (from: number, to: number): Promise<void> => {
    const batch = archive.newBatch('test');
    for (let i = from; i < to; i++) batch.add(messageOf('scores', i, { timestamp: i }), score(i));
    await archive.insert(batch);
  };
  const counts = async () => {
    const [rows] = await rowsOf<{ n: string; counted: string }>(
      archive,
      'SELECT (SELECT count() FROM scores) AS n, (SELECT groupBitmapMerge(windows) FROM scores_by_time) AS counted',
    );
    return [Number(rows!.n), Number(rows!.counted)];
  };
  return { folder, archive, insert, counts, ask: (query: string) => rowsOf<{ status: string }>(bare, query) };
};

test('an archive that is lost comes back from BACKUP at another server, and goes on', async (t) => {
  const first = await server(t);
  await first.archive.prepare();
  await first.insert(0, 100);
  const [whole] = await first.ask("BACKUP DATABASE ebbtide TO File('monday')");
  assert.equal(whole!.status, 'BACKUP_CREATED');
  await first.insert(100, 150);
  await first.ask("BACKUP DATABASE ebbtide TO File('tuesday') SETTINGS base_backup = File('monday')");
  // Lost: written after the last backup
  await first.insert(150, 160);

  const second = await server(t);
  cpSync(join(first.folder, 'backups'), join(second.folder, 'backups'), { recursive: true });
  const [restored] = await second.ask("RESTORE DATABASE ebbtide FROM File('tuesday')");
  assert.equal(restored!.status, 'RESTORED');
  assert.deepEqual(await second.counts(), [150, 150]);
  // Migrations are known to be applied, and what keeps rollups came back, too
  await second.archive.prepare();
  assert.deepEqual(await second.counts(), [150, 150]);
  // The archive's group begins anew: what Kafka still has comes again, and is one row and one count
  await second.insert(90, 160);
  assert.deepEqual(await second.counts(), [160, 160]);

  await assert.rejects(first.ask(`BACKUP DATABASE ebbtide TO File('${temporaryFolder(t)}/elsewhere')`), /not allowed/);
});
