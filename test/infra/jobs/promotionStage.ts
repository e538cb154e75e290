import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Registry } from 'prom-client';
import type { AppContext, Running } from '../../../infra/context.ts';
import { startRegistryServer } from '../../../infra/http/registry-server.ts';
import type { ClusterOptions } from '../../../infra/kafka/client.ts';
import { connectKafka } from '../../../infra/kafka/connect.ts';
import type { Kafka } from '../../../infra/kafka/types.ts';
import { createLogger } from '../../../infra/log.ts';
import { pointerRecord } from '../../../models/registry/pointerRecord.ts';
import type { ModelKind } from '../../../models/registry/record.ts';
import type { ModelRegistry } from '../../../models/registry/registry.ts';
import { TopicCodec } from '../../../schemas/codec.ts';
import type { Control } from '../../../schemas/generated/index.ts';
import { MemoryRegistry } from '../../../schemas/registry.ts';
import { topics } from '../../../schemas/topics.ts';
import { privateKafka } from '../../services/kafka.ts';
import { ebbtide } from '../cli/ebbtide.ts';

/** Where models of one kind are published, and what a pipeline and the command line share to promote them. */
export interface PromotionStage {
  readonly context: AppContext;
  readonly kafka: Kafka & { readonly cluster: ClusterOptions };
  /** `ebbtide models …` of this kind. */
  cli(command: string, ...args: string[]): ReturnType<typeof ebbtide>;
  /** Write a pointer to a version past the registry's checks, as nobody may. */
  forge(version: string): Promise<void>;
  /** Keep a job that can be restarted, and is closed with the test. */
  keep(start: (context: AppContext) => Promise<Running>): Promise<KeptJob>;
}

export interface KeptJob {
  health(): Promise<string>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * A broker of the test's own, a schema registry, and a configuration that names both and the registry of models.
 *
 * @param place.store - folder of the registry `models`
 * @param place.configuration - further lines of `ebbtide.yaml`
 */
export const promotionStage = async (
  t: TestContext,
  kind: ModelKind,
  models: ModelRegistry,
  place: { readonly folder: string; readonly store: string; readonly configuration?: string },
): Promise<PromotionStage> => {
  process.env.EBBTIDE_LOG ??= 'fatal';
  const { brokers } = await privateKafka(t);
  const registry = new MemoryRegistry();
  const server = await startRegistryServer(registry, { host: '127.0.0.1', port: 0 });
  t.after(() => server.close());
  const kafka = await connectKafka({ brokers });
  t.after(() => kafka.close());
  await kafka.ensureTopics(2);
  const file = join(place.folder, 'ebbtide.yaml');
  writeFileSync(
    file,
    `kafka:\n  brokers: ${brokers}\nschemaRegistry:\n  url: ${server.address}\nmodels:\n  registry: ${place.store}\n${place.configuration ?? ''}`,
  );
  const context: AppContext = { kafka, registry, metrics: new Registry(), log: createLogger(kind) };
  return {
    context,
    kafka,
    cli: (command, ...args) => ebbtide(['models', command, ...args, '--kind', kind, '--config', file]),
    async forge(version) {
      const { digest } = await models.record(kind, version);
      const last = (await models.pointers(kind)).at(-1)!;
      const forged = { ...last, sequence: last.sequence + 1, champion: { version, digest }, base: last.sequence };
      await models.point(forged);
      const order = pointerRecord(forged);
      const value = (await TopicCodec.open<Control>(topics.control, registry)).encode(order);
      const producer = await kafka.producer();
      await producer.send([{ topic: topics.control.name, partition: 0, key: order.key, value }]);
      await producer.close();
    },
    async keep(start) {
      const begin = () => start({ ...context, metrics: new Registry() });
      let job: Running | undefined = await begin();
      const stop = async () => {
        const running = job;
        job = undefined;
        await running?.close();
      };
      t.after(stop);
      return {
        health: async () => (await job!.health()).detail,
        async restart() {
          await stop();
          job = await begin();
        },
        stop,
      };
    },
  };
};
