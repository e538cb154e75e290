import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import type { z } from 'zod';
import { HostAgent } from '../../../infra/agents/host/agent.ts';
import { hostAgentConfig } from '../../../infra/agents/host/config.ts';
import { describeMachine, type Machine } from '../../../infra/agents/host/source.ts';
import { telemetryTopic } from '../../../infra/agents/host/start.ts';
import type { OutgoingMessage, Producer } from '../../../infra/kafka/types.ts';
import { TopicCodec } from '../../../schemas/codec.ts';
import type { ResourceTelemetry } from '../../../schemas/generated/ResourceTelemetry.ts';
import { MemoryRegistry } from '../../../schemas/registry.ts';
import { topics } from '../../../schemas/topics.ts';
import { until } from '../../services/context.ts';

export { until };

/** This machine, as an agent with its defaults sees it. */
export const thisMachine = (changes: Partial<Machine> = {}): Machine => ({
  ...describeMachine({ procMount: '/proc', cgroupMount: '/sys/fs/cgroup', loopback: false, fileIo: 'storage' }),
  ...changes,
});

/** A Node process that runs a piece of code and answers each line sent to it; it ends with the test, or with its parent. */
export const worker = async (
  t: TestContext,
  code: string,
): Promise<{ pid: number; child: ChildProcess; tell(line: string): Promise<string> }> => {
  const program = `process.stdin.on('end', () => process.exit());
    const rl = require('node:readline').createInterface({ input: process.stdin });
    const say = (text) => console.log(text);
    ${code}
    say('ready');`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  const answers = createInterface({ input: child.stdout! });
  await once(answers, 'line');
  return {
    pid: child.pid!,
    child,
    async tell(line) {
      const answer = once(answers, 'line');
      child.stdin!.write(`${line}\n`);
      return (await answer)[0] as string;
    },
  };
};

/** A broker in memory that can be away, hang, or refuse. */
export class FakeBroker {
  messages: OutgoingMessage[] = [];
  mode: 'up' | 'away' | 'hangs' = 'up';
  attempts = 0;
  /** Producers that were opened, and of these closed again. */
  opened = 0;
  closed = 0;

  producer(): Producer {
    this.opened++;
    return {
      send: async (messages) => {
        this.attempts++;
        if (this.mode === 'away') throw new Error('Broker is away');
        if (this.mode === 'hangs') await new Promise(() => {});
        this.messages.push(...messages);
      },
      close: async () => {
        this.closed++;
      },
    };
  }
}

/** A log that remembers what was said. */
export const rememberingLog = () => {
  const lines: { level: string; fields: Record<string, unknown>; message: string }[] = [];
  const at = (level: string) => (fields: object, message: string) => {
    lines.push({ level, fields: fields as Record<string, unknown>, message });
  };
  return { lines, info: at('info'), warn: at('warn'), error: at('error') } as never as {
    lines: typeof lines;
    info: never;
    warn: never;
    error: never;
  };
};

/** Decoded messages of `telemetry.resource` that a broker in memory holds. */
export const telemetryOf = async (broker: FakeBroker): Promise<ResourceTelemetry[]> => {
  const codec = await TopicCodec.open<ResourceTelemetry>(topics.telemetryResource, new MemoryRegistry());
  return broker.messages.map(({ value }) => codec.decode(value!));
};

/** An agent in this process with quick defaults; it ends with the test. */
export const quickAgent = async (
  t: TestContext,
  broker: FakeBroker,
  config: z.input<typeof hostAgentConfig> = {},
  connect: () => Promise<Producer> = async () => broker.producer(),
) => {
  const log = rememberingLog();
  const spoolFolder = mkdtempSync(join(tmpdir(), 'ebbtide-test-'));
  const agent = new HostAgent({
    ...telemetryTopic(),
    config: hostAgentConfig.parse({
      sampleMs: 50,
      flushMs: 50,
      resolveMs: 100,
      retryMinMs: 10,
      retryMaxMs: 50,
      ...config,
    }),
    spoolFolder,
    log,
    connect,
    schemaId: async () => 1,
  });
  // The agent gives its lock back in a folder that must still be there.
  t.after(async () => {
    await agent.close();
    rmSync(spoolFolder, { recursive: true, force: true });
  });
  await agent.start();
  return { agent, log, socket: agent.socketFile! };
};
