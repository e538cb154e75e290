import { connect, runJob } from 'ebbtide';
import { nightWatch } from './nightWatch.ts';

const { KAFKA_BROKERS = '127.0.0.1:9092', REGISTRY_URL = 'http://127.0.0.1:8081' } = process.env;

const connection = await connect({ name: 'night-watch', brokers: KAFKA_BROKERS, registry: { url: REGISTRY_URL } });
const running = await runJob(connection, nightWatch({ from: 20, to: 6 }));

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, async () => {
    await running.close();
    await connection.close();
  });
console.log('The night watch runs; Ctrl-C ends it');
