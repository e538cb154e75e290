import { statSync } from 'node:fs';
import type { SampleVisitor, TelemetrySource } from '../../models/training/telemetry/source.ts';
import { EbbtideError } from '../../schemas/errors.ts';
import { csvReader } from './csv.ts';
import { readLines } from './lines.ts';
import { ndjsonReader, readAvroFile } from './records.ts';

/** Called for each sample that a file holds. */
export type SampleReader = SampleVisitor;

const lineReaders = { csv: csvReader, ndjson: ndjsonReader, jsonl: ndjsonReader } as const;

/** Form of a file, by the ending of its name; `.gz` may follow the first three. */
const formOf = (file: string): keyof typeof lineReaders | 'avro' => {
  const ending = /\.(csv|ndjson|jsonl)(?:\.gz)?$|\.(avro)$/i.exec(file);
  const form = (ending?.[1] ?? ending?.[2])?.toLowerCase();
  if (form) return form as keyof typeof lineReaders | 'avro';
  throw new EbbtideError(
    'REQUEST_INVALID',
    `File ${file} must end in .csv, .ndjson, .jsonl (each with .gz after it, if compressed) or .avro`,
    { file },
  );
};

/**
 * Telemetry in a file: CSV, one JSON object a line, or an Avro container. It is read as a stream, twice; samples of one
 * subject must stand in order of time.
 *
 * @throws {EbbtideError} `DATA_MISSING` when the file cannot be read; from its methods `RECORD_MALFORMED` with file, line
 * and column
 */
export const fileTelemetry = (file: string): TelemetrySource => {
  const form = formOf(file);
  let bytes: number;
  try {
    bytes = statSync(file).size;
  } catch (cause) {
    throw new EbbtideError('DATA_MISSING', `File ${file} cannot be read: ${(cause as Error).message}`, { file }, cause);
  }
  const read = (visit: SampleReader, signal?: AbortSignal): Promise<void> =>
    form === 'avro' ? readAvroFile(file, visit, signal) : readLines(file, lineReaders[form](file, visit), signal);
  return {
    lineage: { kind: 'file', file, bytes },
    extents: ({ fromMs, toMs }, visit, signal) =>
      read((subject, timeMs) => {
        if (timeMs >= fromMs && timeMs < toMs) visit(subject, timeMs, timeMs, 1);
      }, signal),
    samples: (wanted, visit, signal) =>
      read((subject, timeMs, values) => {
        const range = wanted.get(subject);
        if (range && timeMs >= range.fromMs && timeMs < range.toMs) visit(subject, timeMs, values);
      }, signal),
  };
};
