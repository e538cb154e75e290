import { exampleFile } from '../../config/reference.ts';
import type { Action } from '../invocation.ts';

/** Print a configuration file with every key. */
export const run: Action<object> = async ({ terminal }) => terminal.print(exampleFile().trimEnd());
