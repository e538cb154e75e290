import { timingsOf } from '../../../models/biometric/keystrokes.ts';
import type { Typing } from '../../../models/biometric/typing.ts';
import { createRandom } from '../../../models/training/random.ts';

/**
 * People who type one phrase each in a way of their own: holds around 0.1 s, distances around 0.2 s, some steadier than
 * others.
 */
export const inventedTyping = (people: number, repetitions: number, keys = 5, seed = 1): Typing => {
  const random = createRandom(seed);
  const timings = timingsOf(keys);
  const typists = Array.from({ length: people }, (_, person) => {
    const noise = 0.08 + 0.1 * random.next();
    const holds = Array.from({ length: keys }, () => 0.1 * Math.exp(0.3 * random.normal()));
    const gaps = Array.from({ length: keys - 1 }, () => 0.2 * Math.exp(0.4 * random.normal()));
    const seconds = new Float64Array(repetitions * timings);
    for (let repetition = 0; repetition < repetitions; repetition++)
      for (let key = 0, at = repetition * timings; key < keys; key++) {
        const hold = holds[key]! * Math.exp(noise * random.normal());
        seconds[at++] = hold;
        if (key === keys - 1) continue;
        const downDown = gaps[key]! * Math.exp(noise * random.normal());
        seconds[at++] = downDown;
        seconds[at++] = downDown - hold;
      }
    return { name: `person-${person}`, seconds, repetitions };
  });
  return { timings, typists };
};
