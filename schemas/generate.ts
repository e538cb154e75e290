/**
 * Generates `schemas/generated/<Record>.ts` from the `.avsc` files beside it; `--check` only compares, and fails on drift.
 * Run with `npm run schemas`.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

type Schema = string | Schema[] | { type: Schema; [key: string]: unknown };
interface Field {
  name: string;
  type: Schema;
  doc: string;
}

const here = fileURLToPath(new URL('.', import.meta.url));
const primitives: Record<string, string> = {
  null: 'null',
  boolean: 'boolean',
  int: 'number',
  long: 'number',
  float: 'number',
  double: 'number',
  bytes: 'Uint8Array',
  string: 'string',
};

const generate = (root: { name: string; doc: string }): string => {
  const declarations: string[] = [];
  const typeOf = (schema: Schema): string => {
    if (typeof schema === 'string') return primitives[schema] ?? schema;
    if (Array.isArray(schema)) return schema.map(typeOf).join(' | ');
    switch (schema.type) {
      case 'array':
        return `${wrap(typeOf(schema.items as Schema))}[]`;
      case 'map':
        return `Record<string, ${typeOf(schema.values as Schema)}>`;
      case 'enum':
        declarations.push(
          `/** ${schema.doc} */\nexport type ${schema.name} = ${(schema.symbols as string[]).map((s) => `'${s}'`).join(' | ')};\n`,
        );
        return schema.name as string;
      case 'record':
        declareRecord(schema as unknown as { name: string; doc: string; fields: Field[] });
        return schema.name as string;
      default:
        return typeOf(schema.type);
    }
  };
  const wrap = (type: string) => (type.includes('|') ? `(${type})` : type);
  const declareRecord = (record: { name: string; doc: string; fields: Field[] }) => {
    const lines = record.fields.map((field) => `  /** ${field.doc} */\n  ${field.name}: ${typeOf(field.type)};`);
    declarations.push(`/** ${record.doc} */\nexport interface ${record.name} {\n${lines.join('\n')}\n}\n`);
  };
  declareRecord(root as never);
  return [
    `// Generated from ${root.name}.avsc by schemas/generate.ts: edit that, then run \`npm run schemas\`.`,
    ...declarations,
    `/** The Avro schema of {@link ${root.name}}. */\nexport const ${root.name}Schema = ${JSON.stringify(root, null, 2)} as const;\n`,
  ].join('\n');
};

const names = readdirSync(here)
  .filter((file) => file.endsWith('.avsc'))
  .map((file) => file.slice(0, -5))
  .sort();
const files = new Map(
  names.map((name) => [`${name}.ts`, generate(JSON.parse(readFileSync(join(here, `${name}.avsc`), 'utf8')))]),
);
files.set('index.ts', `${names.map((name) => `export * from './${name}.ts';`).join('\n')}\n`);

const folder = join(here, 'generated');
if (process.argv.includes('--check')) {
  const present = readdirSync(folder);
  const drift = [
    ...[...files]
      .filter(([file, text]) => !present.includes(file) || readFileSync(join(folder, file), 'utf8') !== text)
      .map(([file]) => file),
    ...present.filter((file) => !files.has(file)),
  ];
  if (drift.length > 0) {
    console.error(`Types differ from their schemas: ${drift.join(', ')}; run npm run schemas`);
    process.exit(1);
  }
  console.error(`${names.length} schemas and their types agree`);
} else {
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of files) writeFileSync(join(folder, file), text);
  console.error(`${names.length} schemas written to schemas/generated`);
}
