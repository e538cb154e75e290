import { z } from 'zod';
import { emptyCall } from '../../schemas/apiCall.ts';
import { EbbtideError } from '../../schemas/errors.ts';
import type { ApiTelemetry } from '../../schemas/generated/ApiTelemetry.ts';
import { linesOf } from './lines.ts';

const time = z.union([
  z.number(),
  z.string().transform((text, context) => {
    const at = Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text.replace(' ', 'T')}Z`);
    if (Number.isNaN(at)) context.addIssue({ code: 'custom', message: `"${text}" is no time` });
    return at;
  }),
]);

const lineSchema = z.looseObject({
  frontendCredential: z.string().min(1),
  service: z.string().min(1),
  operation: z.string().min(1),
  time,
  status: z.number().int().default(200),
  label: z.enum(['legitimate', 'malicious']).nullable().optional(),
});

/** A call out of a file, and what it was judged to be. */
export interface FileCall {
  readonly call: ApiTelemetry;
  readonly malicious: boolean;
}

const camelCase = (name: string): string => name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/**
 * Read API calls out of a file, one JSON object a line, as `ebbtide query --json "SELECT * FROM telemetry_api"` gives
 * them; also gzipped. A field `label` says `malicious` or `legitimate`.
 *
 * @throws {EbbtideError} `RECORD_MALFORMED` with file, line and field; `DATA_MISSING` where the file is not there
 */
export async function* fileApiCalls(file: string): AsyncGenerator<FileCall> {
  let line = 0;
  for await (const text of linesOf(file)) {
    line++;
    if (text.trim() === '') continue;
    const fail = (why: string) =>
      new EbbtideError('RECORD_MALFORMED', `File ${file}, line ${line}: ${why}`, { file, line });
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw fail('it is no JSON');
    }
    if (value === null || typeof value !== 'object') throw fail('it is no object');
    const fields = Object.fromEntries(Object.entries(value).map(([key, one]) => [camelCase(key), one]));
    const result = lineSchema.safeParse(fields);
    if (!result.success) {
      const [issue] = result.error.issues;
      throw fail(`field ${issue?.path.join('.') || 'record'}: ${issue?.message ?? 'it cannot be read'}`);
    }
    const { label, ...known } = result.data;
    const kept = Object.fromEntries(Object.entries(known).filter(([key]) => key in emptyCall && key !== 'clock'));
    yield { call: { ...emptyCall, ...(kept as Partial<ApiTelemetry>) }, malicious: label === 'malicious' };
  }
}
