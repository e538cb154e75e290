import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EbbtideError } from '../../schemas/errors.ts';
import type { ObjectStore } from './store.ts';

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** A store in a folder. Files are written beside, synced, and linked to their name, which must be free. */
export class DiskStore implements ObjectStore {
  readonly name: string;

  constructor(folder: string) {
    this.name = folder;
  }

  async get(key: string): Promise<Buffer | undefined> {
    try {
      return await readFile(join(this.name, key));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw this.#failure('read', key, error);
    }
  }

  async putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean> {
    const path = join(this.name, key);
    const folder = dirname(path);
    const temporary = join(folder, `.${randomUUID()}`);
    try {
      await mkdir(folder, { recursive: true });
      const file = await open(temporary, 'wx');
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await link(temporary, path);
      await syncFolder(folder);
      return true;
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      throw this.#failure('write', key, error);
    } finally {
      await rm(temporary, { force: true }).catch(() => {});
    }
  }

  async list(prefix: string): Promise<readonly string[]> {
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    try {
      const entries = await readdir(join(this.name, folder), { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
        .map((entry) => join(entry.parentPath, entry.name).slice(join(this.name, '/').length))
        .filter((key) => key.startsWith(prefix))
        .sort();
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      throw this.#failure('list', folder, error);
    }
  }

  #failure(what: string, key: string, cause: unknown): EbbtideError {
    const full = ['ENOSPC', 'EDQUOT'].includes(codeOf(cause) ?? '');
    return full
      ? new EbbtideError(
          'REGISTRY_FULL',
          `Model registry in ${this.name} is full: ${key} was not written and nothing was changed; make room and try again`,
          { registry: this.name, key },
          cause,
        )
      : new EbbtideError(
          'REGISTRY_UNAVAILABLE',
          `Cannot ${what} ${key} in the model registry in ${this.name}: ${(cause as Error).message}; check models.registry`,
          { registry: this.name, key },
          cause,
        );
  }
}

/** Make a new name last; file systems that cannot sync a folder do it by themselves. */
const syncFolder = async (folder: string): Promise<void> => {
  try {
    const handle = await open(folder, 'r');
    await handle.sync().finally(() => handle.close());
  } catch {}
};
