import { version } from '../../version.ts';
import { lookAtPackages } from '../doctor/packages.ts';
import type { Action } from '../invocation.ts';

/** Print the version of Ebbtide and of what it runs on. */
export const run: Action<object> = async ({ terminal }) => {
  const findings = (await lookAtPackages({ embeddedClickHouse: false, runtime: 'auto' })).filter(
    ({ status }) => status === 'ok',
  );
  const parts = { ebbtide: version(), node: process.versions.node };
  if (terminal.json)
    return terminal.printJson({
      ...parts,
      packages: Object.fromEntries(findings.map(({ name, found }) => [name, found])),
    });
  terminal.print(`ebbtide ${parts.ebbtide} on Node ${parts.node}`);
  for (const { name, found } of findings) terminal.print(`${name} ${found}`);
};
