import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { EbbtideError } from '../../../schemas/errors.ts';
import { embedded } from '../../config/connections.ts';
import { parseConfig } from '../../config/load.ts';
import { ensureSharedSecret } from '../../services/token/shared-secret.ts';
import { confirm } from '../confirm.ts';
import { type Answers, type Composed, composeConfig, defaultAnswers, sharedSecretFile } from '../init/compose.ts';
import type { Action } from '../invocation.ts';

interface Options extends Partial<Answers> {
  readonly yes?: boolean;
  readonly force?: boolean;
}

/** Write a configuration by asking few questions. */
export const run: Action<Options, [string]> = async ({ terminal }, { yes = false, force = false, ...given }, name) => {
  const file = resolve(name);
  if (existsSync(file) && !force) await confirm(`${file} is there already. Overwrite it? (or say so with --force)`);
  const answers = yes || !process.stdin.isTTY ? { ...defaultAnswers, ...given } : await ask(given);
  const composed = composeConfig(answers);
  check(composed, file);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, composed.text);
  if (answers.vault !== embedded) await ensureSharedSecret(resolve(dirname(file), sharedSecretFile));
  if (terminal.json) terminal.printJson({ file, variables: composed.variables, answers });
  else {
    terminal.print(`Wrote ${file}`);
    for (const step of nextSteps(answers, composed, file)) terminal.print(`  ${step}`);
  }
};

const ask = async (given: Partial<Answers>): Promise<Answers> => {
  const { askFor } = await import('../init/ask.ts');
  try {
    return await askFor(given);
  } catch (error) {
    if ((error as Error).name !== 'ExitPromptError') throw error;
    throw new EbbtideError('CANCELLED', 'Nothing was written', {}, error);
  }
};

/** What was answered may be wrong: then nothing is written. */
const check = ({ text, variables }: Composed, file: string): void => {
  const environment = Object.fromEntries(variables.map((name) => [name, 'set']));
  try {
    parseConfig(text, { environment });
  } catch (error) {
    throw new EbbtideError('CONFIG_INVALID', `${(error as Error).message}\n${file} was not written`, { file }, error);
  }
};

const nextSteps = ({ vault, vaultLogin }: Answers, { variables }: Composed, file: string): string[] => [
  ...(variables.length > 0 ? [`Set ${variables.join(', ')} in the environment`] : []),
  ...(vault === embedded
    ? []
    : [`Prepare Vault: VAULT_TOKEN=… ebbtide vault bootstrap --config ${file} --login ${vaultLogin}`]),
  `Check it: ebbtide config check --config ${file}`,
  `Start:    ebbtide up --config ${file}`,
];
