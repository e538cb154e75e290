import { openModelRegistry } from '../../../models/registry/open.ts';
import type { ModelKind } from '../../../models/registry/record.ts';
import { versionDifferences } from '../../../models/registry/versions.ts';
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
  const differences = await versionDifferences(registry, kind, before, after);
  if (terminal.json) return terminal.printJson({ kind, before, after, differences });
  if (differences.length === 0) return terminal.print(`Versions ${before} and ${after} hold the same`);
  const short = (text: string | null): string => (text && text.length > 48 ? `${text.slice(0, 47)}…` : (text ?? ''));
  const rows = differences.map(({ name, ...values }) => [name, short(values.before), short(values.after)]);
  for (const line of table(['what', before, after], rows)) terminal.print(line);
};
