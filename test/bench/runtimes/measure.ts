import { shippedAnomalyModel } from '../../../models/anomaly/model.ts';
import { forecasterNetwork } from '../../../models/anomaly/network.ts';
import type { Network } from '../../../models/networks/network.ts';
import { chooseRuntime } from '../../../models/runtimes/choose.ts';
import { onnxRuntime, startOnnxOnCuda } from '../../../models/runtimes/onnx.ts';
import type { CompiledStep, Runtime } from '../../../models/runtimes/runtime.ts';
import { createRandom } from '../../../models/training/random.ts';
import { isEbbtideError } from '../../../schemas/errors.ts';
import { kindsOfNetwork } from '../../models/runtimes/networks.ts';
import { type Figures, median, round } from '../report.ts';
import { loadShippedForecaster } from '../scoring/network.ts';
import { trainingFigures } from './training.ts';

/** What is measured: ONNX Runtime on one device and on what it takes by itself; the others, two of which only train. */
export const subjects = ['onnx-cpu', 'onnx-cuda', 'onnx', 'tensorflow', 'webgpu', 'wasm', 'cpu'] as const;

/** See {@link subjects}. */
export type Subject = (typeof subjects)[number];

/** How to measure. */
export interface Measuring {
  /** Time of each figure. */
  readonly seconds: number;
  /** Units of the wide forecaster's LSTM. */
  readonly wide: number;
}

const steps = 32;

const random = createRandom(17);
const floats = (n: number, scale = 1) => Float32Array.from({ length: n }, () => random.normal() * scale);

/** A forecaster of some width, with weights by chance. */
export const wideForecaster = (features: number, inputs: number, hidden: number): Network => {
  const scale = 1 / Math.sqrt(hidden);
  return forecasterNetwork({
    features,
    inputs,
    hidden,
    kernel: floats(inputs * 4 * hidden, scale),
    recurrentKernel: floats(hidden * 4 * hidden, scale),
    bias: floats(4 * hidden, scale),
    headKernel: floats((hidden + inputs) * 2 * features, scale),
    headBias: floats(2 * features, scale),
  });
};

/** Milliseconds of a call, the median after a warm-up. */
const timeOf = async (run: () => Promise<unknown>, seconds: number): Promise<number> => {
  const warm = performance.now();
  for (let i = 0; i < 5 || (i < 50 && performance.now() - warm < 500 * seconds); i++) await run();
  const times: number[] = [];
  const from = performance.now();
  while (times.length < 5 || performance.now() - from < 1000 * seconds) {
    const began = performance.now();
    await run();
    times.push(performance.now() - began);
  }
  return median(times);
};

const furthest = (a: readonly Float32Array[], b: readonly Float32Array[]): number => {
  let far = 0;
  for (const [i, values] of a.entries())
    for (const [k, value] of values.entries()) {
      const distance = Math.abs(value - b[i]![k]!);
      if (!(distance <= far)) far = distance;
    }
  return far;
};

/** Greatest distance from ONNX Runtime on the CPU: of a whole sequence, and after steps with carried state. */
const distances = async (runtime: Runtime, network: Network, batch: number) => {
  const both = [runtime, onnxRuntime];
  const [whole, wholeReference] = (await Promise.all(both.map((it) => it.compileSequence(network, batch, steps)))) as [
    CompiledStep,
    CompiledStep,
  ];
  const x = floats(batch * steps * network.input.size);
  for (const compiled of [whole, wholeReference]) {
    compiled.inputs[0]!.set(x);
    await compiled.run();
  }
  const stateless = furthest(whole.outputs, wholeReference.outputs);
  const stepping = (await Promise.all(both.map((it) => it.compileStep(network, batch)))) as [
    CompiledStep,
    CompiledStep,
  ];
  let carried = 0;
  for (let at = 0; at < steps; at++) {
    const now = floats(batch * network.input.size);
    for (const compiled of stepping) {
      const [input, ...state] = compiled.inputs;
      input!.set(now);
      await compiled.run();
      for (const [i, values] of state.entries()) values.set(compiled.outputs[network.outputs.length + i]!);
    }
    const far = furthest(stepping[0].outputs, stepping[1].outputs);
    if (!(far <= carried)) carried = far;
  }
  for (const compiled of [whole, wholeReference, ...stepping]) await compiled.close();
  return { stateless, carried };
};

const inferenceFigures = async (runtime: Runtime, name: string, network: Network, seconds: number) => {
  const figures: Figures = {};
  for (const batch of [64, 512]) {
    const step = await runtime.compileStep(network, batch);
    const [input, ...state] = step.inputs;
    input!.set(floats(input!.length));
    const stepMs = await timeOf(async () => {
      await step.run();
      for (const [i, values] of state.entries()) values.set(step.outputs[network.outputs.length + i]!);
    }, seconds);
    await step.close();
    const whole = await runtime.compileSequence(network, batch, steps);
    whole.inputs[0]!.set(floats(whole.inputs[0]!.length));
    const wholeMs = await timeOf(() => whole.run(), seconds);
    await whole.close();
    figures[`${name}StepMs${batch}`] = round(stepMs, 4);
    figures[`${name}StepRowsPerS${batch}`] = Math.round((1000 * batch) / stepMs);
    figures[`${name}SequenceMs${batch}`] = round(wholeMs, 3);
    figures[`${name}SequencesPerS${batch}`] = Math.round((1000 * batch) / wholeMs);
  }
  return figures;
};

const runtimeOf = async (subject: Subject): Promise<Runtime | undefined> => {
  // These only train.
  if (subject === 'wasm' || subject === 'cpu') return undefined;
  if (subject === 'onnx-cuda') return startOnnxOnCuda();
  return subject === 'onnx-cpu' ? onnxRuntime : (await chooseRuntime(subject)).runtime;
};

/** Measure one subject in this process. */
export const measure = async (subject: Subject, { seconds, wide }: Measuring) => {
  const figures: Figures = {};
  let runtime: Runtime | undefined;
  try {
    runtime = await runtimeOf(subject);
  } catch (error) {
    if (isEbbtideError(error, 'RUNTIME_MISSING')) return { about: error.message, figures };
    throw error;
  }
  if (subject === 'onnx' && runtime?.provider === 'cpu') return { about: 'is on the CPU too', figures };
  if (runtime) {
    const shipped = await loadShippedForecaster(shippedAnomalyModel());
    const features = 24;
    const broad = wideForecaster(features, shipped.input.size, wide);
    for (const [kind, network] of Object.entries({ ...kindsOfNetwork(), shipped, wide: broad })) {
      const { stateless, carried } = await distances(runtime, network, 64);
      const name = kind.replace(/ (.)/g, (_, letter: string) => letter.toUpperCase());
      figures[`${name}Far`] = Number(stateless.toPrecision(3));
      figures[`${name}CarriedFar`] = Number(carried.toPrecision(3));
    }
    Object.assign(figures, await inferenceFigures(runtime, 'shipped', shipped, seconds));
    Object.assign(figures, await inferenceFigures(runtime, 'wide', broad, seconds));
  }
  if (subject === 'tensorflow' || subject === 'webgpu' || subject === 'wasm' || subject === 'cpu')
    Object.assign(figures, await trainingFigures(subject, { seconds, wide }));
  return {
    about: runtime ? `${runtime.name} ${runtime.version} on ${runtime.provider}` : `TensorFlow.js ${subject}`,
    figures,
  };
};
