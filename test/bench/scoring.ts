/**
 * Rows a second through the interface of networks, batching and state included, and through the whole anomaly model,
 * which adds baselines, calibration and explanations; both as a ratio to a bare loop over the same ONNX Runtime session.
 * Then what carried state is worth against whole sequences; latency of a call at half the load; and how long the event
 * loop is kept, beside how long it is kept when nothing is done.
 *
 *   npm run bench -- scoring [--json] [--rounds 300] [--subjects 512] [--seconds 5] [--runtime onnx]
 */
import '../../models/runtimes/noTelemetry.ts';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { loadAnomalyModel, shippedAnomalyModel } from '../../models/anomaly/model.ts';
import { exportNetwork } from '../../models/onnx/exporter.ts';
import { CarriedNetwork } from '../../models/runtimes/carried.ts';
import { chooseRuntime, type RuntimeChoice } from '../../models/runtimes/choose.ts';
import { sessionOptions } from '../../models/runtimes/onnx.ts';
import { elementsOf, type StepTensor, stepSignature } from '../../models/runtimes/runtime.ts';
import { createRandom } from '../../models/training/random.ts';
import { type Figures, report, round, say } from './report.ts';
import { loadShippedForecaster } from './scoring/network.ts';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '300' },
    subjects: { type: 'string', default: '512' },
    seconds: { type: 'string', default: '5' },
    runtime: { type: 'string', default: 'onnx' },
  },
});
/** Windows a second. */
interface Rate {
  readonly byClock: number;
  readonly byProcessor: number;
}

const subjects = Number(options.subjects);
const rounds = Number(options.rounds);
const steps = 32;
const windowMs = 10_000;
/** Short turns, many of each: some of them are disturbed by nothing else on the machine. */
const turnMs = 5;
const begin = 1_700_000_000_000;

const { runtime } = await chooseRuntime(options.runtime as RuntimeChoice);
const folder = shippedAnomalyModel();
const network = await loadShippedForecaster(folder);
const model = await loadAnomalyModel(folder, { runtime, windowMs });
const { batch } = model.manifest.parameters;
const { size } = model.spec;
const random = createRandom(3);

/** A bare loop: the same graph, options and buffers, and nothing else. */
const openBare = async () => {
  const session = await InferenceSession.create(exportNetwork(network, 'step'), sessionOptions('cpu'));
  const signature = stepSignature(network, batch);
  const tensors = (of: readonly StepTensor[]) =>
    Object.fromEntries(
      of.map((it) => [
        it.name,
        new Tensor(
          'float32',
          Float32Array.from({ length: elementsOf(it) }, () => random.normal() * 0.3),
          [...it.shape],
        ),
      ]),
    );
  const feeds = tensors(signature.inputs);
  const fetches = tensors(signature.outputs);
  return { run: () => session.run(feeds, fetches), close: () => session.release() };
};

const vectors = Array.from({ length: 8 }, () =>
  Float32Array.from({ length: subjects * size }, () => 5 + random.normal()),
);
const states = new Float32Array(subjects * model.stateSize);
const times = new Float64Array(subjects);
let windows = 0;
const score = async (): Promise<void> => {
  times.fill(begin + windows * windowMs);
  await model.score(vectors[windows++ % vectors.length]!, states, times, subjects);
};

const carriedNetwork = await CarriedNetwork.create(runtime, network, batch);
const networkInputs = Float32Array.from({ length: subjects * network.input.size }, () => random.normal());
const networkStates = new Float32Array(subjects * carriedNetwork.stateSize);
const networkOutputs = carriedNetwork.outputSizes.map((floats) => new Float32Array(subjects * floats));
const stepAll = () => carriedNetwork.step(networkInputs, networkStates, networkOutputs, subjects);

/** Windows a second of one turn, repeated for {@link turnMs}: by the clock, and by processor time, which others cannot take. */
const rate = async (turn: () => Promise<unknown>, perTurn: number): Promise<Rate> => {
  const from = performance.now();
  const cpu = process.cpuUsage();
  let done = 0;
  while (performance.now() - from < turnMs) {
    await turn();
    done += perTurn;
  }
  const used = process.cpuUsage(cpu);
  return {
    byClock: done / ((performance.now() - from) / 1000),
    byProcessor: done / ((used.user + used.system) / 1e6),
  };
};

