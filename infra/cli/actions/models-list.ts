import { builtIn } from '../../../models/registry/builtIn.ts';
import { openModelRegistry } from '../../../models/registry/open.ts';
import type { ModelKind } from '../../../models/registry/record.ts';
import { modelSetting } from '../configured-model.ts';
import type { Action } from '../invocation.ts';
import { table } from '../terminal.ts';

/** List versions with what they are now. */
export const run: Action<{ kind: ModelKind }> = async ({ terminal, load }, { kind }) => {
  const { config } = await load();
  const registry = await openModelRegistry(config.models);
  const current = (await registry.pointers(kind)).at(-1);
  const roleOf = (version: string): string => {
    if (current?.champion.version === version) return 'champion';
    return current?.challenger?.version === version ? 'challenger' : '';
  };
  const versions = await Promise.all(
    (await registry.versions(kind)).map(async (version) => {
      const role = roleOf(version);
      try {
        const { digest, publishedAt, publishedBy, signature } = await registry.record(kind, version);
        return { version, role, publishedAt, publishedBy, digest, signed: signature?.algorithm ?? null, problem: null };
      } catch (error) {
        const problem = (error as Error).message;
        return { version, role, publishedAt: '', publishedBy: '', digest: '', signed: null, problem };
      }
    }),
  );
  const standing = builtIn[kind];
  if (standing && roleOf(standing.version) !== '')
    versions.push({
      ...standing,
      ...{ role: roleOf(standing.version), publishedAt: '', publishedBy: 'built in', signed: null, problem: null },
    });
  versions.sort((a, b) => (a.publishedAt < b.publishedAt ? 1 : -1));
  if (terminal.json) {
    for (const version of versions) terminal.printJson({ kind, ...version });
    return;
  }
  if (versions.length === 0)
    return terminal.say(`No version of ${kind} is in ${registry.name}; ebbtide train ${kind} makes one`);
  const rows = versions.map(({ version, role, publishedAt, publishedBy, digest, signed, problem }) => [
    version,
    role,
    publishedAt,
    publishedBy,
    digest.slice(0, 12),
    signed ?? 'no',
    problem ?? '',
  ]);
  for (const line of table(['version', 'role', 'published', 'by', 'hash', 'signed', 'problem'], rows))
    terminal.print(line);
  if (!current) terminal.say(`None was promoted yet: the configured model (${modelSetting[kind]}) decides`);
};
