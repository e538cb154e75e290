import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadSetup } from '../../../infra/setup/load.ts';

interface Answer {
  readonly ok: boolean;
  readonly code: number | null;
  readonly timedOut: boolean;
  readonly output: string;
}
interface ExecModule {
  tryRun(command: string, args: string[], options?: object): Promise<Answer>;
  run(command: string, args: string[], options?: object): Promise<Answer>;
  onPath(name: string): string | undefined;
}
const { tryRun, run, onPath } = await loadSetup<ExecModule>('exec.mjs');

test('tryRun answers for a command that is missing instead of throwing', async () => {
  const answer = await tryRun('no-such-command-here', []);
  assert.equal(answer.ok, false);
  assert.match(answer.output, /ENOENT/);
});

test('tryRun ends a command with all its children when the time is over', async () => {
  const answer = await tryRun('sh', ['-c', 'sleep 600 & echo $!; wait'], { timeoutMs: 300 });
  assert.equal(answer.timedOut, true);
  assert.equal(answer.ok, false);
  const grandchild = Number.parseInt(answer.output, 10);
  const alive = await tryRun('sh', [
    '-c',
    `kill -0 ${grandchild} 2>/dev/null && ! grep -q '^State:.Z' /proc/${grandchild}/status`,
  ]);
  assert.equal(alive.ok, false);
});

test('run fails with the purpose, the command and its last words', async () => {
  await assert.rejects(run('sh', ['-c', 'echo why it failed >&2; exit 3'], { purpose: 'Something was needed' }), {
    name: 'SetupError',
    message: /^Something was needed: "sh -c .*" ended with code 3\n\s+why it failed/s,
  });
});

test('onPath finds what is there and nothing else', () => {
  assert.match(onPath('sh') ?? '', /\/sh$/);
  assert.equal(onPath('no-such-command-here'), undefined);
});
