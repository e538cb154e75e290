import type { KeyPath, Problem, SourceDocument } from './document.ts';
import { type Shape, shapeAt } from './shape.ts';

/** Keys whose value is a secret. The same name with `File` names a file that holds it. */
const secretKey = /(password|passphrase|secret|secretId|token|apiKey|privateKey)$/i;
const secretLooks: readonly (readonly [RegExp, string])[] = [
  [/\b(hvs|hvb|hvr)\.[\w-]{20,}/, 'a Vault token'],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----/, 'a private key'],
  [/^[a-z][a-z0-9+.-]*:\/\/[^/@\s:]*:[^/@\s]+@/i, 'a password inside a URL'],
];
const reference = /\$\{ENV:([A-Za-z_][A-Za-z0-9_]*)\}/g;

/** A configuration with its `${ENV:NAME}` references resolved, and what was wrong with them. */
export interface Resolved {
  readonly value: unknown;
  readonly problems: readonly Problem[];
}

/**
 * Replace each `${ENV:NAME}` by that environment variable, and refuse secrets that are written out.
 *
 * Where the key's own type is a number or a boolean, the variable's text is read as one.
 */
export const resolveSecrets = (source: SourceDocument, shape: Shape, environment: NodeJS.ProcessEnv): Resolved => {
  const problems: Problem[] = [];
  const complain = (path: KeyPath, message: string): void => {
    const position = source.positionOf(path);
    problems.push({ path, message, ...(position ? { position } : {}) });
  };
  const visit = (value: unknown, path: KeyPath): unknown => {
    if (Array.isArray(value)) return value.map((item, index) => visit(item, [...path, index]));
    if (value !== null && typeof value === 'object')
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, visit(item, [...path, key])]));
    if (value === null && shapeAt(shape, path)?.properties) return undefined;
    const key = String(path.at(-1));
    const written = typeof value === 'string' ? value.replaceAll(reference, '') : value;
    const looks = typeof written === 'string' ? secretLooks.find(([pattern]) => pattern.test(written))?.[1] : undefined;
    if (looks)
      complain(
        path,
        `holds ${looks}, which must not stand in a file like this; write \${ENV:NAME} and set that variable`,
      );
    else if (secretKey.test(key) && value !== null && typeof value !== 'boolean' && written !== '')
      complain(
        path,
        `is a secret and must not be written here; write \${ENV:NAME}, or use the key ${key}File with a path`,
      );
    return typeof value === 'string' ? substitute(value, path) : value;
  };
  const substitute = (text: string, path: KeyPath): unknown => {
    let missing = false;
    const replaced = text.replaceAll(reference, (_, name: string) => {
      const found = environment[name];
      if (found === undefined) {
        missing = true;
        complain(path, `refers to the environment variable ${name}, which is not set`);
      }
      return found ?? '';
    });
    if (missing || replaced === text) return text;
    const type = shapeAt(shape, path)?.type;
    if ((type === 'number' || type === 'integer') && replaced.trim() !== '' && Number.isFinite(Number(replaced)))
      return Number(replaced);
    if (type === 'boolean' && (replaced === 'true' || replaced === 'false')) return replaced === 'true';
    return replaced;
  };
  const value = visit(source.value, []);
  return { value, problems };
};

/** A copy in which every secret is blanked out, for showing. */
export const withoutSecrets = (value: unknown, key = ''): unknown => {
  if (Array.isArray(value)) return value.map((item) => withoutSecrets(item, key));
  if (value !== null && typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, withoutSecrets(item, name)]));
  return secretKey.test(key) && typeof value !== 'boolean' && value !== undefined ? '[hidden]' : value;
};
