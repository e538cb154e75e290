/** One event of a pointer. */
export interface PointerEvent {
  /** Seconds, from whatever beginning. */
  readonly time: number;
  /** Pixels, from the left and from the top. */
  readonly x: number;
  readonly y: number;
  /** Whether a button was let go of. */
  readonly released: boolean;
}

/** A stretch of movement: at least {@link fewestEvents} events, in order of time. */
export type Action = readonly PointerEvent[];

/** A longer silence ends an action, in seconds. */
const silenceS = 1;
/** Coordinates beyond this are a glitch of what recorded them. */
const farthestPx = 5000;
const fewestEvents = 4;
const shortestPx = 5;

const lengthOf = (action: Action): number =>
  action.reduce((sum, event, i) => {
    const before = action[i - 1];
    return before ? sum + Math.hypot(event.x - before.x, event.y - before.y) : 0;
  }, 0);

/**
 * Cut pointer events into actions: at silences of more than a second and where a button is let go of. Events off every
 * screen are dropped, those that move nothing too, and of several at one time all but the last; so are actions of under
 * four events or five pixels.
 *
 * @param events in order of time
 */
export const cutActions = (events: Iterable<PointerEvent>): Action[] => {
  const actions: Action[] = [];
  let current: PointerEvent[] = [];
  const close = (): void => {
    if (current.length >= fewestEvents && lengthOf(current) >= shortestPx) actions.push(current);
    current = [];
  };
  for (const event of events) {
    if (!(Math.abs(event.x) <= farthestPx && Math.abs(event.y) <= farthestPx)) continue;
    const before = current.at(-1);
    if (before && event.time - before.time > silenceS) close();
    const last = current.at(-1);
    // A clock too coarse to tell two events apart would make infinite speeds of them
    if (last && event.time <= last.time) current[current.length - 1] = { ...event, time: last.time };
    else if (!last || event.released || event.x !== last.x || event.y !== last.y) current.push(event);
    if (event.released) close();
  }
  close();
  return actions;
};
