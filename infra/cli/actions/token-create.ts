import { EbbtideError } from '../../../schemas/errors.ts';
import { commandLineActor } from '../../audit.ts';
import type { Role } from '../../console/people/roles.ts';
import { makeToken } from '../../console/people/tokens.ts';
import { writeToken } from '../api-tokens.ts';
import { connect } from '../connect.ts';
import type { Action } from '../invocation.ts';

const longestMs = 366 * 86_400_000;

interface Options {
  readonly role: Role;
  /** Milliseconds. */
  readonly for: number;
}

/** Make an API token. */
export const run: Action<Options, [string]> = async ({ terminal, load }, { role, for: lifeMs }, name) => {
  process.env.EBBTIDE_LOG ??= 'warn';
  if (lifeMs > longestMs || lifeMs < 60_000)
    throw new EbbtideError('REQUEST_INVALID', 'A token works for 1m to 366d; make another when it ends', { lifeMs });
  const { config } = await load();
  const { context, close } = await connect(config, 'token');
  try {
    const { token, record } = makeToken({ name, role, lifeMs, by: commandLineActor().id }, Date.now());
    await writeToken(context, record, { made: record.tokenId, name, role, expiresAt: record.expiresAt });
    const { hash: _hash, ...shown } = record;
    if (terminal.json) return terminal.printJson({ token, ...shown });
    terminal.print(token);
    terminal.say(
      `Token ${record.tokenId} works as ${role} until ${new Date(record.expiresAt).toISOString()}; it is not shown again`,
    );
  } finally {
    await close();
  }
};
