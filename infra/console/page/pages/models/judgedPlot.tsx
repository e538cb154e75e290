import type { ModelReport } from '../../../view/models.ts';
import { plain, score } from '../../format.ts';

const side = 300;
const margin = { left: 34, bottom: 34, top: 20, right: 8 } as const;
const width = side + margin.left + margin.right;
const height = side + margin.top + margin.bottom;
const x = (value: number): number => margin.left + Math.min(1, Math.max(0, value)) * side;
const y = (value: number): number => margin.top + (1 - Math.min(1, Math.max(0, value))) * side;
const reach = 5;

type Judged = ModelReport['comparison']['judged'][number];

const isAttack = ({ verdict }: Judged): boolean => verdict === 'maliciousActivity';

/** What the picture says, in words. */
const said = (judged: readonly Judged[], threshold: number): string => {
  const count = (attack: boolean, test: (one: Judged) => boolean): number =>
    judged.filter((one) => isAttack(one) === attack && test(one)).length;
  const of = (attack: boolean): string => {
    const gone = count(attack, (one) => one.champion > threshold && !(one.challenger > threshold));
    const come = count(attack, (one) => !(one.champion > threshold) && one.challenger > threshold);
    const both = count(attack, (one) => one.champion > threshold && one.challenger > threshold);
    return `${count(attack, () => true)}: ${both} reach the threshold with both, ${gone} with the champion alone, ${come} with the challenger alone`;
  };
  return `Judged malicious ${of(true)}. Judged benign ${of(false)}.`;
};

const Mark = ({ one }: { readonly one: Judged }) => {
  const [cx, cy] = [x(one.champion), y(one.challenger)];
  const held = one.heldOut ? 'held out' : 'learned from';
  const title = (
    <title>{`${one.subject}, ${plain(one.verdict)}, ${held}: champion ${score(one.champion)}, challenger ${score(one.challenger)}`}</title>
  );
  const common = { class: 'judged-mark', 'data-attack': isAttack(one), 'data-held': one.heldOut };
  return isAttack(one) ? (
    <path
      {...common}
      d={`M${cx} ${cy - reach - 1.5}l${reach + 1.5} ${reach + 1.5}-${reach + 1.5} ${reach + 1.5}-${reach + 1.5}-${reach + 1.5}z`}
    >
      {title}
    </path>
  ) : (
    <circle {...common} cx={cx} cy={cy} r={reach}>
      {title}
    </circle>
  );
};

/** Each judged stretch by the highest score that the champion and the challenger give it. */
export const JudgedPlot = ({
  comparison: { judged, threshold },
}: {
  readonly comparison: ModelReport['comparison'];
}) => {
  if (judged.length === 0) return null;
  return (
    <figure class="judged-plot">
      <figcaption>
        <span class="judged-key" data-attack="true">
          judged malicious
        </span>
        <span class="judged-key">judged benign</span>
        <span class="chart-note">filled: held out; shaded: one alarms alone</span>
      </figcaption>
      <svg viewBox={`0 0 ${width} ${height}`} role="img" aria-label={said(judged, threshold)}>
        <rect
          class="judged-alone"
          x={x(threshold)}
          y={y(threshold)}
          width={x(1) - x(threshold)}
          height={y(0) - y(threshold)}
        />
        <rect class="judged-alone" x={x(0)} y={y(1)} width={x(threshold) - x(0)} height={y(threshold) - y(1)} />
        <path class="judged-frame" d={`M${x(0)} ${y(1)}V${y(0)}H${x(1)}`} />
        <line class="judged-same" x1={x(0)} y1={y(0)} x2={x(1)} y2={y(1)} />
        <line class="bar-level" x1={x(threshold)} y1={y(0)} x2={x(threshold)} y2={y(1)} />
        <line class="bar-level" x1={x(0)} y1={y(threshold)} x2={x(1)} y2={y(threshold)} />
        {judged.map((one) => (
          <Mark key={`${one.subject} ${one.fromMs} ${one.verdict}`} one={one} />
        ))}
        {[0, threshold, 1].map((value) => (
          <g key={value}>
            <text x={x(value)} y={y(0) + 14} text-anchor={value === 1 ? 'end' : 'middle'}>
              {Number(value.toFixed(2))}
            </text>
            <text x={margin.left - 6} y={y(value) + 4} text-anchor="end">
              {Number(value.toFixed(2))}
            </text>
          </g>
        ))}
        <g>
          <text x={x(1)} y={height - 4} text-anchor="end">
            champion’s score →
          </text>
          <text x={4} y={11}>
            ↑ challenger’s score
          </text>
        </g>
      </svg>
    </figure>
  );
};
