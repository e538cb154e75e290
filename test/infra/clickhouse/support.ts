import type { TestContext } from 'node:test';
import fc from 'fast-check';
import { type ClickHouseArchive, openArchive } from '../../../infra/clickhouse/client.ts';
import { clickhouseConfig, retentionConfig } from '../../../infra/clickhouse/config.ts';
import type { Message } from '../../../infra/kafka/types.ts';

let databases = 0;

/** Messages of tests have a fixed time, which retention must not come to reach. */
const forEver = Object.fromEntries(Object.keys(retentionConfig.parse({})).map((table) => [table, 0]));

/** The archive in a database of its own, prepared, closed after the test. */
export const preparedArchive = async (
  t: TestContext,
  url: string,
  config: Record<string, unknown> = {},
): Promise<ClickHouseArchive> => {
  const archive = openArchive(
    clickhouseConfig.parse({ url, database: `archive_${databases++}`, retentionDays: forEver, ...config }),
  );
  t.after(() => archive.close());
  await archive.prepare();
  return archive;
};

/** All rows of a query, as objects. */
export const rowsOf = async <T>(archive: Pick<ClickHouseArchive, 'client'>, query: string): Promise<T[]> => {
  const answer = await archive.client.query({
    query,
    format: 'JSONEachRow',
    clickhouse_settings: { output_format_json_quote_denormals: 1, date_time_output_format: 'iso' },
  });
  return answer.json<T>();
};

/** A message of which only what the archive looks at matters. */
export const messageOf = (topic: string, offset: number, more: Partial<Message> = {}): Message => ({
  topic,
  partition: 1,
  offset,
  timestamp: 1_790_000_000_000,
  key: null,
  value: null,
  ...more,
});

interface AvroObject {
  readonly type: string;
  readonly logicalType?: string;
  readonly symbols?: readonly string[];
  readonly values?: AvroType;
  readonly items?: AvroType;
  readonly fields?: readonly { readonly name: string; readonly type: AvroType }[];
}
type AvroType = string | readonly AvroType[] | AvroObject;

const doubles = fc.double();
const simple: Record<string, fc.Arbitrary<unknown>> = {
  null: fc.constant(null),
  string: fc.oneof(fc.string({ unit: 'grapheme', maxLength: 30 }), fc.constant('')),
  boolean: fc.boolean(),
  int: fc.integer(),
  // The Avro library takes whole numbers strictly within the safe ones.
  long: fc.integer({ min: -(2 ** 53 - 2), max: 2 ** 53 - 2 }),
  double: doubles,
  bytes: fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
};

/** Values of an Avro type, as far as ClickHouse can hold their times. */
export const recordsOf = (type: AvroType): fc.Arbitrary<unknown> => {
  if (typeof type === 'string') return simple[type]!;
  if (Array.isArray(type)) return fc.oneof(...(type as readonly AvroType[]).map(recordsOf));
  const { type: kind, logicalType, symbols, values, items, fields } = type as AvroObject;
  if (logicalType) return fc.integer({ min: -2_208_988_800_000, max: 10_413_791_999_999 });
  if (symbols) return fc.constantFrom(...symbols);
  if (values) return fc.dictionary(fc.string({ maxLength: 8 }), recordsOf(values), { maxKeys: 4 });
  if (items) return fc.array(recordsOf(items), { maxLength: 4 });
  if (fields) return fc.record(Object.fromEntries(fields.map(({ name, type }) => [name, recordsOf(type)])));
  return simple[kind]!;
};
