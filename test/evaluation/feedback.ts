import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createProgress } from '../../infra/cli/progress.ts';
import { table } from '../../infra/cli/terminal.ts';
import { folderRegistry } from '../../infra/jobs/retrain/folder.ts';
import { type AnomalyModel, loadAnomalyModel, shippedAnomalyModel } from '../../models/anomaly/model.ts';
import { thresholds } from '../../models/anomaly/trainingSet.ts';
import type { Recording } from '../../models/data/index.ts';
import { readSmd, smdSeenMachines, smdUnseenMachines } from '../../models/data/sources.ts';
import { resourceMetrics } from '../../models/features/resource.ts';
import { reportLines } from '../../models/feedback/report.ts';
import type { TelemetrySource } from '../../models/training/telemetry/source.ts';
import { windowVectors } from '../../models/training/windows.ts';
import { retrain } from '../../pipelines/retrain.ts';
import type { Label } from '../../schemas/generated/Label.ts';
import { sharedData } from '../services/require.ts';

/**
 * What labels are worth, on real data: `npx tsx test/evaluation/feedback.ts [--data FOLDER] [--transfer] [--json]`.
 *
 * The test part of each SMD machine falls into two halves. An analyst sees every alarm of the shipped model in the first
 * half and judges it by the data set's labels; `retrain` makes a challenger of these, from the first half alone. Champion
 * and challenger are then compared on the second half, which neither has seen. With `--transfer` each machine is judged
 * by a challenger that was made of the other machines' labels only.
 */
