import { cutActions, type PointerEvent as Movement } from '../../../../models/biometric/mouse/actions.ts';
import { actionFeatures, movementNames } from '../../../../models/biometric/mouse/movement.ts';
import { counted } from './cost.ts';
import type { Modality, Sink } from './types.ts';

/** Events of an action at most; a longer one is cut. */
const mostEvents = 1000;
/** Silence that ends an action, milliseconds. */
const silenceMs = 1000;

/** Watch how a mouse, a pen or a finger moves: an action at a time, without where on the page it was. */
export const watchPointer = (sink: Sink, signal: AbortSignal): void => {
  const moving = new Map<Modality, Movement[]>();
  const finish = (modality: Modality): void => {
    const events = moving.get(modality);
    if (!events) return;
    moving.delete(modality);
    const specification = modality === 'touch' ? 'gesture' : 'movement';
    for (const action of cutActions(events)) {
      const values = actionFeatures(action);
      const features = Object.fromEntries(movementNames.map((name, i) => [name, values[i]!]));
      sink({ modality, specification, time: Date.now(), features });
    }
  };
  const add = (event: PointerEvent, released: boolean): void => {
    if (!event.isTrusted) return;
    const modality = event.pointerType === 'touch' ? 'touch' : 'mouse';
    let events = moving.get(modality);
    const last = events?.at(-1);
    if (last && event.timeStamp / 1000 - last.time > silenceMs / 1000) {
      finish(modality);
      events = undefined;
    }
    if (!events) {
      events = [];
      moving.set(modality, events);
    }
    events.push({ time: event.timeStamp / 1000, x: event.screenX, y: event.screenY, released });
    if (released || events.length >= mostEvents) finish(modality);
  };
  const on = (name: 'pointermove' | 'pointerdown' | 'pointerup', released: boolean): void =>
    addEventListener(
      name,
      counted((event: PointerEvent) => add(event, released)),
      { signal, passive: true, capture: true },
    );
  on('pointermove', false);
  on('pointerdown', false);
  on('pointerup', true);
  addEventListener(
    'pagehide',
    () => {
      for (const modality of [...moving.keys()]) finish(modality);
    },
    { signal },
  );
};
