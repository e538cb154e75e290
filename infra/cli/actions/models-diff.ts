import { readAnyManifest } from '../../../models/manifest.ts';
import { flattened } from '../../../models/registry/flattened.ts';
import { openModelRegistry } from '../../../models/registry/open.ts';
import type { ModelKind } from '../../../models/registry/record.ts';
import type { Action } from '../invocation.ts';
import { table } from '../terminal.ts';

/** Show in what the manifests of two versions differ; hashes of files are among it. */
export const run: Action<{ kind: ModelKind }, [string, string]> = async (
  { terminal, load },
  { kind },
  before,
  after,
) => {
  const { config } = await load();
  const registry = await openModelRegistry(config.models);
  const leavesOf = async (version: string) =>
    flattened(await readAnyManifest((await registry.version(kind, version)).source));
  const [a, b] = [await leavesOf(before), await leavesOf(after)];
  const differences = [...new Set([...a.keys(), ...b.keys()])]
    .sort()
    .filter((name) => a.get(name) !== b.get(name))
    .map((name) => ({ name, before: a.get(name) ?? null, after: b.get(name) ?? null }));
  if (terminal.json) return terminal.printJson({ kind, before, after, differences });
  if (differences.length === 0) return terminal.print(`Versions ${before} and ${after} hold the same`);
  const short = (text: string | null): string => (text && text.length > 48 ? `${text.slice(0, 47)}…` : (text ?? ''));
  const rows = differences.map(({ name, ...values }) => [name, short(values.before), short(values.after)]);
  for (const line of table(['what', before, after], rows)) terminal.print(line);
};
