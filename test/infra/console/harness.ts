import { Registry } from 'prom-client';
import { Subject } from 'rxjs';
import { consoleConfig } from '../../../infra/console/config.ts';
import type { ConsolePorts, DemoPort } from '../../../infra/console/ports.ts';
import { type RunningConsole, startConsole } from '../../../infra/console/server.ts';
import type { DemoEvent } from '../../../infra/console/view/protocol.ts';
import type { AppContext, Running } from '../../../infra/context.ts';
import { createLogger } from '../../../infra/log.ts';
import { MemoryRegistry } from '../../../schemas/registry.ts';
import { Feed } from './feed.ts';
import { MemoryKafka } from './memory-kafka.ts';

/** A part that only says how it is. */
export const part = (name: string, ready = true, detail = 'Running'): Running => ({
  name,
  health: async () => ({ ready, detail }),
  failed: new Promise<never>(() => {}),
  close: async () => {},
});

/** A console with a made-up fleet, and everything a test looks at. */
export interface Harness {
  readonly kafka: MemoryKafka;
  readonly context: AppContext;
  readonly feed: Feed;
  readonly console: RunningConsole;
  readonly demoEvents: Subject<DemoEvent>;
  readonly parts: Running[];
  /** The cookie of one browser that was let in. */
  enter(): Promise<string>;
  close(): Promise<void>;
}

/** Start a console on a free port over topics in memory. */
export const startHarness = async (
  config: Record<string, unknown> = {},
  ports: Partial<ConsolePorts> = {},
  withDemo = true,
  now: () => number = Date.now,
): Promise<Harness> => {
  const kafka = new MemoryKafka();
  const context: AppContext = {
    kafka,
    registry: new MemoryRegistry(),
    metrics: new Registry(),
    log: createLogger('console'),
  };
  const feed = await Feed.open(context.registry, (topic, key, value, timestamp) =>
    kafka.publish(topic, key, value, timestamp),
  );
  const demoEvents = new Subject<DemoEvent>();
  const parts = [part('lifecycle'), part('actuate'), part('archive'), part('token service'), part('agent')];
  const find = (credentialId: string) =>
    feed.functions.find(({ credential }) => credential.credentialId === credentialId)!;
  const tell = (credentialId: string, kind: string, text: string) =>
    demoEvents.next({ credentialId, kind, text, at: Date.now() });
  const demo: DemoPort = {
    events: demoEvents,
    misbehave: async (credentialId) => {
      find(credentialId).misbehaving = true;
      tell(credentialId, 'misbehaving', 'Taken over by a recorded anomaly');
    },
    behave: async (credentialId) => {
      find(credentialId).misbehaving = false;
      tell(credentialId, 'behaving', 'Behaves again');
    },
  };
  const section = consoleConfig.parse({ port: 0, from: 'beginning', ...config });
  const running = await startConsole(
    context,
    section,
    { parts: () => parts, ...(withDemo && { demo }), ...ports },
    now,
  );
  return {
    kafka,
    context,
    feed,
    console: running,
    demoEvents,
    parts,
    enter: async () => {
      const answer = await fetch(running.link, { redirect: 'manual' });
      return answer.headers.get('set-cookie')!.split(';')[0]!;
    },
    close: () => running.close(),
  };
};
