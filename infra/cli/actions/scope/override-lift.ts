import type { Action } from '../../invocation.ts';
import { writeOverride } from '../../scope-override.ts';

/** Take an override away, whoever set it. */
export const run: Action<object, [string]> = (invocation, _options, frontendCredential) =>
  writeOverride(invocation, frontendCredential, null, `${frontendCredential} has what its rows entitle it to again`);
