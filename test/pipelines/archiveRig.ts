import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { type ClickHouseArchive, openArchive } from '../../infra/clickhouse/client.ts';
import { archiveConfig, clickhouseConfig } from '../../infra/clickhouse/config.ts';
import { type ClickHouseServer, startClickHouse } from '../../infra/clickhouse/embedded.ts';
import type { AppContext, Running } from '../../infra/context.ts';
import { startArchive } from '../../infra/jobs/archive.ts';
import { connectKafka } from '../../infra/kafka/connect.ts';
import { startMockCluster } from '../../infra/kafka/mock.ts';
import { createLogger } from '../../infra/log.ts';
import { TopicCodec } from '../../schemas/codec.ts';
import type { Label } from '../../schemas/generated/index.ts';
import { MemoryRegistry } from '../../schemas/registry.ts';
import { topics } from '../../schemas/topics.ts';
import { rowsOf } from '../infra/clickhouse/support.ts';
import { temporaryFolder } from '../services/folder.ts';
import { freePort } from '../services/ports.ts';

process.env.EBBTIDE_LOG ??= 'silent';

/** What a test of the archive works with. */
export interface ArchiveRig extends AppContext {
  readonly archive: ClickHouseArchive;
  /** Start ClickHouse on the archive's port, with the data it had. */
  startClickHouse(): Promise<ClickHouseServer>;
  /** Start the pipeline, stopped after the test. */
  start(config?: object, context?: Partial<ArchiveRig>): Promise<Running>;
}

/**
 * Kafka, and an archive at an address where ClickHouse is not yet.
 *
 * @param brokers - addresses; a mock cluster in this process when absent
 */
export const archiveRig = async (t: TestContext, brokers?: string): Promise<ArchiveRig> => {
  const closing: (() => unknown)[] = [];
  let server: ClickHouseServer | undefined;
  // Hooks run in the order of their registration: pipelines end before ClickHouse, and that before its folder is removed.
  t.after(async () => {
    while (closing.length > 0) await closing.pop()!();
  });
  const folder = temporaryFolder(t, 'ebbtide-archive-');
  const httpPort = await freePort();
  closing.push(() => server?.stop());
  const cluster = brokers === undefined ? await startMockCluster() : undefined;
  closing.push(() => cluster?.close());
  const kafka = await connectKafka({ brokers: brokers ?? cluster!.brokers });
  closing.push(() => kafka.close());
  // A mock cluster makes a topic when it is first asked for.
  if (cluster) await Promise.all(Object.values(topics).map(({ name }) => kafka.partitionsOf(name)));
  else await kafka.ensureTopics(2);
  const url = `http://127.0.0.1:${httpPort}`;
  const archive = openArchive(clickhouseConfig.parse({ url, database: 'pipeline', requestTimeoutMs: 5000 }));
  closing.push(() => archive.close());
  let started = 0;
  const rig: ArchiveRig = {
    ...{ kafka, registry: new MemoryRegistry(), metrics: new Registry(), log: createLogger('test'), archive },
    async startClickHouse() {
      server = await startClickHouse({ folder, httpPort });
      return server;
    },
    async start(config = {}, context = {}) {
      const quick = { flushMs: 20, retryFirstMs: 20, retryMaxMs: 200, drainMs: 5000 };
      const running = await startArchive(
        { ...rig, metrics: started++ === 0 ? rig.metrics : new Registry(), ...context },
        archiveConfig.parse({ ...quick, ...config }),
      );
      closing.push(() => running.close());
      return running;
    },
  };
  return rig;
};

/** {@link archiveRig} with ClickHouse running. */
export const runningRig = async (t: TestContext): Promise<ArchiveRig> => {
  const rig = await archiveRig(t);
  await rig.startClickHouse();
  return rig;
};

/** Write messages, and wait until they are acknowledged. */
export const send = async (
  { kafka }: ArchiveRig,
  messages: readonly { topic: string; key: string; value: Buffer | null; partition?: number }[],
): Promise<void> => {
  const producer = await kafka.producer();
  try {
    await producer.send(messages);
  } finally {
    await producer.close();
  }
};

/** Labels with the numbers `from` to `from + count - 1` as notes. */
export const labels = async ({ registry }: Pick<ArchiveRig, 'registry'>, from: number, count: number) => {
  const codec = await TopicCodec.open<Label>(topics.labels, registry);
  const rest = { decisionId: null, verdict: 'falsePositive', windowStart: null, windowEnd: null, by: 'me' } as const;
  return Array.from({ length: count }, (_, index) => {
    const subject = `cred-${(from + index) % 7}`;
    const value = codec.encode({ subject, note: `${from + index}`, at: 1_790_000_000_000, ...rest });
    return { topic: 'labels', key: subject, value };
  });
};

/** Ask until the answer is as wanted, or give the last one. */
export const until = async <T>(ask: () => Promise<T>, wanted: (answer: T) => boolean, limitMs = 90_000): Promise<T> => {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const answer = await ask().catch((error: unknown) => error as T);
    if (wanted(answer) || performance.now() > deadline) return answer;
    await sleep(50);
  }
};

/** How many rows a table or view has. */
export const countOf = async ({ archive }: ArchiveRig, view: string): Promise<number> => {
  const [row] = await rowsOf<{ rows: number }>(archive, `SELECT count() AS rows FROM ${view}`);
  return row!.rows;
};

/** Numbers of the labels that the archive shows, in order. */
export const notes =
  ({ archive }: ArchiveRig) =>
  async (): Promise<number[]> => {
    const rows = await rowsOf<{ note: string }>(archive, 'SELECT note FROM labels ORDER BY toUInt32(note)');
    return rows.map(({ note }) => Number(note));
  };

/** 0 to `count - 1`. */
export const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
