import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { reportFile } from '../../../models/registry/record.ts';
import type { RetrainRegistry } from '../../../pipelines/retrain/registry.ts';
import { EbbtideError } from '../../../schemas/errors.ts';

const championSchema = z.strictObject({ version: z.string(), why: z.string() });

/**
 * Versions as folders of a folder, the one in force named by `champion.json`.
 *
 * @param root made where it is missing
 * @param initial folder of the model that is champion until one is promoted
 */
export const folderRegistry = (root: string, initial: () => string): RetrainRegistry => {
  const file = join(root, 'champion.json');
  return {
    async champion() {
      if (!existsSync(file)) return initial();
      const result = championSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
      if (result.success) return join(root, result.data.version);
      throw new EbbtideError(
        'MODEL_DAMAGED',
        `File ${file} is of another form: ${z.prettifyError(result.error)}; delete it to begin with the shipped model`,
        { file },
      );
    },
    async publish(folder, report) {
      const version = basename(folder);
      const to = join(root, version);
      if (join(folder) === to) return version;
      await mkdir(root, { recursive: true });
      await rm(`${to}.partial`, { recursive: true, force: true });
      await cp(folder, `${to}.partial`, { recursive: true });
      await writeFile(join(`${to}.partial`, reportFile), `${JSON.stringify(report, null, 2)}\n`);
      await rename(`${to}.partial`, to);
      return version;
    },
    async promote(version, why) {
      await mkdir(root, { recursive: true });
      await writeFile(`${file}.partial`, `${JSON.stringify({ version, why }, null, 2)}\n`);
      await rename(`${file}.partial`, file);
    },
  };
};
