import { editorSchema } from '../../config/reference.ts';
import type { Action } from '../invocation.ts';

/** Print the configuration's JSON Schema. */
export const run: Action<object> = async ({ terminal }) => terminal.print(editorSchema().trimEnd());
