import { text } from 'node:stream/consumers';
import { EbbtideError } from '../../../../schemas/errors.ts';
import { identifierOf, readHashKey } from '../../../services/gateway/identify.ts';
import { hashKeyFile } from '../../gateway.ts';
import type { Action } from '../../invocation.ts';

/** Tell the identifier of a secret that is read from standard input. */
export const run: Action<object> = async ({ terminal, load }) => {
  const { config } = await load();
  const configured = config.gateway.hashKeyFile;
  const key = await readHashKey(configured ?? hashKeyFile(), configured === undefined);
  const secret = (await text(process.stdin)).trim();
  if (secret === '') throw new EbbtideError('REQUEST_INVALID', 'Standard input is empty; pipe the API key or token in');
  const identifier = identifierOf(secret, key);
  if (terminal.json) terminal.printJson({ frontendCredential: identifier });
  else terminal.print(identifier);
};
