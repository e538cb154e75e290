import type { TargetedKeyboardEvent } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { BehaviourView, SignInView } from '../../../view/behaviour.ts';
import { timeOfDay } from '../../format.ts';
import { isJudged, lifespan, reasonOf, type Typist } from './words.ts';

/** Bands of risk, the longest life first: where each begins and ends, and what it grants. */
const bandsOf = ({ classes, otherwiseMs }: BehaviourView['rule']) => {
  const rising = classes.toReversed();
  return [
    { from: 0, to: rising[0]?.above ?? 1, lifespanMs: otherwiseMs },
    ...rising.map(({ above, lifespanMs }, i) => ({ from: above, to: rising[i + 1]?.above ?? 1, lifespanMs })),
  ];
};

/** Which of the bands a risk lies in, 0 for the longest life. */
const bandOf = (risk: number, rule: BehaviourView['rule']): number =>
  rule.classes.filter(({ above }) => !(risk <= above)).length;

const percent = (share: number): string => `${100 * share}%`;

/** Each sign-in at its risk, on bands of the lifespans that they grant: the higher, the longer the key lives. */
export const RiskPlot = ({
  rule,
  signIns,
  typists,
  selected,
  onSelect,
}: {
  readonly rule: BehaviourView['rule'];
  readonly signIns: readonly SignInView[];
  readonly typists: ReadonlyMap<string, Typist>;
  readonly selected: string | undefined;
  readonly onSelect: (credentialId: string) => void;
}) => {
  const list = useRef<HTMLOListElement>(null);
  const judged = signIns.filter(isJudged);
  const place = (index: number): number => (index + 0.5) / Math.max(8, judged.length);
  const last = judged.at(-1)?.credentialId;
  useEffect(() => list.current?.lastElementChild?.scrollIntoView?.({ block: 'nearest', inline: 'nearest' }), [last]);
  const walk = (event: TargetedKeyboardEvent<HTMLOListElement>): void => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const now = judged.findIndex(({ credentialId }) => credentialId === selected);
    const next = by === undefined ? undefined : judged[now + by];
    if (!next) return;
    event.preventDefault();
    onSelect(next.credentialId);
    list.current?.querySelectorAll('button')[now + by!]?.focus();
  };
  return (
    <div class="risk-plot">
      {bandsOf(rule).map(({ from, to, lifespanMs }, i) => (
        <div key={from} class="risk-band" data-band={i} style={{ height: percent(to - from) }}>
          <span class="risk-life">{lifespan(lifespanMs)}</span>
          <span class="risk-bound">{i === 0 ? 'risk 0' : from}</span>
        </div>
      ))}
      <svg class="risk-line" viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true" focusable="false">
        <polyline points={judged.map(({ risk }, i) => `${100 * place(i)},${100 * risk}`).join(' ')} />
      </svg>
      <ol ref={list} class="risk-points" aria-label="Sign-ins by risk" onKeyDown={walk}>
        {judged.map((signIn, i) => {
          const { credentialId, risk, lifespanMs, at } = signIn;
          const typist = typists.get(credentialId) ?? 'owner';
          return (
            <li key={credentialId} style={{ left: percent(place(i)), top: percent(risk) }}>
              <button
                type="button"
                class="risk-point"
                data-band={bandOf(risk, rule)}
                data-typist={typist}
                aria-current={credentialId === selected}
                tabIndex={credentialId === selected ? 0 : -1}
                aria-label={`${timeOfDay(at)}, ${typist === 'friend' ? 'a friend' : 'you'}: ${reasonOf(signIn)}, risk ${risk.toFixed(2)}, key for ${lifespan(lifespanMs)}`}
                onClick={() => onSelect(credentialId)}
              />
            </li>
          );
        })}
      </ol>
      {judged.length === 0 && <p class="risk-none">Sign-ins appear here once you are known</p>}
    </div>
  );
};
