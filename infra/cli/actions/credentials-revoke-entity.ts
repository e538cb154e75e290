import type { Credential } from '../../../schemas/generated/Credential.ts';
import { topics } from '../../../schemas/topics.ts';
import { Actuator } from '../../vault/actuator.ts';
import { VaultClient } from '../../vault/client.ts';
import { actOnEntity, type EntityAction } from '../../vault/entity.ts';
import { Register } from '../../vault/register.ts';
import { audited } from '../audited.ts';
import { confirm } from '../confirm.ts';
import { connect } from '../connect.ts';
import { exitCodes } from '../exit.ts';
import type { Action } from '../invocation.ts';
import { readToEnd } from '../register.ts';
import { vaultOf } from '../vault-login.ts';

interface Options {
  readonly action: EntityAction;
  readonly yes?: boolean;
}

const harsh: readonly EntityAction[] = ['disable', 'deny', 'revoke'];

/** Act on all credentials of one entity. */
export const run: Action<Options, [string]> = async ({ terminal, load }, { action, yes = false }, entityId) => {
  process.env.EBBTIDE_LOG ??= 'warn';
  const { config } = await load();
  if (!yes && harsh.includes(action)) await confirm(`Do you want to ${action} everything of entity ${entityId}?`);
  const { context, close } = await connect(config, 'credentials');
  const vault = await VaultClient.connect(vaultOf(config, 'actuator'), { service: 'cli', log: context.log });
  try {
    const register = new Register();
    await readToEnd(context, [topics.credentials], (_, key, record) =>
      register.apply(key, (record ?? undefined) as Credential | undefined),
    );
    const result = await audited(context, { action: `${action}Entity`, subject: entityId }, async (told) => {
      const done = await actOnEntity({ vault, actuator: new Actuator(vault), register }, { entityId, action });
      await told(`${done.revoked.length} of ${done.credentials} revoked, ${done.failed.length} failed`);
      return done;
    });
    if (terminal.json) terminal.printJson(result);
    else {
      terminal.print(
        `Entity ${result.name}: ${action} done; it has ${result.credentials} registered credentials${action === 'revoke' ? `, ${result.revoked.length} were revoked` : ''}`,
      );
      for (const { credentialId, why } of result.failed)
        terminal.print(`  ${credentialId} could not be revoked: ${why}`);
    }
    return result.failed.length > 0 ? exitCodes.failed : exitCodes.ok;
  } finally {
    await vault.close();
    await close();
  }
};
