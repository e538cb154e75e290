import { reportLines } from '../../../models/feedback/report.ts';
import { checkedManifest } from '../../../models/registry/check.ts';
import { flattened } from '../../../models/registry/flattened.ts';
import { openModelRegistry } from '../../../models/registry/open.ts';
import type { ModelKind } from '../../../models/registry/record.ts';
import type { Action } from '../invocation.ts';

/** Show one version, after checking it as a job would. */
export const run: Action<{ kind: ModelKind }, [string]> = async ({ terminal, load }, { kind }, version) => {
  const { config } = await load();
  const registry = await openModelRegistry(config.models);
  const { record, source } = await registry.version(kind, version);
  const manifest = await checkedManifest(kind, source);
  const pointers = (await registry.pointers(kind)).filter(
    ({ champion, challenger }) => champion.version === version || challenger?.version === version,
  );
  if (terminal.json)
    return terminal.printJson({ record, manifest, pointers, report: (await registry.report(kind, version)) ?? null });
  terminal.print(terminal.style('bold', `${kind} ${version}`));
  terminal.print(`published ${record.publishedAt} by ${record.publishedBy}, every file as it was then`);
  terminal.print(
    `signature ${record.signature ? `${record.signature.algorithm} ${record.signature.keyId}`.trim() : 'none'}`,
  );
  const { features, files: _, ...rest } = manifest;
  terminal.print(`features  ${features.name}, ${features.size} numbers, ${features.hash.slice(0, 12)}`);
  const lines = flattened(rest);
  const width = Math.max(...[...lines.keys()].map((name) => name.length));
  for (const [name, value] of lines) terminal.print(`  ${name.padEnd(width)}  ${value}`);
  for (const { sequence, action, champion, at, by, reason } of pointers)
    terminal.print(
      `pointer ${sequence}: ${champion.version === version ? 'champion' : 'challenger'} since ${at}, ${action} by ${by}${reason === '' ? '' : `: ${reason}`}`,
    );
  // Last: one that was taken out is told of, after all that is there
  const report = await registry.report(kind, version);
  if (!report) return;
  terminal.print(terminal.style('bold', `Report of ${report.at}`));
  for (const line of reportLines(report)) terminal.print(line);
};
