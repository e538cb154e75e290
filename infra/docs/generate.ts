/** Writes the documents that come of code: topics, schemas and HTTP APIs; `--check` only compares. Run with `npm run docs`. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { generatedFiles as configurationFiles } from '../config/generate.ts';
import { packageRoot } from '../paths.ts';
import { openapiFiles } from './openapi/documents.ts';
import { topicsPage } from './topicsPage.ts';

/** Every document that is generated, with what it must hold. */
export const generatedDocuments = async (): Promise<Readonly<Record<string, string>>> => ({
  ...configurationFiles(),
  'docs/topics.md': topicsPage(),
  ...(await openapiFiles()),
});

if (process.argv[1]?.endsWith(join('docs', 'generate.ts'))) {
  const files = Object.entries(await generatedDocuments()).map(
    ([path, text]) => [join(packageRoot(), path), text] as const,
  );
  const drift = files.filter(([path, text]) => !existsSync(path) || readFileSync(path, 'utf8') !== text);
  if (process.argv.includes('--check')) {
    if (drift.length > 0)
      console.error(`Documents differ from the code: ${drift.map(([path]) => path).join(', ')}; run npm run docs`);
    process.exitCode = drift.length > 0 ? 1 : 0;
  } else
    for (const [path, text] of drift) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
}