const { values: options } = parseArgs({
  options: {
    data: { type: 'string', default: sharedData() },
    epochs: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
    subjects: { type: 'string', default: '400' },
    transfer: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

const firstMs = 1_700_000_000_000;
const rowMs = 60_000;
const rowsPerWindow = 5;
const windowMs = rowMs * rowsPerWindow;
const machines: readonly string[] = [...smdSeenMachines, ...smdUnseenMachines].toSorted();

const progress = createProgress('Feedback');

/** Telemetry of the first halves, as a source would give it; subjects in the order of their names. */
const sourceOf = (recordings: ReadonlyMap<string, Recording>): TelemetrySource => {
  const halfOf = ({ rows }: Recording): number => Math.floor(rows / 2 / rowsPerWindow) * rowsPerWindow;
  return {
    lineage: { kind: 'file', set: 'SMD test parts, first halves', machines: [...recordings.keys()] },
    extents: async (_, visit) => {
      for (const [name, recording] of recordings)
        visit(name, firstMs, firstMs + (halfOf(recording) - 1) * rowMs, halfOf(recording));
    },
    samples: async (wanted, visit) => {
      const values = new Float64Array(resourceMetrics.length);
      for (const [name, range] of wanted) {
        const recording = recordings.get(name);
        if (!recording) continue;
        for (let row = 0; row < halfOf(recording); row++) {
          const time = firstMs + row * rowMs;
          if (time < range.fromMs || time >= range.toMs) continue;
          resourceMetrics.forEach((metric, i) => {
            values[i] = recording.metrics[metric][row]!;
          });
          visit(name, time, values);
        }
      }
    },
  };
};

interface Scored {
  readonly scores: Float64Array;
  readonly labelled: Uint8Array;
}

/** Scores of the whole test part of a machine, window by window, from a cold start. */
const scoreAll = async (model: AnomalyModel, recording: Recording): Promise<Scored> => {
  const windows = Math.floor(recording.rows / rowsPerWindow);
  const { size } = model.spec;
  const columns = resourceMetrics.map((metric) => recording.metrics[metric]);
  const vectors = windowVectors(model.spec, columns, 0, windows, rowsPerWindow);
  const state = new Float32Array(model.stateSize);
  const scores = new Float64Array(windows);
  const labelled = new Uint8Array(windows);
  for (let window = 0; window < windows; window++) {
    const end = Float64Array.of(firstMs + (window + 1) * windowMs);
    const { score } = await model.score(vectors.subarray(window * size, (window + 1) * size), state, end, 1);
    scores[window] = score[0]!;
    const rows = recording.labels.subarray(window * rowsPerWindow, (window + 1) * rowsPerWindow);
    labelled[window] = rows.includes(1) ? 1 : 0;
  }
  return { scores, labelled };
};

/** Stretches of windows in which something holds. */
const stretches = (from: number, to: number, holds: (window: number) => boolean): [number, number][] => {
  const found: [number, number][] = [];
  for (let window = from; window < to; window++) {
    if (!holds(window)) continue;
    const last = found.at(-1);
    if (last && last[1] === window) last[1]++;
    else found.push([window, window + 1]);
  }
  return found;
};

/** An analyst's judgements of every alarm in the first half. */
const labelsOf = (subject: string, { scores, labelled }: Scored): Label[] =>
  stretches(0, Math.floor(scores.length / 2), (window) => scores[window]! > thresholds.moderate).map(([from, to]) => ({
    subject,
    decisionId: null,
    verdict: labelled.subarray(from, to).includes(1) ? 'maliciousActivity' : 'falsePositive',
    windowStart: firstMs + from * windowMs,
    windowEnd: firstMs + to * windowMs,
    note: '',
    by: 'analyst',
    at: firstMs + to * windowMs,
  }));

interface Outcome {
  benignWindows: number;
  falseWindows: number;
  falseEpisodes: number;
  attacks: number;
  detected: number;
}

/** How the second half goes at a threshold; an episode of false alarms touches no labelled window. */
const add = (sum: Outcome, { scores, labelled }: Scored, threshold: number): void => {
  const [half, end] = [Math.floor(scores.length / 2), scores.length];
  for (let window = half; window < end; window++) {
    if (labelled[window]) continue;
    sum.benignWindows++;
    if (scores[window]! > threshold) sum.falseWindows++;
  }
  sum.falseEpisodes += stretches(half, end, (window) => scores[window]! > threshold).filter(
    ([from, to]) => !labelled.subarray(from, to).includes(1),
  ).length;
  for (const [from, to] of stretches(half, end, (window) => labelled[window] === 1)) {
    sum.attacks++;
    if (scores.subarray(from, to).some((score) => score > threshold)) sum.detected++;
  }
};

const main = async (): Promise<void> => {
  if (!existsSync(join(options.data, 'smd'))) {
    process.stderr.write(`Skipped: there is no data set SMD in ${options.data}; name its folder with --data\n`);
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'ebbtide-feedback-'));
  try {
    const recordings = new Map(machines.map((machine) => [machine, readSmd(options.data, machine, 'test')]));
    const champion = await loadAnomalyModel(shippedAnomalyModel());
    const before = new Map<string, Scored>();
    for (const [machine, recording] of recordings) before.set(machine, await scoreAll(champion, recording));
    const labels = machines.map((machine) => labelsOf(machine, before.get(machine)!));
    const folds = options.transfer ? machines.map((machine) => [machine]) : [machines];
    const after = new Map<string, Scored>();
    const outcomes: string[] = [];
    for (const [index, judged] of folds.entries()) {
      progress.update(index, folds.length, options.transfer ? `without ${judged.join()}` : 'retrains');
      const among = new Map([...recordings].filter(([machine]) => !options.transfer || !judged.includes(machine)));
      const out = join(folder, `challenger-${index}`);
      const report = await retrain({
        labels: {
          labels: async () => labels.flat().filter(({ subject }) => among.has(subject)),
          decisions: async () => [],
        },
        telemetry: sourceOf(among),
        registry: folderRegistry(join(folder, 'versions'), shippedAnomalyModel),
        range: { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER / 2 },
        ...{ windowMs, out, now: firstMs, seed: Number(options.seed), epochs: Number(options.epochs) },
        calibrationSubjects: Number(options.subjects),
      });
      outcomes.push(report.outcome);
      rmSync(join(folder, 'versions'), { recursive: true, force: true });
      if (!options.json) for (const line of reportLines(report)) process.stderr.write(`${line}\n`);
      const challenger = await loadAnomalyModel(out);
      for (const machine of judged) after.set(machine, await scoreAll(challenger, recordings.get(machine)!));
      await challenger.close();
    }
    await champion.close();
    progress.stop();
    const figures: Record<string, number> = {};
    const rows: (string | number)[][] = [];
    for (const threshold of [thresholds.moderate, thresholds.high])
      for (const [name, scored] of Object.entries({ champion: before, challenger: after })) {
        const sum: Outcome = { benignWindows: 0, falseWindows: 0, falseEpisodes: 0, attacks: 0, detected: 0 };
        for (const machine of machines) add(sum, scored.get(machine)!, threshold);
        rows.push([name, threshold, sum.falseWindows, sum.benignWindows, sum.falseEpisodes, sum.detected, sum.attacks]);
        for (const [key, value] of Object.entries(sum)) figures[`${name}.${threshold}.${key}`] = value;
      }
    const given = labels.flat();
    const malicious = given.filter(({ verdict }) => verdict === 'maliciousActivity').length;
    Object.assign(figures, {
      labels: given.length,
      malicious,
      promoted: outcomes.filter((it) => it === 'promoted').length,
    });
    if (options.json) {
      const environment = { node: process.version, version: champion.version, ...options };
      process.stdout.write(`${JSON.stringify({ name: 'feedback', figures, environment })}\n`);
      return;
    }
    process.stdout.write(
      `${given.length} labels of the first half, ${malicious} malicious; on the second half:\n${table(
        ['model', 'alarm above', 'false windows', 'benign windows', 'false episodes', 'attacks detected', 'attacks'],
        rows,
      ).join('\n')}\n`,
    );
  } finally {
    progress.stop();
    rmSync(folder, { recursive: true, force: true });
  }
};

await main();
