import type { Clock, ResourceSample, ResourceTelemetry } from '../../schemas/generated/index.ts';
import { type Decoder, decoderOf, RowReader } from './rowReader.ts';
import type { ArchiveTable } from './tables.ts';

const camelCase = (name: string): string => name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Decoders of a table's columns, with the fields that they become, and what to select. */
export const layoutOf = (table: ArchiveTable) => {
  const columns = table.columns.map(({ name, type }) => ({ field: camelCase(name), decode: decoderOf(type) }));
  const names = table.columns.map(({ name }) => `\`${name}\``).join(', ');
  return { table: table.name, columns, select: `kafka_offset, kafka_time, ${names}` };
};

/** One row, with the place that its message had. */
export type Row = { readonly offset: number; readonly timestamp: number; readonly fields: Record<string, unknown> };

/** The rows of an answer in RowBinary. */
export const rowsIn = (body: Buffer, columns: readonly { field: string; decode: Decoder }[]): Row[] => {
  const reader = new RowReader(body);
  const rows: Row[] = [];
  while (!reader.done) {
    const offset = reader.int64();
    const timestamp = reader.int64();
    const fields: Record<string, unknown> = {};
    for (const { field, decode } of columns) fields[field] = decode(reader);
    rows.push({ offset, timestamp, fields });
  }
  return rows;
};

/** A message rebuilt from its rows. */
export interface Rebuilt {
  readonly offset: number;
  readonly timestamp: number;
  readonly record: ResourceTelemetry;
}

/** Rows to messages, in order. A row may be there twice, until ClickHouse has merged its parts. */
export const merged = (samples: readonly Row[], clocks: readonly Row[]): Rebuilt[] => {
  const messages: Rebuilt[] = [];
  const begin = ({ offset, timestamp, fields }: Row, list: ResourceSample[], clock: Clock | null) => {
    const record: ResourceTelemetry = {
      credentialId: fields.credentialId as string,
      host: fields.host as string,
      sentAt: fields.sentAt as number,
      samples: list,
      clock,
    };
    messages.push({ offset, timestamp, record });
  };
  let list: ResourceSample[] = [];
  let next = 0;
  for (const row of samples) {
    while (next < clocks.length && clocks[next]!.offset < row.offset) next = addClock(clocks, next, begin);
    const last = messages.at(-1);
    if (last?.offset !== row.offset) {
      list = [];
      const clock = clocks[next]?.offset === row.offset ? clockOf(clocks[next]!) : null;
      begin(row, list, clock);
      while (clocks[next]?.offset === row.offset) next++;
    }
    if (row.fields.sampleIndex === list.length) list.push(row.fields as unknown as ResourceSample);
  }
  while (next < clocks.length) next = addClock(clocks, next, begin);
  return messages;
};

const addClock = (
  clocks: readonly Row[],
  next: number,
  begin: (row: Row, list: ResourceSample[], clock: Clock | null) => void,
): number => {
  const row = clocks[next]!;
  begin(row, [], clockOf(row));
  let after = next + 1;
  while (clocks[after]?.offset === row.offset) after++;
  return after;
};

const clockOf = ({ fields }: Row): Clock | null =>
  fields.time === null
    ? null
    : {
        time: fields.time as number,
        controlOffset: fields.controlOffset as number,
        credentialsOffset: fields.credentialsOffset as number,
        labelsOffset: fields.labelsOffset as number,
        modelSequence: (fields.modelSequence as number | null) ?? 0,
      };
