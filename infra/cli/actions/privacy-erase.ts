import { eraseUser } from '../../services/keyhost/privacy.ts';
import { Pseudonyms } from '../../services/keyhost/pseudonyms.ts';
import { VaultClient } from '../../vault/client.ts';
import { audited } from '../audited.ts';
import { confirm } from '../confirm.ts';
import { connect } from '../connect.ts';
import type { Action } from '../invocation.ts';
import { vaultOf } from '../vault-login.ts';

/** Make what is kept of a user unreadable. */
export const run: Action<{ readonly yes?: boolean }, [string]> = async ({ terminal, load }, { yes = false }, user) => {
  process.env.EBBTIDE_LOG ??= 'warn';
  const { config } = await load();
  if (!yes) await confirm('Do you want to make all that is kept of this user unreadable, for good?');
  const { context, close } = await connect(config, 'privacy');
  const vault = await VaultClient.connect(vaultOf(config, 'privacy'), { service: 'cli', log: context.log });
  try {
    const subject = await new Pseudonyms(vault).of(user);
    const result = await audited(context, { action: 'eraseUser', subject }, () => eraseUser(context, vault, user));
    if (terminal.json) return terminal.printJson(result);
    terminal.print(
      result.erased
        ? `The key of ${result.user} is destroyed: what was kept of the user's behaviour can be opened no more`
        : `There was no key of ${result.user}: nothing that could be opened was kept`,
    );
  } finally {
    await vault.close();
    await close();
  }
};
