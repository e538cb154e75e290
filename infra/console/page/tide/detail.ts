import type { Lane } from '../../view/lane.ts';
import { longestId, subjectPath } from '../../view/paths.ts';
import { wordOf } from '../../view/word.ts';
import { byId, h, setText } from '../dom.ts';
import { duration, plain, score, timeOfDay } from '../format.ts';
import type { Store } from '../store.ts';
import { lifeTexts, nameOf, reasonOf, stateWords } from '../words.ts';
import { eventList } from './eventList.ts';
import { labelButtons } from './labels.ts';
import type { LaneList } from './lanes.ts';

const refreshMs = 500;
const fact = (name: string, value: string): HTMLElement => h('div', {}, h('dt', {}, name), h('dd', {}, value));

const facts = (lane: Lane): HTMLElement => {
  const { credential } = lane;
  if (!credential) return h('dl', { class: 'facts' }, fact('Credential', lane.id));
  return h(
    'dl',
    { class: 'facts' },
    fact('Credential', lane.id),
    fact('Instance', credential.instance),
    credential.event ? fact('Event', credential.event) : null,
    fact('Kind', credential.kind),
    fact('Role', credential.role),
    fact('Issued', `${timeOfDay(credential.issuedAt)} for ${duration(credential.ttlMs)}`),
    fact('Longest', duration(credential.maxTtlMs)),
    fact(
      'Can be shortened',
      { continuous: 'at any time', revocable: 'by revoking only', none: 'no', unknown: 'not known' }[
        credential.shortening
      ],
    ),
    lane.lastScore ? fact('Model', lane.lastScore.modelVersion) : null,
  );
};

const contributions = (lane: Lane): HTMLElement | null => {
  const moved = lane.lastScore?.contributions ?? [];
  if (moved.length === 0) return null;
  return h(
    'ul',
    { class: 'moved' },
    ...moved.slice(0, 6).map(({ feature, weight }) => {
      const bar = h('span', { class: 'bar', 'aria-hidden': 'true' });
      bar.style.setProperty('--share', String(Math.min(1, Math.max(0, weight))));
      return h(
        'li',
        {},
        h('span', { class: 'moved-name' }, plain(feature)),
        bar,
        h('span', { class: 'moved-share' }, `${Math.round(weight * 100)} %`),
      );
    }),
  );
};

/** The pane beside the lanes with everything known of the chosen one. */
export const addDetail = (store: Store, lanes: LaneList): void => {
  const pane = byId('detail');
  const title = h('h2', { tabindex: -1, id: 'detail-title' });
  const now = h('p', { class: 'detail-now' });
  const reason = h('p', { class: 'detail-reason' });
  const movedTitle = h('h3', {}, 'What moves the score');
  const moved = h('div', {});
  const known = h('div', {});
  const events = h('div', { class: 'events' });
  const labels = labelButtons(store);
  const whole = h('a', { class: 'detail-whole button' }, 'Everything about it');
  const close = h(
    'button',
    { type: 'button', class: 'quiet close', 'aria-label': 'Close details', onclick: () => store.select(null) },
    '✕',
  );
  pane.setAttribute('aria-labelledby', 'detail-title');
  pane.append(
    h('div', { class: 'detail-head' }, title, close),
    now,
    reason,
    labels.element,
    movedTitle,
    moved,
    h('h3', {}, 'Decisions and answers'),
    events,
    h('h3', {}, 'Credential'),
    known,
    whole,
  );
  let shown: string | null = null;
  let signature = '';

  const refresh = (): void => {
    const lane = store.selected === null ? undefined : store.view.lanes.get(store.selected);
    if (!lane) return;
    const at = store.now();
    const word = wordOf(lane, at);
    const { left, of } = lifeTexts(lane, at);
    setText(title, nameOf(lane));
    whole.href = subjectPath(lane.id);
    whole.hidden = lane.id.length > longestId;
    setText(
      now,
      `${stateWords[word]} · ${left} ${of}${lane.lastScore && !lane.lastScore.learning ? ` · score ${score(lane.lastScore.score)}` : ''}`,
    );
    now.dataset.word = word;
    setText(reason, reasonOf(lane));
    const next = [
      lane.id,
      lane.lastScore?.windowEnd,
      lane.moments.length,
      lane.moments.at(-1)?.id,
      lane.moments.filter(({ effect }) => effect).length,
      lane.labels.length,
      lane.alerts.length,
    ].join();
    if (next === signature) return;
    signature = next;
    const shares = contributions(lane);
    movedTitle.hidden = shares === null;
    moved.replaceChildren(...(shares ? [shares] : []));
    labels.update(lane);
    eventList(events, lane);
    known.replaceChildren(facts(lane));
  };
  store.on('selection', () => {
    pane.hidden = store.selected === null;
    document.body.classList.toggle('with-detail', store.selected !== null);
    signature = '';
    refresh();
    if (store.selected !== null && store.selected !== shown) title.focus({ preventScroll: true });
    else if (store.selected === null && shown !== null && document.activeElement === document.body) lanes.focus(shown);
    shown = store.selected;
  });
  pane.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    const id = store.selected;
    store.select(null);
    if (id !== null) lanes.focus(id);
  });
  setInterval(refresh, refreshMs);
};
