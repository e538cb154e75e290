import type { Action } from '../../invocation.ts';
import { writeOverride } from '../../scope-override.ts';

/** Take a credential's overrides away, whoever set them. */
export const run: Action<object, [string]> = (invocation, _options, frontendCredential) =>
  writeOverride(invocation, frontendCredential, null, `${frontendCredential} has what its rows entitle it to again`);
