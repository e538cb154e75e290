import type { Score } from '../../../../../schemas/generated/Score.ts';
import type { SubjectDetail } from '../../../view/subject.ts';
import { plain } from '../../format.ts';

const figures = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3, notation: 'compact' });

/** `0.75 cores, expected 0.25`. */
const seenOf = (lastScore: Score | null, feature: string): string => {
  const found = lastScore?.contributions.find((one) => one.feature === feature);
  if (!found) return '';
  if (found.observed === null) return found.expected === null ? '' : 'missing in the last window';
  const expected = found.expected === null ? '' : `, expected ${figures.format(found.expected)}`;
  return `last ${figures.format(found.observed)} ${found.unit}${expected}`;
};

/** What moved the score over the time that is shown: the share of each feature, weighted by the score. */
export const Features = ({
  features,
  lastScore,
}: {
  readonly features: SubjectDetail['features'];
  readonly lastScore: Score | null;
}) => (
  <section aria-labelledby="features-title">
    <h2 id="features-title">What moves the score</h2>
    {features.length === 0 ? (
      <p class="none">Nothing has moved it yet.</p>
    ) : (
      <ul class="moved">
        {features.slice(0, 8).map(({ feature, weight }) => (
          <li key={feature}>
            <span class="moved-name">
              {plain(feature)}
              <span class="moved-seen">{seenOf(lastScore, feature)}</span>
            </span>
            <span class="bar" aria-hidden="true" style={{ '--share': Math.min(1, Math.max(0, weight)) }} />
            <span class="moved-share">{Math.round(weight * 100)} %</span>
          </li>
        ))}
      </ul>
    )}
  </section>
);
