import type { Lane } from '../../view/lane.ts';
import type { Moment } from '../../view/protocol.ts';
import { h } from '../dom.ts';
import { clock, duration, plain, score, timeOfDay } from '../format.ts';
import { answerOf, titleOf } from '../words.ts';

const row = (name: string, value: string): HTMLElement => h('div', {}, h('dt', {}, name), h('dd', {}, value));

/** What a mark tells: why, from which score, what moved it, under which policy, and what Vault answered. */
export const momentCard = (moment: Moment): HTMLElement => {
  const { decision, effect } = moment;
  const figures =
    decision &&
    `${score(decision.score)} (severity ${score(decision.severity)}, frequency ${score(decision.frequency)})`;
  return h(
    'div',
    { class: 'card' },
    h('p', { class: 'card-title' }, h('strong', {}, titleOf(moment)), h('time', {}, timeOfDay(moment.at))),
    decision?.reason ? h('p', { class: 'card-reason' }, decision.reason) : null,
    h(
      'dl',
      {},
      figures ? row('Score', figures) : null,
      decision && decision.features.length > 0 ? row('Moved by', decision.features.map(plain).join(', ')) : null,
      row('Vault', answerOf(moment)),
      effect && effect.latencyMs > 0 ? row('After', duration(effect.latencyMs)) : null,
      decision ? row('Policy', decision.policyVersion.slice(0, 12)) : null,
    ),
  );
};

/** What the lane says of one time. */
export const readingCard = (lane: Lane, at: number): HTMLElement => {
  const remaining = lane.life.remainingAt(at);
  let known: number | undefined;
  for (let index = 0; index < lane.scores.length && lane.scores[index]! <= at; index += 2)
    known = lane.scores[index + 1]!;
  const parts = [
    remaining === null ? null : `${clock(remaining)} left`,
    known === undefined ? null : known < 0 ? 'learning' : `score ${score(known)}`,
  ];
  return h(
    'div',
    { class: 'card reading' },
    h('time', {}, timeOfDay(at)),
    ` ${parts.filter((part) => part !== null).join(' · ') || 'not issued yet'}`,
  );
};

/** The card that follows what is pointed at. */
export class Tooltip {
  readonly #element = h('div', { class: 'tooltip', role: 'tooltip', id: 'tooltip', hidden: true });

  constructor() {
    document.body.append(this.#element);
  }

  /** @param x - and y: where it points, CSS pixels from the corner of the window */
  show(card: HTMLElement, x: number, y: number): void {
    this.#element.replaceChildren(card);
    this.#element.hidden = false;
    const { width, height } = this.#element.getBoundingClientRect();
    const left = Math.min(Math.max(8, x - width / 2), innerWidth - width - 8);
    const above = y - height - 14;
    this.#element.style.transform = `translate(${Math.round(left)}px, ${Math.round(above > 8 ? above : y + 18)}px)`;
  }

  hide(): void {
    this.#element.hidden = true;
  }
}
