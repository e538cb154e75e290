import type { ConsolePorts } from '../console/ports.ts';
import type { Logger } from '../log.ts';
import { Actuator } from '../vault/actuator.ts';
import { VaultClient } from '../vault/client.ts';
import type { VaultConfig } from '../vault/config.ts';
import { actOnEntity } from '../vault/entity.ts';
import { Register } from '../vault/register.ts';

/** Lets the console act on entities at Vault; it logs in when it first does. */
export const entityPort = (
  config: VaultConfig,
  log: Logger,
): { readonly actOnEntity: NonNullable<ConsolePorts['actOnEntity']>; close(): Promise<void> } => {
  let connecting: Promise<VaultClient> | undefined;
  const connected = (): Promise<VaultClient> => {
    connecting ??= VaultClient.connect(config, { service: 'console', log }).catch((error: unknown) => {
      connecting = undefined;
      throw error;
    });
    return connecting;
  };
  return {
    async actOnEntity(entityId, action) {
      const vault = await connected();
      return actOnEntity({ vault, actuator: new Actuator(vault), register: new Register() }, { entityId, action });
    },
    close: async () => (await connecting)?.close(),
  };
};
