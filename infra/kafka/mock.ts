import ckjs from '@confluentinc/kafka-javascript';
import { call } from './client.ts';

/** A Kafka cluster inside this process: librdkafka's own mock. It keeps nothing on disk and at most 5 MB a partition. */
export interface MockCluster {
  readonly brokers: string;
  close(): Promise<void>;
}

/**
 * Start librdkafka's mock cluster; topics appear on first use, with four partitions.
 *
 * @example
 * const cluster = await startMockCluster();
 * const kafka = await connectKafka({ brokers: cluster.brokers });
 */
export const startMockCluster = async (): Promise<MockCluster> => {
  const host = new ckjs.Producer({ 'test.mock.num.brokers': 1, 'bootstrap.servers': 'mock' } as never, {} as never);
  host.on('event.error', () => {});
  await call('Cannot start the mock cluster', (done) => host.connect({ timeout: 10_000 }, done as never));
  const metadata = await call<{ brokers: { host: string; port: number }[] }>('Cannot read the mock cluster', (done) =>
    host.getMetadata({ timeout: 10_000 }, done as never),
  );
  const brokers = metadata.brokers.map((broker) => `${broker.host}:${broker.port}`).join(',');
  return { brokers, close: () => call('Cannot stop the mock cluster', (done) => host.disconnect(() => done(null))) };
};
