import { scopePolicyName } from '../../../vault/scope-body.ts';
import type { Action } from '../../invocation.ts';

/** Tell the name of the policy that a credential's tokens must be issued with. */
export const run: Action<object, [string]> = async ({ terminal, load }, _options, frontendCredential) => {
  const { config } = await load();
  const policy = scopePolicyName(frontendCredential, config.actuate.scopes);
  if (terminal.json) terminal.printJson({ frontendCredential, policy });
  else terminal.print(policy);
};
