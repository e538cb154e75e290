import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { EbbtideError } from '../../schemas/errors.ts';
import { generateIdentity, recipientOf } from '../provision/sealing.ts';

/** A user's age identity, and what secrets are sealed to for it. */
export interface Identity {
  readonly identity: string;
  readonly recipient: string;
  readonly path: string;
}

/** Where an identity lies unless a file is named. */
export const identityPath = (named: string | undefined): string =>
  named ?? join(process.env.XDG_CONFIG_HOME ?? join(homedir(), '.config'), 'ebbtide', 'identity.txt');

/**
 * Read an identity from a file as age writes it.
 *
 * @throws {EbbtideError} `CONFIG_INVALID` where there is none, or others may read it
 */
export const readIdentity = async (path: string): Promise<Identity> => {
  const invalid = (what: string) => new EbbtideError('CONFIG_INVALID', `Identity ${path} ${what}`, { path });
  let text: string;
  try {
    if (((await stat(path)).mode & 0o077) !== 0) throw invalid(`may be read by others; run chmod 600 ${path}`);
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof EbbtideError) throw error;
    throw invalid('cannot be read; make one with "ebbtide credential enrol"');
  }
  const identity = /^AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}$/m.exec(text)?.[0];
  if (identity === undefined) throw invalid('holds no age identity (AGE-SECRET-KEY-1…)');
  return { identity, recipient: await recipientOf(identity), path };
};

/** Make an identity, readable by its owner alone, where there is none; age's own tools read the file too. */
export const ensureIdentity = async (path: string): Promise<Identity> => {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const { identity, recipient } = await generateIdentity();
  try {
    await writeFile(path, `# public key: ${recipient}\n${identity}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as { code?: string }).code !== 'EEXIST') throw error;
  }
  return readIdentity(path);
};
