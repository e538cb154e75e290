import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { EbbtideError } from '../../schemas/errors.ts';
import { withDefinitions } from '../../schemas/scopePolicy.ts';
import { type Config, configSchema } from './config.ts';
import { type KeyPath, type Problem, parseSource } from './document.ts';
import { explain } from './explain.ts';
import { resolveSecrets } from './secrets.ts';
import { type Shape, shapeOf } from './shape.ts';

/** File that is read when none is named, if it is there. */
export const defaultConfigFile = 'ebbtide.yaml';

let shape: Shape | undefined;
/** JSON Schema of the whole configuration. */
export const configShape = (): Shape => {
  shape ??= shapeOf(configSchema);
  return shape;
};

/** A configuration, and the file it came from; no file means the embedded defaults. */
export interface LoadedConfig {
  readonly config: Config;
  readonly file?: string;
}

/**
 * Find and read the configuration: the file named, else `EBBTIDE_CONFIG`, else `ebbtide.yaml` in this folder, else defaults.
 *
 * @param file - path, from `--config`
 * @param environment - where `EBBTIDE_CONFIG` and `${ENV:NAME}` are looked up
 * @throws {EbbtideError} `CONFIG_INVALID`, with one line for each thing that is wrong
 * @example
 * const { config } = loadConfig('ebbtide.yaml');
 */
export const loadConfig = (file?: string, environment: NodeJS.ProcessEnv = process.env): LoadedConfig => {
  const named = file ?? (environment.EBBTIDE_CONFIG || undefined);
  const path = resolve(named ?? defaultConfigFile);
  if (!existsSync(path)) {
    if (named === undefined) return { config: configSchema.parse({}) };
    const from = file === undefined ? ' (from EBBTIDE_CONFIG)' : '';
    throw new EbbtideError(
      'CONFIG_INVALID',
      `Configuration file ${path}${from} is not there; name another with --config, or leave it out to use the embedded defaults`,
      { file: path },
    );
  }
  return { config: parseConfig(readFileSync(path, 'utf8'), { file: path, environment }), file: path };
};

/**
 * Read a configuration from its text. Paths at keys that end in `File` or `Folder` are taken from the file's own folder.
 *
 * @throws {EbbtideError} `CONFIG_INVALID`; `details.problems` has each with its path, line and column
 */
export const parseConfig = (text: string, options: { file?: string; environment?: NodeJS.ProcessEnv } = {}): Config => {
  const source = parseSource(text);
  const resolved = resolveSecrets(source, configShape(), options.environment ?? {});
  const problems: Problem[] = [...source.problems, ...resolved.problems];
  const parsed = configSchema.safeParse(resolved.value);
  if (!parsed.success && source.problems.length === 0) {
    const known = new Set(problems.map(({ path }) => path.join('.')));
    problems.push(
      ...explain(parsed.error.issues, source, configShape()).filter(({ path }) => !known.has(path.join('.'))),
    );
  }
  if (problems.length > 0 || !parsed.success) throw refusal(problems, options.file);
  const config = { ...parsed.data, policy: { ...parsed.data.policy, scope: scopePolicyOf(parsed.data) } };
  return options.file ? withPathsFrom(config, dirname(options.file)) : config;
};

const scopePolicyOf = ({ policy, scopes }: Config) => withDefinitions(policy.scope, scopes);

const refusal = (problems: readonly Problem[], file = 'configuration'): EbbtideError => {
  const lines = problems.map(({ path, message, position }) => {
    const where = position ? `${file}:${position.line}:${position.column}` : file;
    return `${where}: ${path.length > 0 ? `${path.join('.')} ` : ''}${message}`;
  });
  return new EbbtideError('CONFIG_INVALID', lines.join('\n'), { file, problems });
};

const withPathsFrom = <T>(value: T, folder: string, key: KeyPath[number] = ''): T => {
  if (Array.isArray(value)) return value.map((item) => withPathsFrom(item, folder, key)) as T;
  if (value !== null && typeof value === 'object')
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, withPathsFrom(item, folder, name)]),
    ) as T;
  const isPath = typeof value === 'string' && value !== '' && value !== 'none' && /(File|Folder)$/.test(String(key));
  return isPath && !isAbsolute(value) ? (resolve(folder, value) as T) : value;
};
