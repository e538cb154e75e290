import { readAnyManifest } from '../manifest.ts';
import { builtIn } from './builtIn.ts';
import { flattened } from './flattened.ts';
import { type ModelKind, reportFile } from './record.ts';
import type { ModelRegistry } from './registry.ts';

/** A version as a list shows it. */
export interface ListedVersion {
  readonly version: string;
  /** `champion`, `challenger`, or empty. */
  readonly role: string;
  /** ISO 8601; empty for what is built in or damaged. */
  readonly publishedAt: string;
  readonly publishedBy: string;
  readonly digest: string;
  /** Algorithm of its signature; null without one. */
  readonly signed: string | null;
  /** Whether the report of the retraining that made it is kept with it. */
  readonly reported: boolean;
  /** Why it is refused; null where it is not. */
  readonly problem: string | null;
}

/**
 * Versions of a kind with what they are now, the latest first.
 *
 * @throws EbbtideError MODEL_DAMAGED for a pointer, REGISTRY_UNAVAILABLE
 */
export const listVersions = async (registry: ModelRegistry, kind: ModelKind): Promise<readonly ListedVersion[]> => {
  const current = (await registry.pointers(kind)).at(-1);
  const roleOf = (version: string): string => {
    if (current?.champion.version === version) return 'champion';
    return current?.challenger?.version === version ? 'challenger' : '';
  };
  const versions: ListedVersion[] = await Promise.all(
    (await registry.versions(kind)).map(async (version) => {
      const role = roleOf(version);
      try {
        const { digest, publishedAt, publishedBy, signature, files } = await registry.record(kind, version);
        const signed = signature?.algorithm ?? null;
        const reported = reportFile in files;
        return { version, role, publishedAt, publishedBy, digest, signed, reported, problem: null };
      } catch (error) {
        const problem = (error as Error).message;
        return { version, role, publishedAt: '', publishedBy: '', digest: '', signed: null, reported: false, problem };
      }
    }),
  );
  const standing = builtIn[kind];
  if (standing && roleOf(standing.version) !== '')
    versions.push({
      ...standing,
      ...{ role: roleOf(standing.version), publishedAt: '', publishedBy: 'built in', signed: null },
      ...{ reported: false, problem: null },
    });
  return versions.sort((a, b) => (a.publishedAt < b.publishedAt ? 1 : -1));
};

/**
 * In what the manifests of two versions differ, hashes of files among it, in order of the names.
 *
 * @throws EbbtideError as `ModelRegistry.version`
 */
export const versionDifferences = async (
  registry: ModelRegistry,
  kind: ModelKind,
  before: string,
  after: string,
): Promise<readonly { readonly name: string; readonly before: string | null; readonly after: string | null }[]> => {
  const leavesOf = async (version: string) =>
    flattened(await readAnyManifest((await registry.version(kind, version)).source));
  const [a, b] = [await leavesOf(before), await leavesOf(after)];
  return [...new Set([...a.keys(), ...b.keys()])]
    .sort()
    .filter((name) => a.get(name) !== b.get(name))
    .map((name) => ({ name, before: a.get(name) ?? null, after: b.get(name) ?? null }));
};
