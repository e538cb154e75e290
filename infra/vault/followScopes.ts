import { TopicCodec } from '../../schemas/codec.ts';
import type { ScopeOverride } from '../../schemas/generated/index.ts';
import { topics } from '../../schemas/topics.ts';
import type { AppContext } from '../context.ts';
import { type Follower, follow } from '../kafka/follow.ts';
import type { ScopePolicyConfig } from './scope-body.ts';
import { ScopeEnforcer, type ScopeEnforcerParts } from './scope-enforcer.ts';
import { ScopeSwitch, type ScopeSwitchParts } from './scope-switch.ts';

/** Scopes as policies of Vault: by decisions, and by what is in force at each moment. */
export interface VaultScopes {
  readonly enforcer: ScopeEnforcer;
  readonly scopeSwitch: ScopeSwitch;
  readonly follower: Follower;
}

/** Prepare both, with the overrides in force read. */
export const followScopes = async (
  { kafka, registry, log }: AppContext,
  scopes: ScopePolicyConfig,
  parts: Omit<ScopeEnforcerParts & ScopeSwitchParts, 'scopes' | 'write' | 'carriedOut'>,
): Promise<VaultScopes> => {
  const enforcer = new ScopeEnforcer({
    ...parts,
    scopes,
    carriedOut: (decision, scope) => scopeSwitch.carriedOut(decision, scope),
  });
  const scopeSwitch = new ScopeSwitch({ ...parts, write: (subject, scope) => enforcer.ensure(subject, scope) });
  const codec = await TopicCodec.open<ScopeOverride>(topics.scopeOverrides, registry);
  const follower = await follow(kafka, codec, (override, { key }) => scopeSwitch.heard(String(key), override), log);
  await follower.caughtUp;
  return { enforcer, scopeSwitch, follower };
};
