import type { Lane } from '../../view/lane.ts';
import type { Moment } from '../../view/protocol.ts';
import { h } from '../dom.ts';
import { duration, plain, timeOfDay } from '../format.ts';
import { answerOf, titleOf } from '../words.ts';
import { isApplied, kindOf } from './draw/marks.ts';

const most = 60;
const glyphs = {
  extend: ['▲', '△'],
  shorten: ['▼', '▽'],
  revoke: ['✕', '⊗'],
  restore: ['◆', '◇'],
  unknown: ['●', '○'],
} as const;
const times = new Set(['windowEnd', 'decidedAt', 'deadline', 'appliedAt', 'expiresAt']);

/** A field of a record, for people. */
export const shownValue = (name: string, value: unknown): string => {
  if (value === null || value === '') return '–';
  if (Array.isArray(value)) return value.length > 0 ? value.map((item) => plain(String(item))).join(', ') : '–';
  if (typeof value === 'number' && times.has(name)) return `${timeOfDay(value)} (${value})`;
  if (typeof value === 'number' && name.endsWith('Ms')) return duration(value);
  if (typeof value === 'number') return String(Number(value.toFixed(4)));
  return String(value);
};

const fields = (title: string, record: object | null): HTMLElement | null =>
  record &&
  h(
    'div',
    { class: 'record' },
    h('h4', {}, title),
    h(
      'dl',
      {},
      ...Object.entries(record).map(([name, value]) =>
        h('div', {}, h('dt', {}, plain(name)), h('dd', {}, shownValue(name, value))),
      ),
    ),
  );

const entry = (moment: Moment, open: boolean): HTMLElement => {
  const kind = kindOf(moment);
  const details = h(
    'details',
    { class: 'event', 'data-kind': kind, 'data-event': moment.id },
    h(
      'summary',
      {},
      h('span', { class: 'glyph', 'aria-hidden': 'true' }, glyphs[kind][isApplied(moment) ? 0 : 1]),
      h('span', { class: 'event-title' }, titleOf(moment)),
      h('time', {}, timeOfDay(moment.at)),
      h('span', { class: 'event-answer' }, `Vault: ${answerOf(moment)}`),
    ),
    fields('Decision', moment.decision),
    fields('Effect', moment.effect),
  );
  details.open = open;
  return details;
};

/** Fill a list with the decisions of a lane and what became of them, the newest first; what was unfolded stays so. */
export const eventList = (target: HTMLElement, lane: Lane): void => {
  const unfolded = new Set(
    [...target.querySelectorAll<HTMLDetailsElement>('details[open]')].map(({ dataset }) => dataset.event),
  );
  const focused = (document.activeElement?.closest('details') as HTMLDetailsElement | null)?.dataset.event;
  const alerts = lane.alerts.map((alert) => ({
    at: alert.at,
    element: h(
      'p',
      { class: 'alert', 'data-severity': alert.severity },
      h('time', {}, timeOfDay(alert.at)),
      ` ${alert.summary}`,
    ),
  }));
  const moments = lane.moments
    .slice(-most)
    .map((moment) => ({ at: moment.at, element: entry(moment, unfolded.has(moment.id)) }));
  const entries = [...alerts, ...moments].sort((left, right) => right.at - left.at).map(({ element }) => element);
  target.replaceChildren(
    ...(entries.length > 0 ? entries : [h('p', { class: 'none' }, 'Nothing has been decided yet.')]),
  );
  if (focused !== undefined)
    target
      .querySelector<HTMLElement>(`details[data-event="${CSS.escape(focused)}"] summary`)
      ?.focus({ preventScroll: true });
};
