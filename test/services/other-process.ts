import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** A server whose parent is another process than the test's, so that this parent can be killed. */
export const serverOfOtherProcess = async (
  t: TestContext,
  kind: 'openbao' | 'clickhouse',
  folder: string,
): Promise<{ parent: ChildProcess; pid: number; url: string }> => {
  const script = fileURLToPath(new URL(`parent${extname(import.meta.url)}`, import.meta.url));
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
  const stdio = ['ignore', 'pipe', 'inherit'] as const;
  const parent = spawn(process.execPath, [...process.execArgv, script, kind, folder], { stdio: [...stdio], env });
  t.after(() => parent.kill('SIGKILL'));
  const [line] = await once(createInterface({ input: parent.stdout! }), 'line');
  return { parent, ...(JSON.parse(line as string) as { pid: number; url: string }) };
};

/** Wait until a process has ended and its guard has taken note, so that its port is free. */
export const untilGone = async (pid: number, timeoutMs = 20_000): Promise<void> => {
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await sleep(20);
  }
  throw new Error(`Process ${pid} still runs after ${timeoutMs} ms`);
};
