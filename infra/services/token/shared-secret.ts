import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EbbtideError } from '../../../schemas/errors.ts';
import { readSecret } from '../../vault/session.ts';

const shortest = 16;

/**
 * Read the secret that callers share.
 *
 * @throws {EbbtideError} `CONFIG_INVALID` when the file cannot be read or holds fewer than 16 characters
 */
export const readSharedSecret = async (path: string): Promise<string> => {
  const secret = await readSecret(path);
  if (secret.length >= shortest) return secret;
  const text = `The shared secret in ${path} has ${secret.length} characters; give it at least ${shortest} random ones`;
  throw new EbbtideError('CONFIG_INVALID', text, { key: 'token.sharedSecretFile', path });
};

/** Make a file with a random shared secret, mode 0600, unless it is there; the embedded default. */
export const ensureSharedSecret = async (path: string): Promise<void> => {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  try {
    await writeFile(path, randomBytes(32).toString('base64url'), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as { code?: string }).code !== 'EEXIST' || (await readFile(path, 'utf8')).trim() === '') throw error;
  }
};
