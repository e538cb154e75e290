import { equalErrorRate, errorCurve } from '../../biometric/errorRates.ts';
import { type KeyClass, type Press, typingFeatures } from '../../biometric/keyClasses.ts';
import { typingSample } from '../../biometric/summaries.ts';
import { summaryDistance, typingVerifier } from '../../biometric/summary.ts';
import { makeTemplate, templateDefaults } from '../../biometric/template.ts';
import { mean, type ReportTable } from '../evaluation.ts';
import { type CmuTyping, cmuEnrolled } from './cmuData.ts';

/** Classes of the keys of `.tie5Roanl` and Return, as the browser agent sees them. */
const classes: readonly KeyClass[] = [
  'other',
  ...(['letter', 'letter', 'letter'] as const),
  'digit',
  ...(['letter', 'letter', 'letter', 'letter', 'letter'] as const),
  'other',
];
/** Repetitions that make a stretch: 44 presses. */
const repetitions = 4;
/** Seconds between repetitions: a pause, which is no typing. */
const pauseS = 10;

/** What was typed in a row, with nothing left of which key it was but its class. */
const stretchOf = (data: CmuTyping, person: number, from: number): Float64Array => {
  const presses: Press[] = [];
  let down = 0;
  for (let repetition = from; repetition < from + repetitions; repetition++) {
    const seconds = data.seconds(person, repetition);
    down += pauseS;
    classes.forEach((of, key) => {
      if (key > 0) down += seconds[3 * key - 2]!;
      presses.push({ of, down, up: down + seconds[3 * key]! });
    });
  }
  return typingSample(typingFeatures(presses));
};

/** How well people are told apart by classes of keys. */
export interface AsFreeTyping {
  readonly eerMean: number;
  readonly eerSd: number;
  /** Shares of stretches whose risk is below 0.5, of owners, and above it, of others. */
  readonly owners: number;
  readonly impostors: number;
}

/**
 * The verifier of free typing on CMU's phrase: stretches of four repetitions, of which it is told classes of keys alone. All type
 * the same, so that it is easier than free text is; what it shows is that the features tell people apart, and where the curve
 * lies. Enrolled: the first 200 repetitions; the owner tries with the others, each other person with their first four.
 *
 * @returns undefined for another phrase than CMU's
 */
export const asFreeTyping = async (data: CmuTyping): Promise<AsFreeTyping | undefined> => {
  if (data.timings !== 3 * classes.length - 2) return undefined;
  const firsts = data.typists.map((_, person) => stretchOf(data, person, 0));
  const [rates, owners, impostors] = [[] as number[], [] as number[], [] as number[]];
  for (const [person, { repetitions: typed }] of data.typists.entries()) {
    const stretches = (from: number, before: number): Float64Array[] =>
      Array.from({ length: Math.floor((before - from) / repetitions) }, (_, i) =>
        stretchOf(data, person, from + i * repetitions),
      );
    const enrolled = stretches(0, cmuEnrolled);
    const size = firsts[person]!.length;
    const rows = new Float64Array(enrolled.length * size);
    for (const [i, stretch] of enrolled.entries()) rows.set(stretch, i * size);
    const template = makeTemplate(rows, size, { ...templateDefaults, partial: true });
    const own = stretches(cmuEnrolled, typed);
    const others = firsts.filter((_, other) => other !== person);
    const far = (stretch: Float64Array): number => summaryDistance(template, stretch);
    rates.push(equalErrorRate(errorCurve(own.map(far), others.map(far))));
    const odds = async (stretch: Float64Array): Promise<number> => typingVerifier.logOdds(template, [stretch]);
    owners.push(mean(await Promise.all(own.map(async (it) => Number((await odds(it)) < 0)))));
    impostors.push(mean(await Promise.all(others.map(async (it) => Number((await odds(it)) > 0)))));
  }
  const eerMean = mean(rates);
  const eerSd = Math.sqrt(rates.reduce((sum, it) => sum + (it - eerMean) ** 2, 0) / (rates.length - 1));
  return { eerMean, eerSd, owners: mean(owners), impostors: mean(impostors) };
};

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** The table of it. */
export const freeTypingTable = ({ eerMean, eerSd, owners, impostors }: AsFreeTyping): ReportTable => ({
  title: 'As free typing: stretches of four repetitions, by classes of keys alone',
  headings: ['verifier', 'EER', 'SD', 'owners below risk 0.5', 'others above it'],
  rows: [['typing.statistical', eerMean.toFixed(4), eerSd.toFixed(4), percent(owners), percent(impostors)]],
  note: 'All type one text, so that this is easier than free text: no accuracy of free typing.',
});