const compileTurns = async () => {
  const step = await runtime.compileStep(network, batch);
  const [x, ...carried] = step.inputs;
  for (let i = 0; i < x!.length; i++) x![i] = random.normal();
  const next = step.outputs.slice(network.outputs.length);
  const whole = await runtime.compileSequence(network, batch, steps);
  for (let i = 0; i < whole.inputs[0]!.length; i++) whole.inputs[0]![i] = random.normal();
  return {
    carried: async () => {
      await step.run();
      for (const [index, state] of carried.entries()) state.set(next[index]!);
    },
    stateless: () => whole.run(),
    close: async () => {
      await step.close();
      await whole.close();
    },
  };
};

const bare = await openBare();
const turns = await compileTurns();
for (let i = 0; i < 2 * model.manifest.parameters.minHistory; i++) await score();
const measured: Record<'session' | 'network' | 'model' | 'carried' | 'stateless', Rate[]> = {
  session: [],
  network: [],
  model: [],
  carried: [],
  stateless: [],
};
for (let turn = 0; turn < rounds; turn++) {
  measured.session.push(await rate(bare.run, batch));
  measured.network.push(await rate(stepAll, subjects));
  measured.model.push(await rate(score, subjects));
  measured.carried.push(await rate(turns.carried, batch));
  measured.stateless.push(await rate(turns.stateless, batch));
}
await bare.close();
await carriedNetwork.close();
await turns.close();
/** The rate that a tenth of the turns exceed: what the machine gives when it is left alone. */
const rateOf = (turns: readonly Rate[], by: keyof Rate = 'byClock'): number => {
  const sorted = turns.map((it) => it[by]).sort((x, y) => x - y);
  return sorted[Math.floor(0.9 * (sorted.length - 1))]!;
};
const ratio = (over: readonly Rate[], under: readonly Rate[], by: keyof Rate) => rateOf(over, by) / rateOf(under, by);
const seconds = Number(options.seconds);
let sustained = 0;
const until = performance.now() + seconds * 1000;
while (performance.now() < until) {
  await score();
  sustained += subjects / seconds;
}
say(`${Math.round(sustained).toLocaleString('en')} windows/s sustained; now ${seconds} s idle, then at half of that`);

/** The longest that the event loop was kept, ms, while something went on. */
const watchLoop = async (work: () => Promise<void>): Promise<number> => {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await work();
  delay.disable();
  return delay.max / 1e6;
};
const idle = await watchLoop(async () => void (await sleep(seconds * 1000)));

// Calls arrive on a schedule, whether or not the one before is done; one that must wait for it counts from when it was due.
const everyMs = (2 * subjects * 1000) / sustained;
const latencies: number[] = [];
/** Of the same calls, what they themselves took of a processor. */
const used: number[] = [];
const busy = await watchLoop(async () => {
  const from = performance.now();
  for (let call = 0; call < (seconds * 1000) / everyMs; call++) {
    let began = from + call * everyMs;
    if (began > performance.now()) {
      await sleep(began - performance.now());
      began = performance.now();
    }
    const cpu = process.cpuUsage();
    await score();
    latencies.push(performance.now() - began);
    const { user, system } = process.cpuUsage(cpu);
    used.push((user + system) / 1000);
  }
});
const quantile = (of: readonly number[], q: number): number => {
  const sorted = [...of].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!;
};

const figures: Figures = {
  ratioToSession: round(ratio(measured.network, measured.session, 'byClock')),
  ratioToSessionByProcessor: round(ratio(measured.network, measured.session, 'byProcessor')),
  modelToSession: round(ratio(measured.model, measured.session, 'byClock')),
  modelToSessionByProcessor: round(ratio(measured.model, measured.session, 'byProcessor')),
  carriedToStateless: round(ratio(measured.carried, measured.stateless, 'byClock'), 1),
  carriedToStatelessByProcessor: round(ratio(measured.carried, measured.stateless, 'byProcessor'), 1),
  batchP50Ms: round(quantile(latencies, 0.5)),
  batchP99Ms: round(quantile(latencies, 0.99)),
  batchP99ProcessorMs: round(quantile(used, 0.99)),
  eventLoopMaxMs: round(busy, 1),
  idleEventLoopMaxMs: round(idle, 1),
  windowsPerS: Math.round(rateOf(measured.model)),
  sustainedPerS: Math.round(sustained),
  networkRowsPerS: Math.round(rateOf(measured.network)),
  sessionRowsPerS: Math.round(rateOf(measured.session)),
  carriedPerS: Math.round(rateOf(measured.carried)),
  statelessPerS: Math.round(rateOf(measured.stateless)),
};
await model.close();
report('scoring', figures, options.json, {
  runtime: `${runtime.name} ${runtime.version} on ${runtime.provider}`,
  batch,
  subjects,
});
process.exit(0);
