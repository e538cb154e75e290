import type { ScopeOverride } from '../../../../schemas/generated/index.ts';
import { topics } from '../../../../schemas/topics.ts';
import { connect } from '../../connect.ts';
import type { Action } from '../../invocation.ts';
import { readToEnd } from '../../register.ts';
import { table } from '../../terminal.ts';

/** Show the overrides in force. */
export const run: Action<object> = async ({ terminal, load }) => {
  process.env.EBBTIDE_LOG ??= 'warn';
  const { config } = await load();
  const { context, close } = await connect(config, 'scope');
  try {
    const overrides = new Map<string, ScopeOverride>();
    await readToEnd(context, [topics.scopeOverrides], (_, key, record) => {
      if (record) overrides.set(key, record as ScopeOverride);
      else overrides.delete(key);
    });
    const now = Date.now();
    const inForce = [...overrides.values()].filter(({ expiresAt }) => expiresAt === null || expiresAt > now);
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
  } finally {
    await close();
  }
};
