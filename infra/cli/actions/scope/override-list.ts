import type { Action } from '../../invocation.ts';
import { readOverrides } from '../../scope-override.ts';
import { table } from '../../terminal.ts';

/** Show the overrides in force. */
export const run: Action<object> = async (invocation) => {
  const { terminal } = invocation;
  const inForce = [...(await readOverrides(invocation, Date.now())).values()];
  if (terminal.json) {
    for (const one of inForce) terminal.printJson(one);
    return;
  }
  if (inForce.length === 0) return terminal.say('No override is in force');
  const rows = inForce.map(({ frontendCredential, scope, service, mode, risk, expiresAt, reasons }) => [
    frontendCredential,
    service && !scope.includes('(') ? `${scope}(${service})` : scope,
    mode,
    risk,
    expiresAt === null ? '' : new Date(expiresAt).toISOString(),
    reasons.join('; '),
  ]);
  for (const line of table(['credential', 'scope', 'mode', 'risk', 'until', 'reasons'], rows)) terminal.print(line);
};
