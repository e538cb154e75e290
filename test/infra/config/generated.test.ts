import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { generatedFiles } from '../../../infra/config/generate.ts';
import { packageRoot } from '../../../infra/paths.ts';

for (const [path, content] of Object.entries(generatedFiles()))
  test(`${path} is what the schemas and commands generate (else run: npx tsx infra/config/generate.ts)`, () => {
    assert.equal(readFileSync(join(packageRoot(), path), 'utf8'), content);
  });
