import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { EbbtideError } from '../../schemas/errors.ts';
import { sha256 } from '../hash.ts';
import { scopeFeatures } from './features.ts';
import { type Head, headSchema } from './head.ts';
import { defaultScopeModel, type ScopeModel, trainedScopeModel } from './model.ts';

const file = 'scope-model.json';
const sealed = z.strictObject({ hash: z.string(), model: z.unknown() });

/**
 * Load a scope model.
 *
 * @param configured - `scope.model`: `default`, or the folder of a trained one
 * @throws {EbbtideError} `MODEL_DAMAGED` when it is missing or altered, `MODEL_INCOMPATIBLE` when it was trained on other
 * features
 */
export const loadScopeModel = (configured: string): ScopeModel =>
  configured === 'default' ? defaultScopeModel : trainedScopeModel(readHead(configured));

/** Read a trained scope model from its folder. See {@link loadScopeModel}. */
export const readHead = (folder: string): Head => {
  const damaged = (what: string, cause?: unknown) =>
    new EbbtideError(
      'MODEL_DAMAGED',
      `Scope model in ${folder} ${what}; train it again or name another`,
      { folder },
      cause,
    );
  const path = join(folder, file);
  if (!existsSync(path)) throw damaged(`has no ${file}`);
  let parsed: ReturnType<typeof sealed.safeParse>;
  try {
    parsed = sealed.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    throw damaged('is no JSON', error);
  }
  if (!parsed.success || sha256(JSON.stringify(parsed.data.model)) !== parsed.data.hash)
    throw damaged('was cut short or altered');
  const head = headSchema.safeParse(parsed.data.model);
  if (!head.success) throw damaged(`is of another form: ${z.prettifyError(head.error)}`);
  const { hash, name } = head.data.features;
  if (hash !== scopeFeatures.hash)
    throw new EbbtideError(
      'MODEL_INCOMPATIBLE',
      `Scope model ${head.data.version} was trained on features ${name} (${hash.slice(0, 12)}), this program makes ${scopeFeatures.name} (${scopeFeatures.hash.slice(0, 12)}); train it again`,
      { folder, found: hash, expected: scopeFeatures.hash },
    );
  return head.data;
};

/** Write a trained scope model into a folder, whole or not at all. */
export const writeHead = (folder: string, head: Head): void => {
  mkdirSync(folder, { recursive: true });
  const part = join(folder, `.${file}.part`);
  writeFileSync(part, JSON.stringify({ hash: sha256(JSON.stringify(head)), model: head }));
  renameSync(part, join(folder, file));
};
