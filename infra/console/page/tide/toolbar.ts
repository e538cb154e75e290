import { byId, h, setAttribute, setText } from '../dom.ts';
import { onTheme } from '../shell/theme.ts';
import type { Store } from '../store.ts';
import type { DrawLoop } from './draw/loop.ts';
import { drawAxis, type LaneList } from './lanes.ts';
import { drawLegend } from './legend.ts';
import { type Order, orders } from './order.ts';

const spans = [
  [60_000, '1 min'],
  [120_000, '2 min'],
  [300_000, '5 min'],
] as const;

/** The row above the lanes: find, order, span of time. */
export const addToolbar = (store: Store, lanes: LaneList, loop: DrawLoop): void => {
  const counted = h('p', { class: 'counted' });
  const find = h('input', {
    type: 'search',
    placeholder: 'Find function or state',
    'aria-label': 'Find credentials',
    autocomplete: 'off',
    spellcheck: 'false',
  });
  find.addEventListener('input', () => {
    lanes.filter = find.value.trim();
    lanes.arrange();
  });
  const sort = h('select', { 'aria-label': 'Order' }, ...orders.map(([value, text]) => h('option', { value }, text)));
  sort.addEventListener('change', () => {
    lanes.order = sort.value as Order;
    lanes.arrange();
  });
  const spanButtons = spans.map(([spanMs, text]) =>
    h('button', { type: 'button', 'data-span': spanMs, onclick: () => setSpan(spanMs) }, text),
  );
  const setSpan = (spanMs: number): void => {
    store.spanMs = spanMs;
    for (const button of spanButtons)
      setAttribute(button, 'aria-pressed', String(button.dataset.span === String(spanMs)));
    drawAxis(store, byId('axis'));
    loop.recolour();
  };
  const recolour = (): void => {
    loop.recolour();
    drawLegend();
  };
  onTheme(recolour);
  lanes.onCount = (shown, all) =>
    setText(
      counted,
      shown === all ? `${all} ${all === 1 ? 'credential' : 'credentials'}` : `${shown} of ${all} credentials`,
    );
  byId('toolbar').append(
    counted,
    h(
      'div',
      { class: 'tools' },
      find,
      sort,
      h('div', { class: 'segmented', role: 'group', 'aria-label': 'Span of time' }, ...spanButtons),
    ),
  );
  const toolbar = byId('toolbar');
  new IntersectionObserver(([entry]) => byId('axis').classList.toggle('stuck', !entry!.isIntersecting)).observe(
    toolbar,
  );
  setSpan(store.spanMs);
};
