import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClickHouseClient } from '@clickhouse/client';
import { EbbtideError } from '../../schemas/errors.ts';
import { packageRoot } from '../paths.ts';
import { clickhouseError } from './errors.ts';

/** One file of `migrations/`. */
export interface Migration {
  /** File name, `NNN-what.sql`. */
  readonly name: string;
  readonly sql: string;
}

/** What {@link migrate} needs. */
export interface MigrateOptions {
  /** Client of the database, which may not exist yet; one that waits long, for a migration goes through whole tables. */
  readonly client: ClickHouseClient;
  /** Client of a database that exists, to create ours. */
  readonly bootstrap: ClickHouseClient;
  readonly database: string;
  /** In order; the ones that ship, when absent. */
  readonly migrations?: readonly Migration[];
  readonly signal?: AbortSignal;
}

const recordTable = `CREATE TABLE IF NOT EXISTS migrations
(
  name String,
  checksum String,
  applied_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree
ORDER BY name
SETTINGS fsync_after_insert = 1`;

/** The migrations that ship, in order. */
export const shippedMigrations = (): readonly Migration[] => {
  const folder = join(packageRoot(), 'infra/clickhouse/migrations');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => ({ name, sql: readFileSync(join(folder, name), 'utf8') }));
};

/** The statements of a migration: each ends with a semicolon at the end of its line; comments have lines of their own. */
export const statementsOf = (sql: string): readonly string[] =>
  sql
    .replaceAll(/^\s*--.*$/gm, '')
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');

const checksumOf = ({ sql }: Migration): string =>
  createHash('sha256').update(sql.replaceAll('\r\n', '\n')).digest('hex');

/**
 * Create the database where it is missing, and apply the migrations that have not been.
 *
 * ClickHouse has no transaction around definitions, so each statement must bear being run again (`IF NOT EXISTS`):
 * a migration that was cut off, or run by two processes at once, is then simply repeated.
 *
 * @returns names of the migrations that were applied now
 * @throws {EbbtideError} `CLICKHOUSE_REJECTED` when an applied migration was changed or is missing, before anything is done
 */
export const migrate = async (options: MigrateOptions): Promise<readonly string[]> => {
  const { client, bootstrap, database, migrations = shippedMigrations(), signal } = options;
  const abort = signal ? { abort_signal: signal } : {};
  let doing = `Cannot create database ${database}`;
  try {
    await bootstrap.command({ query: `CREATE DATABASE IF NOT EXISTS \`${database}\``, ...abort });
    doing = `Cannot read the migrations of ${database}`;
    await client.command({ query: recordTable, ...abort });
    const answer = await client.query({
      query: 'SELECT name, checksum FROM migrations FINAL',
      format: 'JSONEachRow',
      ...abort,
    });
    const applied = new Map(
      (await answer.json<{ name: string; checksum: string }>()).map((row) => [row.name, row.checksum]),
    );
    refuseChanged(applied, migrations, database);
    const due = migrations.filter(({ name }) => !applied.has(name));
    for (const migration of due) {
      doing = `Cannot apply migration ${migration.name}`;
      for (const query of statementsOf(migration.sql)) await client.command({ query, ...abort });
      await client.insert({
        table: 'migrations',
        columns: ['name', 'checksum'],
        values: [{ name: migration.name, checksum: checksumOf(migration) }],
        format: 'JSONEachRow',
        ...abort,
      });
    }
    return due.map(({ name }) => name);
  } catch (error) {
    throw clickhouseError(doing, error, signal);
  }
};

const refuseChanged = (
  applied: ReadonlyMap<string, string>,
  migrations: readonly Migration[],
  database: string,
): void => {
  const known = new Map(migrations.map((migration) => [migration.name, checksumOf(migration)]));
  for (const [name, checksum] of applied) {
    const now = known.get(name);
    if (now === checksum) continue;
    const what =
      now === undefined
        ? `Database ${database} has migration ${name}, which this version does not know; run a version that does`
        : `Migration ${name} was changed after it was applied to ${database}; restore it and write a new migration instead`;
    throw new EbbtideError('CLICKHOUSE_REJECTED', what, { migration: name, applied: checksum, now: now ?? null });
  }
};
