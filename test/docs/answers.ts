import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { packageRoot } from '../../infra/paths.ts';

type Document = {
  paths: Record<
    string,
    Record<string, { responses: Record<string, { content?: Record<string, { schema: object }> }> }>
  >;
  components: object;
};

/** Check an answer of a real service against its OpenAPI document. */
export const checkAnswer = (api: string, method: string, path: string, status: number, body: unknown): void => {
  const document = JSON.parse(readFileSync(join(packageRoot(), `docs/openapi/${api}.json`), 'utf8')) as Document;
  const { responses } = document.paths[path]![method]!;
  const described = responses[String(status)] ?? responses.default!;
  const schema = Object.values(described.content ?? {})[0]?.schema ?? {};
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const fits = ajv.compile({ ...schema, components: document.components });
  assert.ok(fits(body), `${api} ${method} ${path} ${status}: ${JSON.stringify(fits.errors)}: ${JSON.stringify(body)}`);
};
