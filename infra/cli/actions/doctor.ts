import { useRuntime, wantedRuntime } from '../../../models/runtimes/choose.ts';
import { embedded } from '../../config/connections.ts';
import { version } from '../../version.ts';
import type { Finding } from '../doctor/finding.ts';
import { lookAtMachine } from '../doctor/machine.ts';
import { lookAtPackages } from '../doctor/packages.ts';
import { lookAtServers } from '../doctor/servers.ts';
import { exitCodes } from '../exit.ts';
import type { Action } from '../invocation.ts';

const marks = { ok: ['green', '✓'], absent: ['dim', '–'], missing: ['red', '✗'] } as const;

/** Say what is there and what is missing; fails when something that is needed is missing. */
export const run: Action<object> = async ({ terminal, load }) => {
  process.env.EBBTIDE_LOG ??= 'silent';
  const { config, file } = await load();
  const needs = {
    embeddedVault: config.vault.address === embedded,
    embeddedClickHouse: config.clickhouse.url === embedded,
    runtime: wantedRuntime(config.models.runtime),
  };
  const scoring = await useRuntime(config.models.runtime).then(
    ({ runtime: { name, provider, version } }) => ({ name, provider, version }),
    () => undefined,
  );
  const findings = (await Promise.all([lookAtMachine(needs), lookAtPackages(needs), lookAtServers(config)])).flat();
  const missing = findings.filter(({ status }) => status === 'missing');
  if (terminal.json) {
    terminal.printJson({
      version: version(),
      configuration: file ?? null,
      runtime: scoring?.name ?? null,
      runtimeProvider: scoring?.provider ?? null,
      runtimeVersion: scoring?.version ?? null,
      ready: missing.length === 0,
      findings,
    });
    return missing.length > 0 ? exitCodes.failed : exitCodes.ok;
  }
  terminal.print(
    `Ebbtide ${version()}, ${file ? `configured by ${file}` : 'embedded defaults'}, ${scoring ? `scores with ${scoring.name} ${scoring.version} on ${scoring.provider}` : `cannot score with ${needs.runtime}`}`,
  );
  const width = Math.max(...findings.map(({ name }) => name.length));
  const show = ({ status, name, found, remedy }: Finding): void => {
    const [style, mark] = marks[status];
    terminal.print(`  ${terminal.style(style, mark)} ${name.padEnd(width)}  ${found}`);
    if (remedy && status !== 'ok') terminal.print(`    ${' '.repeat(width)}  ${terminal.style('dim', remedy)}`);
  };
  for (const group of ['machine', 'packages', 'servers'] as const) {
    terminal.print(`\n${terminal.style('bold', group[0]!.toUpperCase() + group.slice(1))}`);
    for (const finding of findings) if (finding.group === group) show(finding);
  }
  terminal.print(
    missing.length === 0
      ? '\nEverything that is needed is there'
      : `\nMissing: ${missing.map(({ name }) => name).join(', ')}`,
  );
  return missing.length > 0 ? exitCodes.failed : exitCodes.ok;
};
