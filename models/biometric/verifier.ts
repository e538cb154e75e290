import type { Opinion } from './join.ts';
import type { Template } from './template.ts';

/** What somebody did in one session, by modality: each a list of samples of the same size, transformed. */
export type Behaviour = ReadonlyMap<string, readonly Float64Array[]>;

/** Tells whether samples are of the person of a template. */
export interface Verifier {
  /** Name in weights and reports, such as `keystroke.statistical`. */
  readonly name: string;
  /** What it looks at. */
  readonly modality: string;
  /** Whether samples of its modality may lack features: NaN stands for what did not occur. @default false */
  readonly partial?: boolean;
  /** Whether its log odds were fitted on nobody: alone it earns no longer life than somebody unknown gets. @default false */
  readonly uncalibrated?: boolean;
  /** Samples of a person kept at most: the last ones. @default 200 */
  readonly kept?: number;
  /** How fine their numbers are kept: steps to one, a power of two. @default 4096 */
  readonly steps?: number;
  /**
   * Log odds that the samples of one session are an impostor's.
   *
   * @param samples at least one, of the template's size
   * @param leniency how much farther a sample may lie, in ln distance; for the anchor of a baseline
   */
  logOdds(template: Template, samples: readonly Float64Array[], leniency?: number): Promise<number> | number;
}

/** Ask every verifier that has something to look at. */
export const opinionsOf = async (
  verifiers: readonly Verifier[],
  templates: ReadonlyMap<string, Template>,
  behaviour: Behaviour,
  leniency = 0,
): Promise<Opinion[]> => {
  const opinions: Opinion[] = [];
  for (const verifier of verifiers) {
    const template = templates.get(verifier.modality);
    const samples = behaviour.get(verifier.modality);
    if (!template || !samples || samples.length === 0) continue;
    opinions.push({ verifier: verifier.name, logOdds: await verifier.logOdds(template, samples, leniency) });
  }
  return opinions;
};
