import { stringify } from 'yaml';
import { configShape } from './load.ts';
import { expectation, type Shape } from './shape.ts';

const isSection = (shape: Shape): boolean => shape.properties !== undefined;
const isRequired = (name: string, parent: Shape): boolean => parent.required?.includes(name) ?? false;

/** The JSON Schema that editors use to complete and check `ebbtide.yaml`. */
export const editorSchema = (): string => {
  const { $schema, ...rest } = configShape() as Shape & { $schema?: string };
  return `${JSON.stringify({ $schema, title: 'Ebbtide', description: 'Configuration of Ebbtide', ...rest }, null, 2)}\n`;
};

const valueAsYaml = (value: unknown): string => stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trimEnd();

/** Whether a section needs something written into it, so that it cannot stand there with defaults alone. */
const isIncomplete = (shape: Shape): boolean =>
  Object.entries(shape.properties ?? {}).some(
    ([name, inner]) => isRequired(name, shape) && inner.default === undefined && !isSection(inner),
  );

const commented = (lines: readonly string[], indent: string): string[] =>
  lines.map((line) => `${indent}# ${line.slice(indent.length)}`);

const exampleOf = (shape: Shape, depth: number): string[] =>
  Object.entries(shape.properties ?? {}).flatMap(([name, inner], index) => {
    const indent = '  '.repeat(depth);
    const gap = depth === 0 && index > 0 ? [''] : [];
    const about = inner.description ? [`${indent}# ${inner.description}`] : [];
    if (isSection(inner)) {
      const lines = [`${indent}${name}:`, ...exampleOf(inner, depth + 1)];
      return [...gap, ...about, ...(isIncomplete(inner) ? commented(lines, indent) : lines)];
    }
    if (inner.default === undefined) {
      const note = `${indent}# ${name}: ${isRequired(name, shape) ? 'required, ' : ''}${expectation(inner)}`;
      return [...about, note];
    }
    return [...about, `${indent}${name}: ${valueAsYaml(inner.default)}`];
  });

/** A configuration file with every key, its meaning and its default. */
export const exampleFile = (): string =>
  [
    '# yaml-language-server: $schema=./ebbtide.schema.json',
    '# Every key of ebbtide.yaml with its default. A file needs only what differs. Secrets come from the environment',
    '# ($' + '{ENV:NAME}) or from files (keys that end in File), never from here.',
    ...exampleOf(configShape(), 0),
    '',
  ].join('\n');

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ').replaceAll('<', '&lt;');

const rowsOf = (shape: Shape, prefix: string): string[] =>
  Object.entries(shape.properties ?? {}).flatMap(([name, inner]) => {
    const key = `${prefix}${name}`;
    if (isSection(inner)) return rowsOf(inner, `${key}.`);
    const fallback =
      inner.default !== undefined ? `\`${JSON.stringify(inner.default)}\`` : isRequired(name, shape) ? 'required' : '';
    const nested = nestedIn(inner);
    const must = nested.length > 0 ? nested[0]!.what : expectation(inner);
    return [
      `| \`${key}\` | ${cell(inner.description ?? '')} | ${cell(must)} | ${cell(fallback)} |`,
      ...nested.flatMap(({ section, suffix }) => rowsOf(section, `${key}${suffix}.`)),
    ];
  });

interface Nested {
  readonly section: Shape;
  /** What the keys below it are written after. */
  readonly suffix: string;
  readonly what: string;
}

/** Maps within a map of names, a list, or a choice: each has keys of its own. */
const nestedIn = (shape: Shape, suffix = '', what = 'a map'): Nested[] => {
  if (isSection(shape)) return [{ section: shape, suffix, what }];
  if (typeof shape.additionalProperties === 'object')
    return nestedIn(shape.additionalProperties, `${suffix}.<name>`, 'maps by name').slice(0, 8);
  if (shape.items) return nestedIn(shape.items, `${suffix}[]`, 'a list of maps');
  return (shape.oneOf ?? shape.anyOf ?? []).flatMap((branch) => nestedIn(branch, `${suffix}${choiceOf(branch)}`, what));
};

/** What tells one branch of a choice from the others, such as ` (kind: token)`. */
const choiceOf = (branch: Shape): string => {
  const [name, values] = Object.entries(branch.properties ?? {})
    .map(([key, { const: only, enum: several }]) => [key, only === undefined ? several : [only]] as const)
    .find(([, found]) => found !== undefined) ?? ['', undefined];
  return values ? ` (${name}: ${values.join(' or ')})` : '';
};

/** The configuration's reference, as Markdown tables. */
export const referencePage = (): string =>
  [
    '# Configuration',
    '',
    'One YAML file, `ebbtide.yaml` in the current folder, or the one named by `--config` or `EBBTIDE_CONFIG`. Without a file',
    'everything runs embedded. Every key has a default unless it says *required*, so a file holds only what differs.',
    '',
    '- An unknown key, a wrong type or a value out of range is refused with line, column, what was written and what was expected.',
    '- Secrets are never written into the file: `$' +
      '{ENV:NAME}` takes an environment variable, and keys ending in `File` name a file.',
    '- Relative paths at keys ending in `File` or `Folder` are taken from the folder of the configuration file.',
    '- `ebbtide config check` prints the configuration that is in force; `ebbtide config example` prints every key.',
    '- Editors complete and check the file with [ebbtide.schema.json](../ebbtide.schema.json); put this line first:',
    '  `# yaml-language-server: $schema=./ebbtide.schema.json`',
    '',
    'This page is generated (`npx tsx infra/config/generate.ts`) from the schemas that stand beside each component.',
    ...Object.entries(configShape().properties ?? {}).flatMap(([name, section]) => [
      '',
      `## \`${name}\``,
      '',
      `${section.description ?? ''}.`.replace(/\.\.$/, '.'),
      '',
      '| key | meaning | must be | default |',
      '|---|---|---|---|',
      ...(isSection(section) ? rowsOf(section, `${name}.`) : rowsOf({ properties: { [name]: section } }, '')),
    ]),
    '',
  ].join('\n');
