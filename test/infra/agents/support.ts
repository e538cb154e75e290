import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeMachine, type Machine } from '../../../infra/agents/host/source.ts';
import type { OutgoingMessage, Producer } from '../../../infra/kafka/types.ts';

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

/** Wait until something holds; the limit is only there so that a failure is told and not a hang. */
export const until = async (what: string, holds: () => boolean | Promise<boolean>, limitMs = 60_000): Promise<void> => {
  const deadline = performance.now() + limitMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`Did not come about within ${limitMs} ms: ${what}`);
    await sleep(10);
  }
};

/** A broker in memory that can be away, hang, or refuse. */
export class FakeBroker {
  messages: OutgoingMessage[] = [];
  mode: 'up' | 'away' | 'hangs' = 'up';
  attempts = 0;

  producer(): Producer {
    return {
      send: async (messages) => {
        this.attempts++;
        if (this.mode === 'away') throw new Error('Broker is away');
        if (this.mode === 'hangs') await new Promise(() => {});
        this.messages.push(...messages);
      },
      close: async () => {},
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
