import type { KeyClass, Press } from '../../../models/biometric/keyClasses.ts';
import { typingFeatures } from '../../../models/biometric/keyClasses.ts';
import { cutActions, type PointerEvent } from '../../../models/biometric/mouse/actions.ts';
import { actionFeatures, movementNames } from '../../../models/biometric/mouse/movement.ts';
import { createRandom } from '../../../models/training/random.ts';

type Features = Record<string, number>;

/** What an invented person does, burst by burst, as the browser agent measures it. */
export interface Way {
  typing(): Features;
  scrolling(): Features;
  gesture(): Features;
  attention(): Features;
}

/**
 * An invented person. Holds lie around 0.1 s, distances around 0.2 s and are log-normal, as real ones are; wheels turn in
 * notches; fingers swipe along a bow with a bell of speed. How people differ is made up: none of it says how well real
 * people are told apart.
 *
 * @param seed - of who they are and what they do
 */
export const wayOf = (seed: number): Way => {
  const own = createRandom(seed);
  const about = (value: number, spread: number): number => value * Math.exp(spread * own.normal());
  const classes: readonly KeyClass[] = ['letter', 'letter', 'letter', 'letter', 'space', 'edit', 'other'];
  const holds = new Map(classes.map((of) => [of, about(0.1, 0.25)]));
  const gaps = new Map(classes.map((of) => [of, about(0.2, 0.35)]));
  const [edits, scrollSpeed, step] = [0.02 + 0.1 * own.next(), about(1500, 0.6), own.pick([53, 100, 120])];
  const [swipe, bow, swipeS] = [about(350, 0.4), 20 + 60 * own.next(), about(0.35, 0.4)];
  const [away, turning] = [0.6 * own.next(), 0.3 * own.next()];
  const random = createRandom(seed * 7919 + 13);
  const around = (value: number, spread: number): number => value * Math.exp(spread * random.normal());
  return {
    typing() {
      let time = 0;
      const presses = Array.from({ length: 40 }, (): Press => {
        const of = random.next() < edits ? 'edit' : random.pick(classes.filter((it) => it !== 'edit'));
        time += around(gaps.get(of)!, 0.3);
        return { of, down: time, up: time + around(holds.get(of)!, 0.2) };
      });
      return typingFeatures(presses);
    },
    scrolling() {
      const events = 8 + Math.floor(20 * random.next());
      const speed = around(scrollSpeed, 0.25);
      const duration = (events * step) / speed;
      const turns = Array.from({ length: events - 1 }, () => random.next() < turning).filter(Boolean).length;
      const sd = speed * (0.3 + 0.1 * random.next());
      const shape = { duration, distance: events * step, step, turns, events };
      return { ...shape, 'speed.mean': speed, 'speed.sd': sd };
    },
    gesture() {
      const events: PointerEvent[] = [];
      const [length, lasting, high] = [around(swipe, 0.2), around(swipeS, 0.2), around(bow, 0.3)];
      for (let i = 0; i <= 20; i++) {
        const at = i / 20;
        const along = (1 - Math.cos(Math.PI * at)) / 2;
        const [x, y] = [high * Math.sin(Math.PI * at) + random.next(), 800 - length * along + random.next()];
        events.push({ time: lasting * at, x, y, released: i === 20 });
      }
      const values = actionFeatures(cutActions(events)[0]!);
      return Object.fromEntries(movementNames.map((name, i) => [name, values[i]!]));
    },
    attention() {
      const switches = Math.floor(around(4 * away + 0.5, 0.4));
      return { duration: 60, visible: Math.min(1, Math.max(0, 1 - away * random.next())), switches };
    },
  };
};
