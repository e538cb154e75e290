import { userInfo } from 'node:os';
import type { ScopeOverride } from '../../../../schemas/generated/index.ts';
import { Scopes } from '../../../../schemas/scopes.ts';
import type { Action } from '../../invocation.ts';
import { writeOverride } from '../../scope-override.ts';
import { duration } from '../../terminal.ts';

interface Options {
  readonly scope: string;
  readonly service?: string;
  /** Milliseconds. */
  readonly for: number;
  readonly reason: string;
  readonly shadow?: boolean;
}

/** Narrow a credential for a while. */
export const run: Action<Options, [string]> = async (invocation, options, frontendCredential) => {
  const { config } = await invocation.load();
  const { for: forMs, reason, shadow = false, service = null } = options;
  const scope = new Scopes(config.scopes).named(options.scope, service).name;
  const at = Date.now();
  const by = userInfo().username;
  const record: ScopeOverride = {
    frontendCredential,
    scope,
    service,
    risk: 0,
    mode: shadow ? 'shadow' : 'enforce',
    expiresAt: at + forMs,
    decisionId: `administrator/${by}/${at}`,
    policyVersion: '',
    reasons: [`set by ${by}${reason ? `: ${reason}` : ''}`],
    at,
  };
  await writeOverride(
    invocation,
    frontendCredential,
    record,
    `${frontendCredential} has scope ${scope} for ${duration(forMs)}`,
  );
};
