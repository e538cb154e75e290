import { exportUser } from '../../services/keyhost/privacy.ts';
import { Pseudonyms } from '../../services/keyhost/pseudonyms.ts';
import { VaultClient } from '../../vault/client.ts';
import { audited } from '../audited.ts';
import { connect } from '../connect.ts';
import type { Action } from '../invocation.ts';
import { readToEnd } from '../register.ts';
import { vaultOf } from '../vault-login.ts';

/** Print all that is kept of a user. */
export const run: Action<object, [string]> = async ({ terminal, load }, _options, user) => {
  process.env.EBBTIDE_LOG ??= 'warn';
  const { config } = await load();
  const { context, close } = await connect(config, 'privacy');
  const vault = await VaultClient.connect(vaultOf(config, 'privacy'), { service: 'cli', log: context.log });
  try {
    const subject = await new Pseudonyms(vault).of(user);
    const kept = await audited(context, { action: 'exportUser', subject }, () =>
      exportUser(context, vault, user, readToEnd),
    );
    terminal.printJson(kept);
  } finally {
    await vault.close();
    await close();
  }
};
