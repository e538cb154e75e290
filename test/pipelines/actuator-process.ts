import { pino } from 'pino';
import { Registry } from 'prom-client';
import { startActuate } from '../../infra/jobs/actuate.ts';
import { connectKafka } from '../../infra/kafka/connect.ts';
import { connectRegistry } from '../../infra/kafka/registry.ts';
import { actuatorConfig, vaultConfig } from '../../infra/vault/config.ts';

/** The actuator as a process of its own, for tests that kill it. Its one argument says where everything is. */
const { brokers, registryUrl, vault } = JSON.parse(process.argv[2]!) as {
  brokers: string;
  registryUrl: string;
  vault: object;
};
const kafka = await connectKafka({ brokers });
await startActuate(
  { kafka, registry: connectRegistry({ url: registryUrl }), metrics: new Registry(), log: pino({ level: 'silent' }) },
  { vault: vaultConfig.parse(vault), actuator: actuatorConfig.parse({ batchSize: 20 }) },
);
process.stdout.write('started\n');
process.on('disconnect', () => process.exit(1));
