/**
 * Every runtime for models that starts here, each in a process of its own: how far its answers are from those of ONNX
 * Runtime on the CPU, for every kind of network; time of a step with carried state and of a whole sequence, of the
 * forecaster that is shipped and of a wide one; and time of a step of training on every backend that can train.
 *
 *   npm run bench -- runtimes [--json] [--only onnx-cpu,onnx-cuda,onnx,tensorflow,webgpu,wasm,cpu]
 *     [--seconds 1] [--wide 256]
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Figures, report, say } from './report.ts';
import { measure, type Subject, subjects } from './runtimes/measure.ts';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    only: { type: 'string', default: subjects.join() },
    seconds: { type: 'string', default: '1' },
    wide: { type: 'string', default: '256' },
    /** Measure this one in this process, and print it as a line of JSON. */
    child: { type: 'string' },
  },
});

/** Outcome of one process. */
interface Outcome {
  readonly about: string;
  readonly figures: Figures;
}

if (options.child) {
  const outcome: Outcome = await measure(options.child as Subject, {
    seconds: Number(options.seconds),
    wide: Number(options.wide),
  });
  // Native libraries write to standard output too: the last line counts.
  process.stdout.write(`\n${JSON.stringify(outcome)}\n`);
  process.exit(0);
}

const figures: Figures = {};
const runtimes: Record<string, string> = {};
for (const subject of options.only.split(',') as Subject[]) {
  const args = [...process.execArgv, fileURLToPath(import.meta.url), '--child', subject];
  const { status, signal, stdout } = spawnSync(
    process.execPath,
    [...args, '--seconds', options.seconds, '--wide', options.wide],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const line = stdout.trim().split('\n').at(-1) ?? '';
  if (status !== 0 || !line.startsWith('{')) {
    runtimes[subject] = `ended with ${signal ?? status}`;
    say(`${subject}: ${runtimes[subject]}`);
    continue;
  }
  const outcome = JSON.parse(line) as Outcome;
  runtimes[subject] = outcome.about;
  say(`${subject}: ${outcome.about}`);
  for (const [name, value] of Object.entries(outcome.figures)) figures[`${subject}.${name}`] = value;
}
report('runtimes', figures, options.json, { runtimes });
