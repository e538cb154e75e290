import { userInfo } from 'node:os';
import { EbbtideError } from '../../../../schemas/errors.ts';
import type { ScopeOverride } from '../../../../schemas/generated/index.ts';
import { administratorsDecision, Scopes } from '../../../../schemas/scopes.ts';
import type { Action } from '../../invocation.ts';
import { readOverrides, writeOverride } from '../../scope-override.ts';
import { duration } from '../../terminal.ts';

interface Options {
  readonly scope: string;
  readonly service?: string;
  /** Milliseconds. */
  readonly for: number;
  readonly reason: string;
  readonly shadow?: boolean;
  readonly allowWidening?: boolean;
}

/** Narrow a credential for a while; what is in force is not replaced by what allows more, unless that is meant. */
export const run: Action<Options, [string]> = async (invocation, options, frontendCredential) => {
  const { config } = await invocation.load();
  const { for: forMs, reason, shadow = false, service = null, allowWidening = false } = options;
  const scopes = new Scopes(config.scopes);
  const wanted = scopes.named(options.scope, service);
  const scope = wanted.name;
  const at = Date.now();
  const held = allowWidening ? undefined : (await readOverrides(invocation, at)).get(frontendCredential);
  if (held?.mode === 'enforce') {
    const inForce = scopes.namedOrBlocked(held.scope, held.service);
    if (inForce !== scopes.top && (shadow || !scopes.within(wanted, inForce)))
      throw new EbbtideError(
        'REQUEST_INVALID',
        `Nothing was set: ${shadow ? `${scope}, only reported,` : scope} would allow more than ${inForce.name}, which is in force for ${frontendCredential}; lift that first with "ebbtide scope override lift ${frontendCredential}", or add --allow-widening`,
        { frontendCredential, inForce: inForce.name, scope },
      );
  }
  const by = userInfo().username;
  const record: ScopeOverride = {
    frontendCredential,
    scope,
    service,
    risk: 0,
    mode: shadow ? 'shadow' : 'enforce',
    expiresAt: at + forMs,
    decisionId: `${administratorsDecision}/${by}/${at}`,
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
