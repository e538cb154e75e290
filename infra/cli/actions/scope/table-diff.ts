import { Scopes } from '../../../../schemas/scopes.ts';
import { connect } from '../../connect.ts';
import type { Action } from '../../invocation.ts';
import { changesBy, printChanges, readTable, readTableFile } from '../../scope-table.ts';

/** Show what importing a file would change. Exit status 1 where it would widen. */
export const run: Action<{ readonly prune?: boolean }, [string]> = async (
  { terminal, load },
  { prune = false },
  file,
) => {
  process.env.EBBTIDE_LOG ??= 'warn';
  const { config } = await load();
  const scopes = new Scopes(config.scopes);
  const wanted = readTableFile(file, scopes);
  const { context, close } = await connect(config, 'scope');
  try {
    const changes = changesBy(await readTable(context), wanted, scopes, prune);
    if (terminal.json) terminal.printJson({ changes });
    else printChanges(changes, terminal);
    return changes.some(({ kind }) => kind === 'widened') ? 1 : 0;
  } finally {
    await close();
  }
};
