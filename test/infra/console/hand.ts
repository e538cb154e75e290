import type { CDPSession, Page } from 'playwright-core';
import { noise } from '../services/keyhost/rig.ts';

const codeOf = (key: string): string => (key === ' ' ? 'Space' : `Key${key.toUpperCase()}`);

/** Somebody's hands at a browser. */
export interface Hand {
  /**
   * Type as a keyboard does.
   *
   * @param features - when keys go down and up, seconds, as the browser agent names them: `hold.0, downDown.1, …`
   */
  type(text: string, features: Readonly<Record<string, number>>): Promise<void>;
  /** Move the mouse to and fro between two places, in actions that a click ends each. */
  move(actions: number): Promise<void>;
  /** Turn the wheel over a place, in stretches with rests between them. */
  scroll(at: { readonly x: number; readonly y: number }, stretches: number): Promise<void>;
}

const stepS = 0.016;
const steps = 14;

/**
 * Hands with a clock of their own: the browser is told when each event happened, so that neither a slow machine nor a slow
 * test changes how somebody types.
 *
 * @param from - where clicks do nothing, in pixels
 */
export const handAt = async (page: Page, from: { readonly x: number; readonly y: number }): Promise<Hand> => {
  const client: CDPSession = await page.context().newCDPSession(page);
  const random = noise(11);
  let clock = Date.now() / 1000;
  let place = { ...from };
  const rest = (): void => {
    clock = Math.max(clock + 1.5, Date.now() / 1000);
  };
  return {
    async type(text, features) {
      rest();
      let down = clock;
      const events = [...text].flatMap((key, i) => {
        down += i === 0 ? 0 : features[`downDown.${i}`]!;
        const up = down + features[`hold.${i}`]!;
        return [
          { type: 'keyDown' as const, key, at: down },
          { type: 'keyUp' as const, key, at: up },
        ];
      });
      events.sort((a, b) => a.at - b.at);
      clock = events.at(-1)!.at;
      for (const { type, key, at } of events)
        await client.send('Input.dispatchKeyEvent', {
          type,
          key,
          code: codeOf(key),
          timestamp: at,
          ...(type === 'keyDown' && { text: key }),
        });
    },
    async scroll(at, stretches) {
      for (let stretch = 0; stretch < stretches; stretch++) {
        rest();
        for (let step = 0; step < 8; step++) {
          clock += 0.02 + 0.05 * random();
          const deltaY = step === 6 ? -40 : 40;
          await client.send('Input.dispatchMouseEvent', {
            type: 'mouseWheel',
            ...at,
            timestamp: clock,
            deltaX: 0,
            deltaY,
          });
        }
      }
    },
    async move(actions) {
      const mouse = (type: 'mouseMoved' | 'mousePressed' | 'mouseReleased', buttons = 0) =>
        client.send('Input.dispatchMouseEvent', {
          type,
          ...place,
          timestamp: clock,
          button: type === 'mouseMoved' ? 'none' : 'left',
          buttons,
          clickCount: type === 'mouseMoved' ? 0 : 1,
        });
      for (let action = 0; action < actions; action++) {
        rest();
        const way = place.x > from.x + 60 ? -1 : 1;
        for (let step = 0; step < steps; step++) {
          clock += stepS * (0.8 + 0.4 * random());
          // Slow at both ends, as hands are
          const stride = 6 + 14 * Math.sin((Math.PI * (step + 0.5)) / steps) * (0.7 + 0.6 * random());
          place = { x: place.x + way * stride, y: from.y + 10 * Math.sin(step / 4) + 2 * random() };
          await mouse('mouseMoved');
        }
        clock += 0.06;
        await mouse('mousePressed', 1);
        clock += 0.07;
        await mouse('mouseReleased');
      }
    },
  };
};
