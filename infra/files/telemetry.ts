import { createReadStream, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import type { SampleVisitor, TelemetrySource } from '../../models/training/telemetry/source.ts';
import { EbbtideError } from '../../schemas/errors.ts';
import { csvReader } from './csv.ts';
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

const readLines = async (file: string, visit: SampleReader, signal: AbortSignal | undefined): Promise<void> => {
  const form = formOf(file) as keyof typeof lineReaders;
  const read = lineReaders[form](file, visit);
  const raw = createReadStream(file);
  const unpacked = file.endsWith('.gz') ? raw.pipe(createGunzip()) : raw;
  // pipe() does not hand on errors.
  raw.on('error', (error) => unpacked.destroy(error));
  const failure = new Promise<never>((_, reject) => unpacked.once('error', reject));
  failure.catch(() => undefined);
  const lines = createInterface({ input: unpacked, crlfDelay: Number.POSITIVE_INFINITY });
  let number = 0;
  try {
    for await (const line of lines) {
      if (signal?.aborted) throw new EbbtideError('CANCELLED', `Reading ${file} was cancelled`, { file });
      read(line, ++number);
    }
    if (unpacked.errored) throw unpacked.errored;
  } catch (cause) {
    if (cause instanceof EbbtideError) throw cause;
    throw new EbbtideError(
      'RECORD_MALFORMED',
      `File ${file}, after line ${number}: ${(cause as Error).message}`,
      { file, line: number },
      cause,
    );
  } finally {
    lines.close();
    raw.destroy();
  }
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
    form === 'avro' ? readAvroFile(file, visit, signal) : readLines(file, visit, signal);
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
