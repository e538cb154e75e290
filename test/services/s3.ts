import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../infra/setup/guarded.ts';
import { loadSetup } from '../../infra/setup/load.ts';

/** An S3-compatible server of one test, empty, with any credentials. */
export interface S3Server {
  readonly endpoint: string;
  /** End it; what asks then finds nobody. */
  stop(): Promise<void>;
}

/**
 * A server that speaks S3's protocol: Moto (`pip install 'moto[server]'`), from `$EBBTIDE_MOTO_SERVER` or the path.
 *
 * @returns undefined, with the test skipped, where there is none
 */
export const s3Server = async (t: TestContext): Promise<S3Server | undefined> => {
  const { onPath } = await loadSetup<{ onPath(name: string): string | undefined }>('exec.mjs');
  const command = process.env.EBBTIDE_MOTO_SERVER ?? onPath('moto_server');
  if (!command) {
    t.skip("Skipped without an S3-compatible server: moto_server is not on the path (pip install 'moto[server]')");
    return undefined;
  }
  const port = await freePort();
  const child = spawn(command, ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
  const exited = once(child, 'exit').catch(() => {});
  const stop = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  t.after(stop);
  const endpoint = `http://127.0.0.1:${port}`;
  for (let i = 0; i < 300; i++) {
    if (child.exitCode !== null) break;
    if (await fetch(endpoint).catch(() => undefined)) return { endpoint, stop };
    await sleep(100);
  }
  await stop();
  t.skip(`Skipped without an S3-compatible server: ${command} does not answer`);
  return undefined;
};
