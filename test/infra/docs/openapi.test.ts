import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { openapiDocument } from '../../../infra/docs/openapi/document.ts';
import { openapiFiles } from '../../../infra/docs/openapi/documents.ts';
import { gatewayApi, tokenApi } from '../../../infra/docs/openapi/services.ts';
import { topicsPage } from '../../../infra/docs/topicsPage.ts';
import { packageRoot } from '../../../infra/paths.ts';
import { topics } from '../../../schemas/topics.ts';

const kept = (path: string): string => readFileSync(join(packageRoot(), path), 'utf8');

test('topicsPage names every topic and record, and docs/topics.md is what it makes', () => {
  const page = topicsPage();
  for (const { name, schema } of Object.values(topics)) {
    assert.ok(page.includes(`| \`${name}\` |`), name);
    assert.ok(page.includes(`### ${(schema as { name: string }).name}\n`), name);
  }
  assert.equal(kept('docs/topics.md'), page, 'run npm run docs');
});

test('openapiFiles are those that are kept, and each is valid OpenAPI 3.1', async () => {
  const files = await openapiFiles();
  assert.deepEqual(
    readdirSync(join(packageRoot(), 'docs/openapi')).sort(),
    Object.keys(files)
      .filter((path) => path.endsWith('.json'))
      .map((path) => path.split('/').at(-1))
      .sort(),
  );
  for (const [path, text] of Object.entries(files)) {
    assert.equal(kept(path), text, `${path}: run npm run docs`);
    if (!path.endsWith('.json')) continue;
    const { valid, errors } = await new Validator().validate(JSON.parse(text));
    assert.ok(valid, `${path}: ${JSON.stringify(errors)}`);
  }
});

test('openapiDocument refuses routes that are not described, and descriptions of none', () => {
  const route = { method: 'GET', path: '/v1/new', role: undefined };
  assert.throws(() => openapiDocument(tokenApi, [route], '1.0.0'), /describe GET \/v1\/new and remove POST/);
  assert.throws(() => openapiDocument(gatewayApi, [], '1.0.0'), /describe nothing and remove POST \/v1\/authorize/);
});
