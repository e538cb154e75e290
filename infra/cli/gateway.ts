import type { Config } from '../config/config.ts';
import { dataFolder } from '../paths.ts';
import type { GatewayOptions } from '../services/gateway/start.ts';

/** What the gateway is started with. */
export const gatewayOf = ({ gateway, scopes }: Config): GatewayOptions => ({
  gateway,
  scopes,
  defaultHashKeyFile: hashKeyFile(),
});

/** File with the key of the hash of secrets, where the configuration names none. */
export const hashKeyFile = (): string => dataFolder('gateway', 'hash.key');
