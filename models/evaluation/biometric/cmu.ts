import { EbbtideError } from '../../../schemas/errors.ts';
import { sigmoid, statisticalLogOdds } from '../../biometric/risk.ts';
import { type Evaluation, type Evaluator, round4 } from '../evaluation.ts';
import { asFreeTyping, freeTypingTable } from './asFreeTyping.ts';
import { type BackgroundOptions, backgroundDefaults, foldCount, trainFolds } from './background.ts';
import { cmuEnrolled, readCmu } from './cmuData.ts';
import { fewTable } from './few.ts';
import { atLeast, atMost, grantSessions, grantsTable } from './grants.ts';
import { cmuDetectors } from './names.ts';
import { paperRates } from './paper.ts';
import { errorPlot, peoplePlot, riskPlot } from './plots.ts';
import { publishedDetectors } from './published.ts';
import { published, type Rates, ratesOf, type Scores, tryPerson, withEnrolled } from './trials.ts';
import { simulateUpdating, updatingTable } from './updating.ts';
import { joinScores, logOddsOf, tryComparator, tryStatistical } from './verifiers.ts';

/** Samples enrolled, where few are. */
const enrolments = [10, 25, 50, 100] as const;
const sessionAttempts = [1, 2, 3, 5] as const;
/** Units of progress that a fold takes, and the simulation of updates; everything else takes one. */
const units = { fold: 20, updating: 6 } as const;

const collect = async <T>(people: readonly number[], of: (person: number) => Promise<T>): Promise<T[]> => {
  const all: T[] = [];
  for (const person of people) all.push(await of(person));
  return all;
};

/** How to evaluate on CMU's benchmark; the command takes the defaults. */
export type CmuOptions = Partial<BackgroundOptions>;

/**
 * Make an evaluator of CMU's keystroke benchmark. The statistical verifier knows a person's own samples alone; the
 * comparator was trained on the people of the other folds, and is tried by people and impostors of its own.
 */
