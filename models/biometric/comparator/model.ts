import { EbbtideError } from '../../../schemas/errors.ts';
import { type ModelSource, readModelFile } from '../../manifest.ts';
import { inspectModel } from '../../onnx/inspect.ts';
import { runtimeInForce } from '../../runtimes/choose.ts';
import type { Runtime } from '../../runtimes/runtime.ts';
import { keysOf, keystrokeFeatures } from '../keystrokes.ts';
import { comparatorLogOdds } from '../risk.ts';
import type { Verifier } from '../verifier.ts';
import { fillInputs, inputsOf, type Population, type Typical } from './inputs.ts';
import { type ComparatorManifest, comparatorFiles, populationSchema, readComparatorManifest } from './manifest.ts';
import { type ComparatorWeights, comparatorNetwork, readComparator } from './network.ts';

/** Compares samples with people. */
export interface Comparator {
  /** Numbers of a sample. */
  readonly timings: number;
  /**
   * Log odds that each sample is of another person.
   *
   * @param typical of the person, one for all samples
   * @param samples transformed, each of {@link timings} numbers
   */
  logits(typical: Typical, samples: readonly Float64Array[]): Promise<number[]>;
  close(): Promise<void>;
}

/** Samples compared at once; a run is padded to as many. */
const defaultBatch = 8;

/**
 * Make a comparator of trained weights.
 *
 * @param batch samples compared in one run
 */
export const createComparator = async (
  weights: ComparatorWeights,
  population: Population,
  runtime: Runtime,
  batch = defaultBatch,
): Promise<Comparator> => {
  const timings = population.median.length;
  const size = inputsOf(timings);
  const compiled = await runtime.compileSequence(comparatorNetwork(weights), batch, keysOf(timings));
  // A compiled network has one set of buffers: runs wait for one another.
  let tail: Promise<unknown> = Promise.resolve();
  const run = async (typical: Typical, samples: readonly Float64Array[]): Promise<number[]> => {
    const logits: number[] = [];
    for (let at = 0; at < samples.length; at += batch) {
      const part = samples.slice(at, at + batch);
      const [x] = compiled.inputs as [Float32Array];
      x.fill(0);
      part.forEach((sample, i) => void fillInputs(typical, population, sample, x, i * size));
      await compiled.run();
      for (const logit of compiled.outputs[0]!.subarray(0, part.length)) logits.push(logit);
    }
    return logits;
  };
  return {
    timings,
    async logits(typical, samples) {
      const odd = samples.find(({ length }) => length !== timings);
      if (odd || typical.median.length !== timings)
        throw new EbbtideError(
          'MODEL_INCOMPATIBLE',
          `The comparator was trained on a phrase of ${keysOf(timings)} keys (${timings} timings), got ${odd?.length ?? typical.median.length} timings`,
          { expected: timings, found: odd?.length ?? typical.median.length },
        );
      const result = tail.then(() => run(typical, samples));
      tail = result.catch(() => undefined);
      return result;
    },
    async close() {
      await tail;
      await compiled.close();
    },
  };
};

/** A comparator out of a folder or a registry. */
export interface LoadedComparator extends Comparator {
  readonly manifest: ComparatorManifest;
}

/**
 * Load a comparator; every file is checked against the manifest first.
 *
 * @throws EbbtideError MODEL_DAMAGED when a file is missing, cut short or altered; MODEL_INCOMPATIBLE when it was trained
 * on other features
 */
export const loadComparator = async (place: string | ModelSource, runtime?: Runtime): Promise<LoadedComparator> => {
  const manifest = await readComparatorManifest(place);
  const name = typeof place === 'string' ? place : place.name;
  if (manifest.features.hash !== keystrokeFeatures.hash)
    throw new EbbtideError(
      'MODEL_INCOMPATIBLE',
      `Model ${manifest.version} was trained on features ${manifest.features.name} (${manifest.features.hash.slice(0, 12)}), this program makes ${keystrokeFeatures.name} (${keystrokeFeatures.hash.slice(0, 12)}); train it again`,
      { name, found: manifest.features.hash, expected: keystrokeFeatures.hash },
    );
  const read = (file: string): Promise<Buffer> => readModelFile(place, manifest, file);
  inspectModel(await read(comparatorFiles.sequence));
  const weights = readComparator(await read(comparatorFiles.layers), await read(comparatorFiles.weights));
  const population = populationSchema.safeParse(JSON.parse((await read(comparatorFiles.population)).toString('utf8')));
  if (!population.success || population.data.median.length !== manifest.features.size)
    throw new EbbtideError('MODEL_DAMAGED', `Model ${manifest.version} in ${name} has no sound population`, { name });
  const { median, spread } = population.data;
  const comparator = await createComparator(
    weights,
    { median: Float64Array.from(median), spread: Float64Array.from(spread) },
    runtime ?? (await runtimeInForce()),
  );
  return { ...comparator, manifest };
};

/** By how much log odds fall for a unit of leniency, so that it means about what it does to the statistical verifier. */
const oddsPerLeniency = 15;

/** A comparator as a verifier of keystrokes. */
export const comparatorVerifier = (comparator: Comparator): Verifier => ({
  name: 'keystroke.comparator',
  modality: 'keystroke',
  logOdds: async (template, samples, leniency = 0) =>
    template.features === comparator.timings
      ? comparatorLogOdds(await comparator.logits(template, samples)) - oddsPerLeniency * leniency
      : Number.NaN,
});
