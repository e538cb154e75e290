import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { modelFiles } from '../../../models/anomaly/model.ts';
import { trainAnomaly } from '../../../models/anomaly/train.ts';
import { readCheckpoint } from '../../../models/training/checkpoint.ts';
import { isEbbtideError } from '../../../schemas/errors.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { resumable } from './resumable.ts';

const sibling = (name: string): string =>
  fileURLToPath(new URL(`${name}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url));

test('a training that was killed goes on, and gives the same bytes as one that was not', async (t) => {
  const folder = temporaryFolder(t, 'ebbtide-resume-');
  const [whole, resumed, file] = ['whole', 'resumed', 'resumed.checkpoint'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  await trainAnomaly({ ...resumable, out: whole });

  const child = fork(sibling('resume-process'), [resumed, file], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  child.on('message', (step: number) => {
    // In the second of three epochs
    if (step >= 11) child.kill('SIGKILL');
  });
  const [, signal] = await once(child, 'exit');
  assert.equal(signal, 'SIGKILL');
  const kept = readCheckpoint(file)!;
  assert.ok(kept.epoch === 1 && kept.done > 0, 'it must have been killed within an epoch');
  assert.ok(!existsSync(resumed));

  const steps: number[] = [];
  await trainAnomaly({ ...resumable, out: resumed, checkpoint: { file, resume: true } }, ({ step }) =>
    steps.push(step),
  );
  assert.ok(steps[0]! > 8, 'it must not begin anew');
  for (const name of [...Object.values(modelFiles), 'manifest.json'])
    assert.ok(readFileSync(join(resumed, name)).equals(readFileSync(join(whole, name))), `${name} differs`);
  assert.ok(!existsSync(file), 'a checkpoint that is done with goes');
});

test('a checkpoint of other data or options, or a damaged one, is refused with what to do', async (t) => {
  const folder = temporaryFolder(t, 'ebbtide-resume-');
  const [out, file] = [join(folder, 'model'), join(folder, 'model.checkpoint')];
  const abort = new AbortController();
  const begun = trainAnomaly({ ...resumable, out, signal: abort.signal, checkpoint: { file } }, ({ step }) => {
    if (step > 3) abort.abort();
  });
  await assert.rejects(begun, (error) => isEbbtideError(error, 'CANCELLED'));
  const resume = (seed: number) => trainAnomaly({ ...resumable, seed, out, checkpoint: { file, resume: true } });
  await assert.rejects(
    resume(9),
    (error) => isEbbtideError(error, 'REQUEST_INVALID') && /another training/.test(error.message),
  );
  const bytes = readFileSync(file);
  writeFileSync(file, bytes.subarray(0, bytes.length - 10));
  await assert.rejects(resume(4), (error) => isEbbtideError(error, 'STATE_CORRUPT') && /delete it/.test(error.message));
  bytes[bytes.length - 10]! ^= 1;
  writeFileSync(file, bytes);
  await assert.rejects(resume(4), (error) => isEbbtideError(error, 'STATE_CORRUPT'));
});
