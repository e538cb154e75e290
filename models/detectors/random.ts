import { createRandom } from '../training/random.ts';
import type { Detector } from './detector.ts';

/** Scores by chance: what a measure gives to a detector that looks at nothing. */
export const random: Detector = {
  summary: 'chance',
  begin: ({ name }) => {
    const seed = [...name].reduce((hash, letter) => (Math.imul(hash, 31) + letter.charCodeAt(0)) | 0, 7);
    const chance = createRandom(seed);
    return { score: () => chance.next() };
  },
};
