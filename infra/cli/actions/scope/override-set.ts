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

const untilOf = ({ expiresAt }: Pick<ScopeOverride, 'expiresAt'>): string =>
  expiresAt === null ? 'without an end' : `until ${new Date(expiresAt).toISOString()}`;

/** How the end of what stands is changed, empty where nothing stands. */
const changeOfEnd = (held: ScopeOverride | undefined, expiresAt: number): string => {
  if (!held) return '';
  const from = `; it replaces ${held.scope}${held.mode === 'shadow' ? ', only reported,' : ''} ${untilOf(held)}`;
  if (held.expiresAt === null) return `${from}, and ends`;
  const by = expiresAt - held.expiresAt;
  return by === 0 ? from : `${from}, and ends ${duration(Math.abs(by))} ${by > 0 ? 'later' : 'sooner'}`;
};

/**
 * Narrow a credential for a while; what is in force is not replaced by what allows more or ends sooner, unless that is
 * meant, and what changes is said.
 */
export const run: Action<Options, [string]> = async (invocation, options, frontendCredential) => {
  const { config } = await invocation.load();
  const { for: forMs, reason, shadow = false, service = null, allowWidening = false } = options;
  const scopes = new Scopes(config.scopes);
  const wanted = scopes.named(options.scope, service);
  const scope = wanted.name;
  const at = Date.now();
  const expiresAt = at + forMs;
  const held = (await readOverrides(invocation, at)).get(frontendCredential);
  if (held?.mode === 'enforce' && !allowWidening) {
    const inForce = scopes.namedOrBlocked(held.scope, held.service);
    const restricts = inForce !== scopes.top;
    const refuse = (why: string) => {
      throw new EbbtideError(
        'REQUEST_INVALID',
        `Nothing was set: ${why}; lift that first with "ebbtide scope override lift ${frontendCredential}", or add --allow-widening`,
        { frontendCredential, inForce: inForce.name, until: held.expiresAt, scope, expiresAt },
      );
    };
    if (restricts && (shadow || !scopes.within(wanted, inForce)))
      refuse(
        `${shadow ? `${scope}, only reported,` : scope} would allow more than ${inForce.name}, which is in force for ${frontendCredential}`,
      );
    if (restricts && (held.expiresAt === null || held.expiresAt > expiresAt))
      refuse(
        `${scope} until ${new Date(expiresAt).toISOString()} would end sooner than ${inForce.name}, which is in force for ${frontendCredential} ${untilOf(held)}; give a longer --for`,
      );
  }
  const by = userInfo().username;
  const record: ScopeOverride = {
    frontendCredential,
    scope,
    service,
    risk: 0,
    mode: shadow ? 'shadow' : 'enforce',
    expiresAt,
    decisionId: `${administratorsDecision}/${by}/${at}`,
    policyVersion: '',
    reasons: [`set by ${by}${reason ? `: ${reason}` : ''}`],
    at,
  };
  const replaces = held ? { scope: held.scope, mode: held.mode, expiresAt: held.expiresAt } : null;
  await writeOverride(
    invocation,
    frontendCredential,
    record,
    `${frontendCredential} has scope ${scope} for ${duration(forMs)}${changeOfEnd(held, expiresAt)}`,
    { replaces },
  );
};
