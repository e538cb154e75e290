import { createHash } from 'node:crypto';
import { isSample } from './baseline.ts';
import { movementFaults, phraseFaults, phraseFingerprint } from './plausible.ts';
import { attentionFaults, scrollFaults, typingFaults } from './plausibleSummaries.ts';
import { type ModalityName, namesOf, phraseSample, type SpecificationName, specifications } from './specifications.ts';
import { attentionSample, movementSample, scrollSample, typingSample } from './summaries.ts';
import type { Behaviour } from './verifier.ts';

type Features = Readonly<Record<string, number>>;

const secondsOf = (features: Features): readonly number[] | undefined => {
  const count = Object.keys(features).length;
  if (count < 1 || (count + 2) % 3 !== 0) return undefined;
  return namesOf('phrase', count).map((name) => features[name] ?? Number.NaN);
};

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
  gesture: { faults: movementFaults },
  typing: { faults: typingFaults },
  scrolling: { faults: scrollFaults },
  attention: { faults: attentionFaults },
};

/** Bursts that are compared together: single movements, stretches of scrolling and minutes of attention tell little. */
export const gatheredBursts: Readonly<Record<string, number>> = {
  movement: 10,
  gesture: 10,
  scrolling: 5,
  attention: 3,
};

const byHash = new Map(Object.entries(specifications).map(([name, { hash }]) => [hash, name as SpecificationName]));

/** The specification of a hash; undefined for one of another version. */
export const specificationOf = (hash: string): SpecificationName | undefined => byHash.get(hash);

/** What a burst is compared as, and the sample that it is. */
const samplers: Readonly<
  Record<SpecificationName, { of: ModalityName; partial?: boolean; sample(features: Features): Float64Array }>
> = {
  phrase: { of: 'keystroke', sample: phraseSample },
  typing: { of: 'typing', partial: true, sample: typingSample },
  movement: { of: 'mouse', sample: movementSample },
  gesture: { of: 'touch', sample: movementSample },
  scrolling: { of: 'scroll', sample: scrollSample },
  attention: { of: 'application', sample: attentionSample },
};

/**
 * Bursts as verifiers take them. What no verifier looks at, or is not whole, is left out.
 *
 * @returns samples by modality, oldest first, each in the order and on the scale of its specification
 */
export const behaviourOf = (
  bursts: readonly { readonly specification: string; readonly features: Features }[],
): Behaviour => {
  const found = new Map<string, Float64Array[]>();
  for (const { specification, features } of bursts) {
    if (!Object.hasOwn(samplers, specification)) continue;
    if (specification === 'phrase' && !secondsOf(features)?.every(Number.isFinite)) continue;
    const { of, partial = false, sample } = samplers[specification as SpecificationName];
    const one = sample(features);
    if (isSample(one, partial)) found.set(of, [...(found.get(of) ?? []), one]);
  }
  return found;
};
