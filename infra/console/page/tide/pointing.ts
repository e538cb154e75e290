import type { Moment } from '../../view/protocol.ts';
import { announce } from '../api.ts';
import { byId } from '../dom.ts';
import type { Store } from '../store.ts';
import { answerOf, titleOf } from '../words.ts';
import type { DrawLoop } from './draw/loop.ts';
import { isTopUp } from './draw/marks.ts';
import { scaleOf } from './draw/scale.ts';
import type { LaneList } from './lanes.ts';
import { momentCard, readingCard, Tooltip } from './tooltip.ts';

const reachPx = 9;

/** Pointer and keyboard on the lanes: cards for marks and times, arrows between lanes and marks, Enter for details. */
export const addPointing = (store: Store, lanes: LaneList, loop: DrawLoop): void => {
  const list = byId('lanes');
  const tooltip = new Tooltip();
  const clear = (): void => {
    loop.pointing = null;
    tooltip.hide();
  };
  const scaleFor = (canvas: HTMLCanvasElement) =>
    scaleOf(canvas.clientWidth, canvas.clientHeight, store.now(), store.spanMs);
  const marksOf = (id: string): Moment[] =>
    (store.view.lanes.get(id)?.moments ?? []).filter(
      (moment) => !isTopUp(moment) && moment.at > store.now() - store.spanMs,
    );

  const showMoment = (id: string, canvas: HTMLCanvasElement, moment: Moment): void => {
    const box = canvas.getBoundingClientRect();
    loop.pointing = { id, moment, x: null };
    tooltip.show(momentCard(moment), box.left + scaleFor(canvas).x(moment.at), box.top + canvas.clientHeight / 2);
  };

  list.addEventListener('pointermove', (event) => {
    const target = event.target as HTMLElement;
    const id = target.closest<HTMLElement>('.lane')?.dataset.id;
    const lane = id === undefined ? undefined : store.view.lanes.get(id);
    if (!lane || !(target instanceof HTMLCanvasElement)) return clear();
    const box = target.getBoundingClientRect();
    const x = event.clientX - box.left;
    const scale = scaleFor(target);
    const near = lane.moments
      .map((moment) => ({ moment, away: Math.abs(scale.x(moment.at) - x) }))
      .filter(({ away }) => away < reachPx)
      .sort((left, right) => Number(isTopUp(left.moment)) - Number(isTopUp(right.moment)) || left.away - right.away)[0];
    if (near) return showMoment(lane.id, target, near.moment);
    if (x > scale.nowX) return clear();
    loop.pointing = { id: lane.id, moment: null, x };
    tooltip.show(readingCard(lane, scale.at(x)), event.clientX, box.top + 8);
  });
  list.addEventListener('pointerleave', clear);
  list.addEventListener('click', (event) => {
    const target = event.target as HTMLElement;
    const id = target.closest<HTMLElement>('.lane')?.dataset.id;
    if (id === undefined) return;
    lanes.reach(id);
    if (!target.closest('button')) store.select(id);
  });
  list.addEventListener('focusin', (event) => {
    const id = (event.target as HTMLElement).closest<HTMLElement>('.lane')?.dataset.id;
    if (id !== undefined) lanes.reach(id);
  });
  list.addEventListener('focusout', clear);

  const stepMark = (id: string, by: number): void => {
    const element = lanes.elementOf(id);
    const marks = marksOf(id);
    if (!element || marks.length === 0) {
      announce('No decision in view');
      return;
    }
    const current = loop.pointing?.id === id ? marks.findIndex((mark) => mark.id === loop.pointing?.moment?.id) : -1;
    const next = current < 0 ? (by < 0 ? marks.length - 1 : 0) : Math.min(marks.length - 1, Math.max(0, current + by));
    const moment = marks[next]!;
    showMoment(id, element.canvas, moment);
    announce(`${titleOf(moment)}. ${moment.decision?.reason ?? ''} Vault: ${answerOf(moment)}`);
  };

  list.addEventListener('keydown', (event) => {
    const item = (event.target as HTMLElement).closest<HTMLElement>('.lane');
    const id = item?.dataset.id;
    if (!item || id === undefined) return;
    const { ids } = lanes;
    const move = (index: number): void => lanes.focus(ids[Math.min(ids.length - 1, Math.max(0, index))]!);
    const index = ids.indexOf(id);
    const steps: Record<string, () => void> = {
      ArrowDown: () => move(index + 1),
      ArrowUp: () => move(index - 1),
      PageDown: () => move(index + 5),
      PageUp: () => move(index - 5),
      Home: () => move(0),
      End: () => move(ids.length - 1),
      ArrowLeft: () => stepMark(id, -1),
      ArrowRight: () => stepMark(id, 1),
      Escape: () => (loop.pointing ? clear() : store.select(null)),
    };
    if (event.target === item && event.key === 'Enter') steps.Enter = () => store.select(id);
    const step = steps[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    step();
  });
};
