import type { Config } from '../config/config.ts';
import { embedded } from '../config/connections.ts';
import type { AppContext, Running } from '../context.ts';
import { startKeyhost } from '../services/keyhost/start.ts';
import { portTaken } from './free-port.ts';
import type { Platform } from './platform.ts';

/** Whether keys are given by behaviour: at an embedded Vault, and at another one that was prepared and says how to log in. */
export const watchesBehaviour = ({ vault }: Config): boolean =>
  vault.address === embedded || (vault.keyhostLogin !== undefined && vault.keylifeLogin !== undefined);

/**
 * Start the key host, where keys are given by behaviour.
 *
 * @param parts - receives it
 * @returns where it listens
 */
export const startKeys = async (
  context: AppContext,
  config: Config,
  { vault }: Platform,
  parts: Running[],
  say: (line: string) => void,
): Promise<string | undefined> => {
  if (!watchesBehaviour(config)) {
    say('No key host: name vault.keyhostLogin and vault.keylifeLogin for keys that live by behaviour');
    return undefined;
  }
  const { keyhost, policy } = config;
  const service = await startKeyhost(context, {
    vault: vault.login('keyhost'),
    keyhost,
    portTaken: portTaken('the key host', say),
    policy: policy.keylife,
  });
  parts.push(service);
  say(`Key host at ${service.address}`);
  return service.address;
};
