import type { Lane } from '../../view/lane.ts';
import { type LaneWord, wordOf } from '../../view/word.ts';
import { announce, post } from '../api.ts';
import { h, setAttribute, setText } from '../dom.ts';
import { score } from '../format.ts';
import type { Store } from '../store.ts';
import { lifeTexts, nameOf, reasonOf, stateWords, summaryOf } from '../words.ts';

let nextKey = 0;

/** The elements of one lane, and the text in them. */
export class LaneElement {
  readonly id: string;
  readonly item: HTMLLIElement;
  readonly canvas = h('canvas', { class: 'tide', 'aria-hidden': 'true' });
  word: LaneWord = 'unknown';
  readonly #store: Store;
  readonly #name = h('button', { class: 'lane-name', type: 'button', tabindex: -1 });
  readonly #instance = h('span', { class: 'lane-instance' });
  readonly #state = h('span', { class: 'state' });
  readonly #reason = h('p', { class: 'lane-reason' });
  readonly #summary: HTMLElement;
  readonly #left = h('span', { class: 'lane-left' });
  readonly #of = h('span', { class: 'lane-of' });
  readonly #score = h('span', { class: 'lane-score' });
  readonly #act = h('button', { class: 'lane-act', type: 'button', tabindex: -1 });

  constructor(id: string, store: Store) {
    this.id = id;
    this.#store = store;
    const key = `lane-${nextKey++}`;
    this.#summary = h('p', { class: 'hidden', id: `${key}-summary` });
    this.#name.addEventListener('click', () => store.select(store.selected === id ? null : id));
    this.#act.addEventListener('click', () => void this.#toggleBehaviour());
    this.item = h(
      'li',
      { class: 'lane', 'data-id': id, tabindex: -1, 'aria-describedby': `${key}-summary` },
      h(
        'div',
        { class: 'lane-meta' },
        h('div', { class: 'lane-title' }, this.#name, this.#state),
        this.#instance,
        this.#reason,
        this.#summary,
      ),
      h('div', { class: 'lane-water' }, this.canvas),
      h(
        'div',
        { class: 'lane-figures' },
        h('p', { class: 'lane-life', 'aria-hidden': 'true' }, this.#left, this.#of),
        h('p', { class: 'lane-row' }, this.#score, store.demo && this.#act),
      ),
    );
  }

  /** Bring text up to date. Cheap: what is the same is left alone. */
  update(lane: Lane, now: number, withSummary: boolean): void {
    this.word = wordOf(lane, now);
    const { left, of } = lifeTexts(lane, now);
    setText(this.#name, nameOf(lane));
    setText(this.#instance, lane.credential?.instance ?? '');
    setText(this.#state, stateWords[this.word]);
    setAttribute(this.item, 'data-word', this.word);
    const reason = reasonOf(lane);
    setText(this.#reason, reason);
    setAttribute(this.#reason, 'title', reason.length > 60 ? reason : null);
    setText(this.#left, left);
    setText(this.#of, of);
    const last = lane.lastScore;
    setText(this.#score, last ? (last.learning ? 'Score –' : `Score ${score(last.score)}`) : '');
    setAttribute(this.#score, 'data-band', last && !last.learning ? this.#band(last.score) : null);
    const act = lane.demo?.kind === 'misbehaving' || this.#ended ? 'Behave again' : 'Misbehave';
    setText(this.#act, act);
    setAttribute(this.#act, 'aria-label', `${act}: ${this.#name.textContent}`);
    if (withSummary) setText(this.#summary, summaryOf(lane, this.word, now, this.#store.spanMs));
  }

  /** Whether Tab reaches this lane and what is in it. */
  setReachable(reachable: boolean): void {
    for (const element of [this.item, this.#name, this.#act]) setAttribute(element, 'tabindex', reachable ? '0' : '-1');
  }

  setSelected(selected: boolean): void {
    this.item.classList.toggle('selected', selected);
    setAttribute(this.#name, 'aria-expanded', String(selected));
  }

  get #ended(): boolean {
    return this.word === 'revoked' || this.word === 'refused' || this.word === 'expired';
  }

  #band(value: number): string {
    const { moderate, high } = this.#store.view.control.thresholds;
    return value >= high ? 'high' : value >= moderate ? 'moderate' : 'low';
  }

  async #toggleBehaviour(): Promise<void> {
    const action = this.#act.textContent === 'Misbehave' ? 'misbehave' : 'behave';
    this.#act.disabled = true;
    try {
      await post(`/api/demo/${action}`, { credentialId: this.id });
      announce(
        action === 'misbehave' ? `${this.#name.textContent} now misbehaves` : `${this.#name.textContent} behaves again`,
      );
    } catch (error) {
      announce((error as Error).message);
      setText(this.#reason, (error as Error).message);
    } finally {
      this.#act.disabled = false;
    }
  }
}