export const cmuEvaluator =
  (options: CmuOptions = {}): Evaluator =>
  async ({ folder, detectors, onProgress, signal }): Promise<Evaluation> => {
    const unknown = detectors.find((name) => !cmuDetectors.includes(name));
    if (unknown !== undefined)
      throw new EbbtideError(
        'REQUEST_INVALID',
        `No verifier of keystrokes is named ${unknown}; there are ${cmuDetectors.join(', ')}`,
      );
    const data = readCmu(folder);
    const everybody = [...data.typists.keys()];
    const background = { ...backgroundDefaults, ...options };
    const trains = detectors.includes('comparator') || detectors.includes('joined');
    const folds = trains ? background.folds.length : 0;
    const total = detectors.length + enrolments.length + folds * units.fold + units.updating;
    let done = 0;
    const step = (note: string, by = 1): void => {
      if (signal?.aborted) throw new EbbtideError('CANCELLED', 'Evaluation was cancelled');
      onProgress(Math.floor(done), total, note);
      done += by;
    };

    const verifiers = new Map<string, Rates>();
    step('statistical');
    const own = await collect(everybody, (person) => tryStatistical(data, person, everybody, published));
    verifiers.set('statistical', ratesOf(own));
    const few = new Map<string, readonly (readonly Scores[])[]>();
    const ownFew: Scores[][] = [];
    for (const enrolled of enrolments) {
      step(`statistical, ${enrolled} enrolled`);
      ownFew.push(await collect(everybody, (it) => tryStatistical(data, it, everybody, withEnrolled(enrolled))));
    }
    few.set('statistical', ownFew);

    const compared: Scores[] = [];
    const joined: Scores[] = [];
    const comparedFew = enrolments.map((): Scores[] => []);
    const joinedFew = enrolments.map((): Scores[] => []);
    if (trains) {
      const begun = done;
      const tell = (at: number, of: number): void => {
        done = begun + (at / of) * folds * units.fold;
        step('trains the comparator', 0);
      };
      for await (const { comparator, people } of trainFolds(data, background, tell, signal)) {
        for (const person of people) {
          const scores = await tryComparator(comparator, data, person, people, published);
          compared.push(scores);
          joined.push(joinScores(await tryStatistical(data, person, people, published), scores));
          for (const [i, enrolled] of enrolments.entries()) {
            const protocol = withEnrolled(enrolled);
            const scores = await tryComparator(comparator, data, person, people, protocol);
            comparedFew[i]!.push(scores);
            joinedFew[i]!.push(joinScores(await tryStatistical(data, person, people, protocol), scores));
          }
        }
      }
      done = begun + folds * units.fold;
      verifiers.set('comparator', ratesOf(compared));
      verifiers.set('joined', ratesOf(joined));
      few.set('comparator', comparedFew);
      few.set('joined', joinedFew);
    }

    for (const [name, detector] of Object.entries(publishedDetectors)) {
      if (!detectors.includes(name)) continue;
      step(name);
      const scores = await collect(everybody, (person) => {
        const own = data.typists[person]!.seconds.subarray(0, cmuEnrolled * data.timings);
        const score = detector(own, data.timings);
        return tryPerson(data, person, everybody, published, (samples) => samples.map(score), data.seconds);
      });
      verifiers.set(name, ratesOf(scores));
    }

    const begun = done;
    const updating = simulateUpdating(data, (at, of) => {
      done = begun + (at / of) * units.updating;
      step('learns from use, and is attacked', 0);
    });
    const free = await asFreeTyping(data);
    onProgress(total, total, 'done');

    const grants = [
      ...sessionAttempts.map((attempts) => ({
        verifier: 'statistical',
        attempts,
        granted: grantSessions(own, attempts, logOddsOf.statistical),
      })),
      ...(trains
        ? [
            ...sessionAttempts.map((attempts) => ({
              verifier: 'comparator',
              attempts,
              granted: grantSessions(compared, attempts, logOddsOf.comparator),
            })),
            { verifier: 'joined', attempts: 1, granted: grantSessions(joined, 1, logOddsOf.joined) },
          ]
        : []),
    ];
    const single = (verifier: string) => grants.find((it) => it.verifier === verifier && it.attempts === 1)!.granted;
    const anchored = updating.find(({ policy }) => policy === 'anchored')!;
    const naive = updating.find(({ policy }) => policy === 'low risk')!;
    const backgroundFigures = (name: string, suffix: string): Record<string, number> => ({
      [`eerMean${suffix}`]: round4(verifiers.get(name)!.eerMean),
      [`eerSd${suffix}`]: round4(verifiers.get(name)!.eerSd),
      [`eerPractised${suffix}`]: round4(verifiers.get(name)!.eerPractised),
      [`zeroMissFalseAlarm${suffix}`]: round4(verifiers.get(name)!.zeroMissFalseAlarm),
      [`ownersAtLeast6h${suffix}`]: round4(atLeast(single(name).owners, 6)),
      [`impostorsAtMost1h${suffix}`]: round4(atMost(single(name).impostors, 1)),
    });
    const fewFigures = [...few].flatMap(([name, of]) => {
      const suffix = { statistical: '', comparator: 'Background', joined: 'Joined' }[name]!;
      return enrolments.map(
        (enrolled, i) => [`eer${enrolled}Enrolled${suffix}`, round4(ratesOf(of[i]!).eerMean)] as const,
      );
    });
    return {
      name: 'biometric-cmu',
      title: 'Keystrokes: CMU benchmark (Killourhy and Maxion 2009)',
      figures: {
        ...backgroundFigures('statistical', ''),
        ...(trains ? backgroundFigures('comparator', 'Background') : {}),
        ...(trains ? backgroundFigures('joined', 'Joined') : {}),
        ...Object.fromEntries(fewFigures),
        poisonedLowRisk: round4(naive.after),
        poisonedAnchored: round4(anchored.after),
        unpoisoned: round4(anchored.before),
        ownersAtLeast6hAnchored: round4(anchored.owners),
        ...(free && { eerAsFreeTyping: round4(free.eerMean) }),
        people: data.typists.length,
        peopleBackground: compared.length,
      },
      tables: [
        {
          title: 'Equal error rate, mean over people',
          headings: ['verifier', 'EER', 'SD', 'practised', 'zero-miss false alarms', 'people'],
          rows: [...verifiers].map(([name, rates]) => [
            name,
            ...[rates.eerMean, rates.eerSd, rates.eerPractised, rates.zeroMissFalseAlarm].map(round4),
            rates.eer.length,
          ]),
          note: 'Enrolled: repetitions 1–200; genuine 201–400; impostors: repetitions 1–5 of the others, practised ones 396–400. comparator and joined: impostors of the same fold alone, whom training has not seen either.',
        },
        paperTable(verifiers),
        fewTable(enrolments, few),
        grantsTable(grants),
        updatingTable(updating),
        ...(free ? [freeTypingTable(free)] : []),
      ],
      plots: [
        errorPlot(verifiers),
        peoplePlot(verifiers),
        riskPlot('statistical', own, (score) => sigmoid(statisticalLogOdds([score]))),
        ...(trains ? [riskPlot('comparator', compared, sigmoid)] : []),
      ],
      timelines: [],
      notes: [
        'The statistical verifier is given no other person’s typing. Its curve from distance to risk was fitted on training parts.',
        ...(trains
          ? [
              `The comparator: ${folds} of ${foldCount} folds of people, ${background.epochs * 50} updates each, seed ${background.seed}; ${compared.length} people tested.`,
            ]
          : ['The comparator was not asked for.']),
      ],
    };
  };

/** The fourteen detectors of the paper as it reports them, beside what those rebuilt here give. */
const paperTable = (verifiers: ReadonlyMap<string, Rates>) => ({
  title: 'The paper’s detectors, mean equal error rate over people',
  headings: ['detector', 'as published', 'SD', 'here'],
  rows: paperRates.map(({ detector, eerMean, eerSd, rebuilt }) => {
    const here = rebuilt === undefined ? undefined : verifiers.get(rebuilt);
    return [detector, eerMean, eerSd, here ? round4(here.eerMean) : ''];
  }),
  note: 'Killourhy and Maxion, DSN 2009. Empty: not rebuilt here, or not asked for.',
});

/** CMU's keystroke benchmark by the published protocol, all folds. */
export const evaluateCmu: Evaluator = cmuEvaluator();
