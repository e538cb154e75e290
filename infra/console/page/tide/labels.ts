import { labelChanges } from '../../../../schemas/verdicts.ts';
import type { Lane } from '../../view/lane.ts';
import { announce, post } from '../api.ts';
import { h, setText } from '../dom.ts';
import { plain, timeOfDay } from '../format.ts';
import type { Store } from '../store.ts';
import { titleOf } from '../words.ts';

const verdicts = ['legitimateAnomaly', 'falsePositive', 'maliciousActivity'] as const;

/** Buttons by which an analyst judges the last harsh decision, or else the last one; models learn from it. */
export const labelButtons = (store: Store): { element: HTMLElement; update(lane: Lane): void } => {
  const about = h('p', { class: 'label-about' });
  const said = h('p', { class: 'label-said', role: 'status' });
  const buttons = verdicts.map((verdict) =>
    h(
      'button',
      { type: 'button', 'data-verdict': verdict, title: labelChanges[verdict], onclick: () => void judge(verdict) },
      capital(plain(verdict)),
    ),
  );
  const judge = async (verdict: (typeof verdicts)[number]): Promise<void> => {
    const lane = store.selected === null ? undefined : store.view.lanes.get(store.selected);
    if (!lane) return;
    const judged = judgedOf(lane)?.decision ?? lane.lastDecision;
    const before = lane.labels.length;
    for (const button of buttons) button.disabled = true;
    try {
      await post('/api/labels', {
        subject: lane.id,
        decisionId: judged?.decisionId ?? null,
        verdict,
        windowEnd: judged?.windowEnd ?? lane.lastScore?.windowEnd ?? null,
      });
      // Where the label has come already, who gave it and when stand there, or will in a moment
      if (lane.labels.length === before) setText(said, `Labelled as ${plain(verdict)}. ${labelChanges[verdict]}`);
    } catch (error) {
      setText(said, (error as Error).message);
      announce((error as Error).message);
    } finally {
      for (const button of buttons) button.disabled = false;
    }
  };
  return {
    element: h(
      'section',
      { class: 'labels', 'aria-label': 'Your judgement' },
      about,
      h('div', { class: 'label-buttons' }, ...buttons),
      said,
    ),
    update: (lane) => {
      const judged = judgedOf(lane);
      setText(about, judged ? `What was it? (${titleOf(judged)}, ${timeOfDay(judged.at)})` : 'What is this behaviour?');
      const last = lane.labels.at(-1);
      const change =
        last && last.verdict !== 'unknown' && last.verdict !== 'withdrawn' ? `. ${labelChanges[last.verdict]}` : '';
      setText(said, last ? `Labelled as ${plain(last.verdict)} by ${last.by}, ${timeOfDay(last.at)}${change}` : '');
    },
  };
};

const judgedOf = (lane: Lane) =>
  lane.moments.findLast(({ decision }) => decision?.action === 'revoke' || decision?.action === 'shorten');

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
