import type { Config } from '../config/config.ts';
import type { AppContext, Running } from '../context.ts';
import { startProvision } from '../provision/start.ts';
import { startDelivery } from '../services/delivery/start.ts';
import { assertPortFree } from '../setup/guarded.ts';
import type { VaultConfig } from '../vault/config.ts';

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
  const free = await assertPortFree(delivery.port, 'The delivery service', 'CONFIG_INVALID').then(
    () => true,
    () => false,
  );
  if (!free) say(`Port ${delivery.port} is taken; the delivery service takes another one`);
  const service = await startDelivery(context, {
    vault: login('delivery'),
    provision,
    delivery: free ? delivery : { ...delivery, port: 0 },
  });
  parts.push(service);
  say(`Delivery service at ${service.address}`);
  return service.address;
};
