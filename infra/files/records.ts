import { createReadStream } from 'node:fs';
import avsc from 'avsc';
import { z } from 'zod';
import { resourceMetrics } from '../../models/features/resource.ts';
import { EbbtideError } from '../../schemas/errors.ts';
import type { SampleReader } from './telemetry.ts';

const metric = z.number().nullable().optional();
const sampleSchema = z.looseObject({
  time: z.number(),
  ...(Object.fromEntries(resourceMetrics.map((name) => [name, metric])) as Record<
    (typeof resourceMetrics)[number],
    typeof metric
  >),
});
const recordSchema = z.looseObject({ credentialId: z.string(), samples: z.array(sampleSchema) });
/** One sample a line, as `ebbtide query --json "SELECT * FROM telemetry_resource"` gives it, or with our names. */
const flatSchema = z.looseObject({ credentialId: z.string().min(1), ...sampleSchema.shape });

/** Union branches of Avro's JSON encoding are wrapped: `{"double": 1.5}` is 1.5. */
const unwrapped = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(unwrapped);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value);
  if (entries.length === 1 && /^(double|long|float|int|string)$/.test(entries[0]![0])) return entries[0]![1];
  return Object.fromEntries(entries.map(([key, one]) => [camelCase(key), unwrapped(one)]));
};

const camelCase = (name: string): string => name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Give the samples of one record of topic `telemetry.resource`. */
const recordReader = (file: string, unit: string, visit: SampleReader) => {
  const values = new Float64Array(resourceMetrics.length);
  return (record: unknown, place: number): void => {
    const raw = record as { samples?: unknown; time?: unknown };
    if (typeof raw?.time === 'string')
      raw.time = Date.parse(/Z$/.test(raw.time) ? raw.time : `${raw.time.replace(' ', 'T')}Z`);
    const flat = raw?.samples === undefined;
    const result = flat ? flatSchema.safeParse(raw) : recordSchema.safeParse(raw);
    if (!result.success) {
      const [issue] = result.error.issues;
      const column = issue?.path.join('.') || 'record';
      throw new EbbtideError(
        'RECORD_MALFORMED',
        `File ${file}, ${unit} ${place}, column ${column}: ${issue?.message ?? 'it cannot be read'}`,
        { file, line: place, column },
      );
    }
    const { credentialId } = result.data;
    // A partition's clock has no credential.
    if (credentialId === '') return;
    const samples = 'samples' in result.data ? (result.data as z.infer<typeof recordSchema>).samples : [result.data];
    for (const sample of samples as z.infer<typeof sampleSchema>[]) {
      resourceMetrics.forEach((name, i) => {
        values[i] = sample[name] ?? Number.NaN;
      });
      visit(credentialId, sample.time, values);
    }
  };
};

/**
 * Read telemetry as one JSON object a line: records of topic `telemetry.resource`, or rows of the archive's table.
 *
 * @throws {EbbtideError} `RECORD_MALFORMED` with file, line and column
 */
export const ndjsonReader = (file: string, visit: SampleReader): ((line: string, number: number) => void) => {
  const read = recordReader(file, 'line', visit);
  return (line, number) => {
    if (line.trim() === '') return;
    let parsed: unknown;
    try {
      parsed = JSON.parse(line);
    } catch (cause) {
      throw new EbbtideError(
        'RECORD_MALFORMED',
        `File ${file}, line ${number}: it is not JSON: ${(cause as Error).message}`,
        { file, line: number },
        cause,
      );
    }
    read(unwrapped(parsed), number);
  };
};

/**
 * Read an Avro object container file with records of topic `telemetry.resource`.
 *
 * @throws {EbbtideError} `RECORD_MALFORMED` with file and record
 */
export const readAvroFile = async (file: string, visit: SampleReader, signal?: AbortSignal): Promise<void> => {
  const read = recordReader(file, 'record', visit);
  const decoder = new avsc.streams.BlockDecoder({
    parseHook: (schema) => avsc.Type.forSchema(schema, { wrapUnions: false }),
  });
  const stream = createReadStream(file, signal ? { signal } : {});
  stream.on('error', (error) => decoder.destroy(error));
  let place = 0;
  try {
    for await (const record of stream.pipe(decoder)) read(record, ++place);
  } catch (cause) {
    if (cause instanceof EbbtideError) throw cause;
    throw new EbbtideError(
      'RECORD_MALFORMED',
      `File ${file}, after record ${place}: it is not Avro, or cut short: ${(cause as Error).message}`,
      { file, line: place },
      cause,
    );
  }
  if (place === 0)
    throw new EbbtideError('RECORD_MALFORMED', `File ${file} holds no Avro record, or is cut short`, { file });
};
