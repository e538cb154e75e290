/**
 * One provisioning engine in a process of its own, to be killed: `provision-process.js '<EngineArguments>'`.
 *
 * It says `ready` on standard output, and `held` where it stops for good in the middle of preparing a credential. It ends
 * with its standard input.
 */
import { Registry } from 'prom-client';
import { connectKafka } from '../../infra/kafka/connect.ts';
import { connectRegistry } from '../../infra/kafka/registry.ts';
import { createLogger } from '../../infra/log.ts';
import type { ProvisionConfig } from '../../infra/provision/config.ts';
import { startProvision } from '../../infra/provision/start.ts';
import { VaultSecretStore } from '../../infra/provision/vaultStore.ts';
import { VaultClient } from '../../infra/vault/client.ts';
import type { VaultConfig } from '../../infra/vault/config.ts';

/** What the process is started with. */
export interface EngineArguments {
  readonly brokers: string;
  readonly registryUrl: string;
  readonly vault: VaultConfig;
  readonly provision: ProvisionConfig;
  /** Where it stops: once a credential is made (mint), or stored too (store), before anything is recorded. */
  readonly holdAt?: 'mint' | 'store';
}

process.stdin.resume().once('end', () => process.exit(1));
const { brokers, registryUrl, vault, provision, holdAt } = JSON.parse(process.argv[2]!) as EngineArguments;
const kafka = await connectKafka({ brokers });
const log = createLogger('provision');
const client = await VaultClient.connect(vault, { service: 'provision', log });
const store = new VaultSecretStore(client, provision.mount);
const put = store.put.bind(store);
const hold = (): Promise<never> => {
  process.stdout.write('held\n');
  return new Promise(() => {});
};
if (holdAt === 'mint') store.put = hold;
if (holdAt === 'store')
  store.put = async (...given) => {
    await put(...given);
    return await hold();
  };
await startProvision(
  { kafka, registry: connectRegistry({ url: registryUrl }), metrics: new Registry(), log },
  { vault, provision, store, tickMs: 20 },
);
process.stdout.write('ready\n');
