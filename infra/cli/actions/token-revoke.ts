import { commandLineActor } from '../../audit.ts';
import { revokedToken } from '../../console/people/tokens.ts';
import { readTokens, writeToken } from '../api-tokens.ts';
import { connect } from '../connect.ts';
import type { Action } from '../invocation.ts';

/** Revoke an API token. */
export const run: Action<object, [string]> = async ({ terminal, load }, _options, tokenId) => {
  process.env.EBBTIDE_LOG ??= 'warn';
  const { config } = await load();
  const { context, close } = await connect(config, 'token');
  try {
    const record = revokedToken((await readTokens(context)).get(tokenId), commandLineActor().id, Date.now());
    await writeToken(context, record, { revoked: tokenId, name: record.name });
    if (terminal.json) terminal.printJson({ tokenId, revokedAt: record.revokedAt });
    else terminal.print(`Token ${tokenId} works no longer`);
  } finally {
    await close();
  }
};
