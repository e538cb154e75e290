import type { SignInView } from '../../../view/behaviour.ts';
import { across, PartBar } from '../../view/partBar.tsx';
import { isJudged, verifierOf } from './words.ts';

/** What a verifier said at each sign-in, as a line; gaps where it said nothing. */
const Course = ({ name, signIns }: { readonly name: string; readonly signIns: readonly SignInView[] }) => {
  const step = 100 / Math.max(8, signIns.length);
  return (
    <svg class="part-course" viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true" focusable="false">
      <line x1="0" x2="100" y1="50" y2="50" />
      <polyline
        points={signIns
          .flatMap(({ parts }, i) => {
            const part = parts[name];
            return part === undefined ? [] : [`${(i + 0.5) * step},${50 + across(part)}`];
          })
          .join(' ')}
      />
    </svg>
  );
};

/** What is shown whether it said something or not; a comparator, fingers and attention where they did. */
const always = ['keystroke', 'mouse', 'typing', 'scroll'];

const said = (part: number | undefined): string => {
  if (part === undefined) return 'Saw nothing to compare';
  if (Math.abs(part) < 0.2) return 'Speaks neither for nor against you';
  return `Speaks ${part < 0 ? 'for you' : 'for somebody else'}, ${Math.abs(part).toFixed(1)} in log odds`;
};

/** What each verifier added to the risk of one sign-in, and over all of them. */
export const Parts = ({
  signIns,
  selected,
  uncalibrated,
}: {
  readonly signIns: readonly SignInView[];
  readonly selected: SignInView | undefined;
  /** Verifiers that were calibrated on nobody. */
  readonly uncalibrated: readonly string[];
}) => {
  const judged = signIns.filter(isJudged);
  const names = [
    ...new Set([...always.map((name) => `${name}.statistical`), ...judged.flatMap((it) => Object.keys(it.parts))]),
  ];
  return (
    <div class="parts-plot">
      <div class="parts-ends" aria-hidden="true">
        <span>you</span>
        <span>somebody else</span>
      </div>
      <dl>
        {names.map((name) => {
          const part = selected?.parts[name];
          return (
            <div key={name} class="part-row" data-verifier={name}>
              <dt>
                {verifierOf(name)}
                {uncalibrated.includes(name) && <small class="part-uncalibrated">calibrated on nobody</small>}
              </dt>
              <dd>
                <PartBar logOdds={part} />
                <p class="part-said">{said(part)}</p>
              </dd>
              {judged.some(({ parts }) => name in parts) && (
                <dd>
                  <Course name={name} signIns={judged} />
                </dd>
              )}
            </div>
          );
        })}
      </dl>
      {names.some((name) => uncalibrated.includes(name)) && (
        <p class="field-about">
          How well what is calibrated on nobody tells people apart is not known. It counts little, and alone it grants a
          key no longer life than that of somebody unknown.
        </p>
      )}
    </div>
  );
};
