import { openArchive } from '../../clickhouse/client.ts';
import { queryArchive } from '../../clickhouse/query.ts';
import { addressOf } from '../connect.ts';
import type { Action } from '../invocation.ts';

interface Options {
  readonly maxRows: number;
  readonly timeout: number;
}

/** Ask the archive; Ctrl-C ends the query at the server too. */
export const run: Action<Options, [string]> = async ({ terminal, load }, { maxRows, timeout }, sql) => {
  const { config } = await load();
  const url = addressOf(config.clickhouse.url, 'clickhouse', 'clickhouse.url');
  const archive = openArchive({ ...config.clickhouse, url });
  const abort = new AbortController();
  const interrupt = (): void => abort.abort();
  process.once('SIGINT', interrupt);
  try {
    const options = {
      format: terminal.json ? 'jsonl' : 'table',
      maxRows,
      maxSeconds: timeout,
      signal: abort.signal,
    } as const;
    for await (const text of queryArchive(archive, sql, options)) process.stdout.write(text);
  } finally {
    process.off('SIGINT', interrupt);
    await archive.close();
  }
};
