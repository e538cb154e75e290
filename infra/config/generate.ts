import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandPage } from '../cli/reference.ts';
import { packageRoot } from '../paths.ts';
import { editorSchema, exampleFile, referencePage } from './reference.ts';

/** Files that are generated from the configuration's schema and the command line, with what they must hold. */
export const generatedFiles = (): Readonly<Record<string, string>> => ({
  'ebbtide.schema.json': editorSchema(),
  'ebbtide.example.yaml': exampleFile(),
  'docs/configuration.md': referencePage(),
  'docs/cli.md': commandPage(),
});

if (process.argv[1]?.endsWith('generate.ts'))
  for (const [path, content] of Object.entries(generatedFiles())) writeFileSync(join(packageRoot(), path), content);
