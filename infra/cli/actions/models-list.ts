import { openModelRegistry } from '../../../models/registry/open.ts';
import type { ModelKind } from '../../../models/registry/record.ts';
import { listVersions } from '../../../models/registry/versions.ts';
import { modelSetting } from '../configured-model.ts';
import type { Action } from '../invocation.ts';
import { table } from '../terminal.ts';

/** List versions with what they are now. */
export const run: Action<{ kind: ModelKind }> = async ({ terminal, load }, { kind }) => {
  const { config } = await load();
  const registry = await openModelRegistry(config.models);
  const versions = await listVersions(registry, kind);
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
  if (versions.every(({ role }) => role === ''))
    terminal.say(`None was promoted yet: the configured model (${modelSetting[kind]}) decides`);
};
