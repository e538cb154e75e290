import { createHash } from 'node:crypto';
import { mouseFeatures } from './mouse/features.ts';
import { movementFaults, phraseFaults, phraseFingerprint } from './plausible.ts';
import { namesOf, phraseSample, type SpecificationName, specifications } from './specifications.ts';
import type { Behaviour } from './verifier.ts';

type Features = Readonly<Record<string, number>>;

const secondsOf = (features: Features): readonly number[] | undefined => {
  const count = Object.keys(features).length;
  if (count < 1 || (count + 2) % 3 !== 0) return undefined;
  return namesOf('phrase', count).map((name) => features[name] ?? Number.NaN);
};

const numbers = (features: Features): readonly string[] =>
  Object.values(features).every(Number.isFinite) ? [] : ['impossible'];

/** How bursts of each specification are looked at before they are compared; see `operators/checkBehaviour.ts`. */
export const behaviourChecks: Readonly<
  Record<SpecificationName, { faults(features: Features): readonly string[]; fingerprint?(features: Features): string }>
> = {
  phrase: {
    faults: (features) => {
      const seconds = secondsOf(features);
      return seconds ? phraseFaults(seconds) : ['impossible'];
    },
    fingerprint: (features) =>
      createHash('sha256')
        .update(phraseFingerprint(secondsOf(features)!))
        .digest('base64url')
        .slice(0, 16),
  },
  movement: { faults: movementFaults },
  typing: { faults: numbers },
  scrolling: { faults: numbers },
  attention: { faults: numbers },
};

/** Bursts that are compared together: single mouse actions tell little. */
export const gatheredBursts: Readonly<Record<string, number>> = { movement: 10 };

const byHash = new Map(Object.entries(specifications).map(([name, { hash }]) => [hash, name as SpecificationName]));

/** The specification of a hash; undefined for one of another version. */
export const specificationOf = (hash: string): SpecificationName | undefined => byHash.get(hash);

/**
 * Bursts as verifiers take them. What no verifier looks at, or is not whole, is left out.
 *
 * @returns samples by modality, oldest first, each in the order and on the scale of its specification
 */
export const behaviourOf = (
  bursts: readonly { readonly specification: string; readonly features: Features }[],
): Behaviour => {
  const found = new Map<string, Float64Array[]>();
  const add = (modality: string, sample: Float64Array) => found.set(modality, [...(found.get(modality) ?? []), sample]);
  for (const { specification, features } of bursts) {
    if (specification === 'phrase' && secondsOf(features)?.every(Number.isFinite))
      add('keystroke', phraseSample(features));
    if (specification === 'movement') {
      const sample = Float64Array.from(mouseFeatures.features, ({ name }) => features[name] ?? Number.NaN);
      if (sample.every(Number.isFinite)) add('mouse', sample);
    }
  }
  return found;
};
