import { signal } from '@preact/signals';
import { duration, timeOfDay } from './format.ts';
import { store } from './live.ts';

/** The server's clock, to the second; what tells a time since follows it. */
export const clockMs = signal(store.now());
setInterval(() => {
  clockMs.value = store.now();
}, 1_000);

const date = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' });
const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** How long ago, short: `now`, `42 s`, `3 min`, `5.2 h`, `4 days`. */
export const ago = (at: number, now: number): string => {
  const ms = Math.max(0, now - at);
  if (ms < 5_000) return 'now';
  if (ms >= 2 * 86_400_000) return `${Math.floor(ms / 86_400_000)} days`;
  return duration(ms);
};

/** A time of day, with the date where it is another day. */
export const when = (at: number): string => {
  const today = new Date(clockMs.peek()).toDateString() === new Date(at).toDateString();
  return today ? timeOfDay(at) : `${date.format(at)}, ${timeOfDay(at)}`;
};

/** Date and time in full. */
export const inFull = (at: number): string => dateTime.format(at);
