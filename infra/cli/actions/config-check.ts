import { stringify } from 'yaml';
import { withoutSecrets } from '../../config/secrets.ts';
import type { Action } from '../invocation.ts';

/** Check the configuration and print it with every default. */
export const run: Action<object> = async ({ terminal, load }) => {
  const { config, file } = await load();
  terminal.say(file ? `${file} is valid` : 'No configuration file: these are the embedded defaults');
  const shown = withoutSecrets(config);
  if (terminal.json) terminal.printJson(shown);
  else terminal.print(stringify(shown).trimEnd());
};
