import type { Lane } from '../../view/lane.ts';
import { byId, h, setAttribute, setText } from '../dom.ts';
import { clock } from '../format.ts';
import type { Store } from '../store.ts';
import type { DrawLoop } from './draw/loop.ts';
import { LaneElement } from './laneElement.ts';
import { matches, type Order, order } from './order.ts';

const textMs = 250;
const summaryMs = 4_000;
const orderMs = 5_000;
const compactFrom = 17;

/** The list of lanes: an element for each, drawn only while in view. */
export class LaneList {
  readonly #list = byId('lanes');
  readonly #empty = byId('empty');
  readonly #store: Store;
  readonly #loop: DrawLoop;
  readonly #elements = new Map<string, LaneElement>();
  readonly #inView = new Set<string>();
  readonly #observer: IntersectionObserver;
  #reachable: string | null = null;
  #summariesAt = 0;
  #orderedAt = 0;
  filter = '';
  order: Order = 'function';
  /** Told how many of how many are shown. */
  onCount: (shown: number, all: number) => void = () => {};

  constructor(store: Store, loop: DrawLoop) {
    this.#store = store;
    this.#loop = loop;
    this.#observer = new IntersectionObserver((entries) => this.#seen(entries), { rootMargin: '120px' });
    store.on('lanes', () => this.arrange());
    store.on('connection', () => this.arrange());
    store.on('selection', () => {
      for (const element of this.#elements.values()) element.setSelected(element.id === store.selected);
    });
    setInterval(() => this.#retext(), textMs);
  }

  get ids(): readonly string[] {
    return [...this.#list.children].map((item) => (item as HTMLElement).dataset.id!);
  }

  elementOf(id: string): LaneElement | undefined {
    return this.#elements.get(id);
  }

  /** Move the focus to a lane. */
  focus(id: string): void {
    this.reach(id);
    const item = this.#elements.get(id)?.item;
    item?.focus({ preventScroll: true });
    item?.scrollIntoView({ block: 'nearest' });
  }

  /** Make one lane the one that Tab reaches. */
  reach(id: string | null): void {
    if (this.#reachable !== id) this.#elements.get(this.#reachable ?? '')?.setReachable(false);
    this.#reachable = id;
    this.#elements.get(id ?? '')?.setReachable(true);
  }

  /** Put the lanes in order, with those that the filter lets through. */
  arrange(): void {
    const { view } = this.#store;
    const now = this.#store.now();
    this.#orderedAt = now;
    for (const id of [...this.#elements.keys()]) if (!view.lanes.has(id)) this.#remove(id);
    const shown = order(
      [...view.lanes.values()].filter((lane) => matches(lane, this.filter, now)),
      this.order,
      now,
    );
    const items = shown.map((lane) => this.#ensure(lane, now).item);
    this.#place(items);
    this.#list.classList.toggle('compact', items.length >= compactFrom);
    if (this.#reachable === null || !shown.some(({ id }) => id === this.#reachable)) this.reach(shown[0]?.id ?? null);
    this.#loop.namedIn = shown[0]?.id ?? null;
    this.#empty.hidden = items.length > 0;
    setText(
      this.#empty,
      view.lanes.size > 0
        ? 'No credential matches.'
        : this.#store.connection === 'live'
          ? 'Slack water. No credential has been issued yet.'
          : 'Waiting for the console to answer.',
    );
    this.onCount(items.length, view.lanes.size);
  }

  /** Have these in the list, in this order. What is in place already is not touched, and whoever has the focus keeps it. */
  #place(items: readonly HTMLElement[]): void {
    const held = document.activeElement;
    const wanted = new Set<Element>(items);
    for (const item of [...this.#list.children]) if (!wanted.has(item)) item.remove();
    let at = this.#list.firstElementChild;
    for (const item of items)
      if (item === at) at = at.nextElementSibling;
      else this.#list.insertBefore(item, at);
    if (held instanceof HTMLElement && held !== document.activeElement && this.#list.contains(held))
      held.focus({ preventScroll: true });
  }

  #ensure(lane: Lane, now: number): LaneElement {
    const known = this.#elements.get(lane.id);
    if (known) return known;
    const element = new LaneElement(lane.id, this.#store);
    element.update(lane, now, true);
    element.setReachable(false);
    element.setSelected(lane.id === this.#store.selected);
    this.#elements.set(lane.id, element);
    this.#observer.observe(element.item);
    return element;
  }

  #remove(id: string): void {
    const element = this.#elements.get(id);
    if (!element) return;
    this.#observer.unobserve(element.item);
    this.#loop.hide(id);
    this.#inView.delete(id);
    this.#elements.delete(id);
    element.item.remove();
    if (this.#store.selected === id) this.#store.select(null);
  }

  #seen(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      const element = this.#elements.get((target as HTMLElement).dataset.id!);
      if (!element) continue;
      if (isIntersecting) {
        this.#inView.add(element.id);
        this.#loop.show(element.id, element.canvas);
        const lane = this.#store.view.lanes.get(element.id);
        if (lane) element.update(lane, this.#store.now(), true);
      } else {
        this.#inView.delete(element.id);
        this.#loop.hide(element.id);
      }
    }
  }

  #retext(): void {
    const now = this.#store.now();
    const withSummary = now - this.#summariesAt > summaryMs;
    if (withSummary) this.#summariesAt = now;
    for (const id of this.#inView) {
      const lane = this.#store.view.lanes.get(id);
      if (lane) this.#elements.get(id)?.update(lane, now, withSummary);
    }
    // An order by what changes is renewed now and then, but not under the reader's hand
    const busy = this.#list.matches(':hover, :focus-within');
    if ((this.order !== 'function' || this.filter !== '') && now - this.#orderedAt > orderMs && !busy) this.arrange();
  }
}

/** The axis above the lanes: times before now, in even steps. */
export const drawAxis = (store: Store, axis: HTMLElement): void => {
  const steps = 4;
  const ticks = Array.from({ length: steps + 1 }, (_, index) => {
    const agoMs = store.spanMs * (1 - index / steps);
    const label = agoMs === 0 ? 'now' : `−${clock(agoMs)}`;
    const tick = h('span', { class: agoMs === 0 ? 'tick now' : 'tick' }, label);
    tick.style.setProperty('--place', String(index / steps));
    return tick;
  });
  const scale = h('div', { class: 'axis-scale' }, ...ticks);
  const forecast = h('span', { class: 'axis-forecast' }, 'forecast');
  axis.replaceChildren(h('div', { class: 'axis-inner' }, scale, forecast));
  setAttribute(axis, 'data-span', String(store.spanMs));
};
