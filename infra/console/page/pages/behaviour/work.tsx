import type { Specification } from '../../../../agents/browser/page/types.ts';
import type { BehaviourView } from '../../../view/behaviour.ts';
import { modalityOf } from '../../view/modalities.ts';

/** What the browser agent calls stretches of each modality. */
const stretches: readonly (readonly [modality: string, of: Specification])[] = [
  ['typing', 'typing'],
  ['scroll', 'scrolling'],
  ['mouse', 'movement'],
  ['touch', 'gesture'],
  ['application', 'attention'],
];

const reading = [
  'Twice a day the sea comes in and goes out, and no two places see it alike. In the open ocean the tide is a hand high; in a narrow bay it climbs a house in six hours.',
  'Whoever lives beside it knows it without a table: by the smell, by the boats, by which stones are wet. They would notice a tide that came at the wrong time before they could say what was wrong with it.',
  'People are known in the same way. A step on the stairs, a hand on a door, the pace of somebody reading: each says little, and together they say who it is.',
  'Springs and neaps follow the moon. When sun and moon pull in one line the tide runs far; when they pull across each other it hardly runs at all, and the flats stay covered for days.',
  'Sailors wait for it. A ship that draws five metres leaves at high water or does not leave, and the harbour master who knows that has no need of a gate.',
  'And what the sea has written on the sand it takes back: the next tide leaves the beach as though nobody had walked there.',
];

/** Where people type and scroll as they do while they work, and see what of it was measured and is known. */
export const Work = ({
  measured,
  learned,
}: {
  /** Bursts since the page was opened, by specification; undefined while nothing of this may be measured. */
  readonly measured: ReadonlyMap<Specification, number> | undefined;
  readonly learned: BehaviourView['learned'];
}) => (
  <section class="behaviour-work" aria-labelledby="behaviour-work-title">
    <h2 id="behaviour-work-title">While you work</h2>
    {measured === undefined ? (
      <p class="field-about">
        Choose <em>While I work here</em> above, and how you type, scroll and move between two sign-ins counts too.
      </p>
    ) : (
      <>
        <p class="field-about">
          What you write stays in the field: its rhythm alone is measured. An hour from each sign-in that you are known
          by is learned from, once a minute.
        </p>
        <div class="work-fields">
          <label>
            Write a few sentences
            <textarea rows={6} spellcheck={false} autocomplete="off" />
          </label>
          <div class="work-reading">
            <span id="work-reading">Read, and scroll with the wheel</span>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
            <section class="work-text" tabIndex={0} aria-labelledby="work-reading">
              {reading.map((text) => (
                <p key={text}>{text}</p>
              ))}
            </section>
          </div>
        </div>
        <ul class="work-modalities">
          {stretches.map(([modality, of]) => {
            const { known = 0, needed = 0 } = learned.find((one) => one.modality === modality) ?? {};
            const seen = measured.get(of) ?? 0;
            return (
              <li key={modality} data-modality={modality}>
                <span>{modalityOf(modality)}</span>
                <progress value={Math.min(known, needed)} max={needed} aria-label={`${modalityOf(modality)} learned`} />
                <small>
                  {seen} measured here; {known >= needed ? 'known' : `${known} of ${needed} learned`}
                </small>
              </li>
            );
          })}
        </ul>
      </>
    )}
  </section>
);
