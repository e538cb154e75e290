import type { TestContext } from 'node:test';
import { type ClickHouseServer, startClickHouse } from '../../infra/clickhouse/embedded.ts';
import { temporaryFolder } from './folder.ts';

/** A fresh, empty ClickHouse for one test, stopped after it. */
export const clickHouse = async (t: TestContext): Promise<ClickHouseServer> => {
  let server: ClickHouseServer | undefined;
  t.after(() => server?.stop());
  server = await startClickHouse({ folder: temporaryFolder(t, 'ebbtide-clickhouse-') });
  return server;
};
