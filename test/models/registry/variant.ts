import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type AnomalyManifest,
  describeFile,
  encodeManifest,
  manifestFile,
  readManifest,
} from '../../../models/anomaly/manifest.ts';
import { shippedAnomalyModel } from '../../../models/anomaly/model.ts';

/**
 * Another whole model, made of the shipped one.
 *
 * @param folder - is made
 * @param files - changes the content of files by their name; the manifest is made to match
 */
export const variantOfShipped = async (
  folder: string,
  version: string,
  change: (manifest: AnomalyManifest) => AnomalyManifest = (manifest) => manifest,
  files: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {},
): Promise<string> => {
  const from = shippedAnomalyModel();
  mkdirSync(folder, { recursive: true });
  const manifest = await readManifest(from);
  const described = { ...manifest.files };
  for (const name of readdirSync(from)) {
    if (name === manifestFile) continue;
    const bytes = (files[name] ?? ((same: Buffer) => same))(readFileSync(join(from, name)));
    writeFileSync(join(folder, name), bytes);
    described[name] = describeFile(bytes);
  }
  writeFileSync(join(folder, manifestFile), encodeManifest(change({ ...manifest, version, files: described })));
  return folder;
};
