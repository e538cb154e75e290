import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pino } from 'pino';
import { startRegistryServer } from '../../../infra/http/registry-server.ts';
import { connectKafka } from '../../../infra/kafka/connect.ts';
import { watchClients } from '../../../infra/kafka/watchClients.ts';
import { MemoryRegistry } from '../../../schemas/registry.ts';
import { until } from '../../services/context.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { privateKafka } from '../../services/kafka.ts';
import { requireOrSkip } from '../../services/require.ts';
import { startEbbtide } from '../cli/ebbtide.ts';

const log = pino({ level: 'silent' });
/** Tells whether a promise has settled, and how. */
const outcomeOf = (promise: Promise<unknown>) => {
  const seen: { error?: Error } = {};
  promise.catch((error: Error) => {
    seen.error = error;
  });
  return seen;
};

test('watchClients fails where a client has lost a cluster that answers others, and where the cluster is away it waits', async (t) => {
  if (!(await requireOrSkip(t, 'java'))) return;
  const broker = await privateKafka(t);
  const cluster = { brokers: broker.proxiedBrokers };

  await t.test(
    'a process whose connections die ends by itself with status 1, and is answered when it starts anew',
    async (t) => {
      const registry = await startRegistryServer(new MemoryRegistry(), { host: '127.0.0.1', port: 0 });
      t.after(() => registry.close());
      const folder = temporaryFolder(t);
      const config = join(folder, 'ebbtide.yaml');
      // Else librdkafka itself opens new connections after a minute
      const kafka = { ...cluster, lostAfterMs: 2_000, settings: { 'socket.timeout.ms': 300_000 } };
      const section = { kafka, schemaRegistry: { url: registry.address }, http: { port: 0 } };
      writeFileSync(config, JSON.stringify(section));
      mkdirSync(join(folder, 'data'));
      const start = async () => {
        const child = startEbbtide(['run', 'notify', '--config', config], { EBBTIDE_DATA: join(folder, 'data') });
        t.after(() => child.kill('SIGKILL'));
        const running = { child, said: '', status: undefined as number | null | undefined };
        child.once('close', (status) => {
          running.status = status;
        });
        for (const stream of [child.stdout, child.stderr])
          stream.setEncoding('utf8').on('data', (text: string) => {
            running.said += text;
          });
        await until('notify to be ready', async () => {
          if (running.status !== undefined) throw new Error(running.said);
          const address = /Health and metrics at (\S+)/.exec(running.said)?.[1];
          return (
            address !== undefined && /notify runs/.test(running.said) && (await fetch(`${address}/health/live`)).ok
          );
        });
        return running;
      };
      const first = await start();
      broker.proxy.freeze();
      await until('the process to end', () => first.status !== undefined, 120_000);
      assert.equal(first.status, 1, first.said);
      assert.match(first.said, /Kafka client failed: Kafka at \S+ answers a new client, and \d+ of this process's \d+/);
      const second = await start();
      second.child.kill('SIGTERM');
      await until('the second process to end', () => second.status !== undefined);
      assert.equal(second.status, 0, second.said);
    },
  );

  await t.test('a client that is answered late is suspected, and not condemned', async () => {
    const kafka = await connectKafka(cluster);
    await kafka.ensureTopics(1);
    // A new client is answered at once
    const watch = watchClients({ brokers: broker.brokers }, 3_000, log);
    const seen = outcomeOf(watch.failed);
    broker.proxy.delay(1_500);
    const silent = async (some: RegExp) => some.test((await watch.health()).detail);
    await until('the client to be without an answer for too long', () => silent(/^[1-9]/));
    await until('the client to be answered where it is given time', () => silent(/^0 /));
    assert.deepEqual([seen.error, watch.lost()], [undefined, undefined]);
    await watch.close();
    broker.proxy.delay(0);
    await kafka.close();
  });

  await t.test('a cluster that is away, and comes back, makes nothing fail', async () => {
    const kafka = await connectKafka(cluster);
    await kafka.ensureTopics(1);
    const watch = watchClients(cluster, 300, log);
    const seen = outcomeOf(watch.failed);
    broker.proxy.cut();
    await until('clients to be without an answer for too long', async () =>
      /^[1-9]/.test((await watch.health()).detail),
    );
    broker.proxy.restore();
    await until('the client to be answered', () =>
      kafka.partitionsOf('control').then(
        () => true,
        () => false,
      ),
    );
    assert.deepEqual([seen.error, watch.lost(), (await watch.health()).ready], [undefined, undefined, true]);
    await watch.close();
    await kafka.close();
  });
});
