import type { Config } from '../config/config.ts';
import type { AppContext, Running } from '../context.ts';
import { startProvision } from '../provision/start.ts';
import { startDelivery } from '../services/delivery/start.ts';
import type { VaultConfig } from '../vault/config.ts';
import { portTaken } from './free-port.ts';

/**
 * Start the provisioning engine and the delivery service, where there is a machine that users may ask for.
 *
 * @param parts - receives both, as they start
 * @returns where the delivery service listens
 */
export const startProvisioning = async (
  context: AppContext,
  { provision, delivery }: Config,
  login: (service: 'provision' | 'delivery') => VaultConfig,
  parts: Running[],
  say: (line: string) => void,
): Promise<string | undefined> => {
  if (Object.keys(provision.targets).length === 0) return undefined;
  parts.push(await startProvision(context, { vault: login('provision'), provision }));
  const service = await startDelivery(context, {
    vault: login('delivery'),
    provision,
    delivery,
    portTaken: portTaken('the delivery service', say),
  });
  parts.push(service);
  say(`Delivery service at ${service.address}`);
  return service.address;
};
