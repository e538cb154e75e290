import { EbbtideError } from '../../../schemas/errors.ts';
import { areaUnderRoc } from '../../biometric/errorRates.ts';
import { mouseFeatures } from '../../biometric/mouse/features.ts';
import { fitQuantileLogistic, quantileLogit } from '../../biometric/mouse/quantileLogistic.ts';
import { distance } from '../../biometric/statistical.ts';
import { makeTemplate } from '../../biometric/template.ts';
import { createRandom, type Random } from '../../training/random.ts';
import { type Evaluator, mean, round4 } from '../evaluation.ts';
import { type MouseUser, readBalabit } from './balabitData.ts';
import { balabitDetectors } from './names.ts';

const trainShare = 0.6;
/** Splits of the sessions: one long and odd session moves the mean by 0.05, whichever side it falls on. */
const splits = [1, 2, 3, 4];
/** The other people are dealt into so many groups; those of one are the unknown impostors in turn. */
const groups = 3;
const chunkSizes = [1, 3, 5, 10, 20] as const;

type Sessions = MouseUser['sessions'];

const joined = (samples: readonly Float64Array[]): Float64Array => {
  const all = new Float64Array(samples.length * mouseFeatures.size);
  samples.forEach((sample, i) => void all.set(sample, i * mouseFeatures.size));
  return all;
};

const shuffled = <T>(items: readonly T[], next: () => number): T[] =>
  items
    .map((item) => ({ item, at: next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);

/** Mean scores of runs of actions within each session. */
const chunksOf = (sessions: readonly (readonly number[])[], size: number): number[] =>
  sessions.flatMap((scores) =>
    Array.from({ length: Math.floor(scores.length / size) }, (_, i) => mean(scores.slice(i * size, (i + 1) * size))),
  );

/** So many draws of a person's actions tell the area to two digits. */
const draws = 400;

/** Mean scores of actions drawn by chance out of all sessions: what makes one session unlike another evens out. */
const drawnOf = (sessions: readonly (readonly number[])[], size: number, random: Random): number[] => {
  const all = sessions.flat();
  const one = () => all[random.integer(0, all.length)]!;
  return Array.from({ length: draws }, () => mean(Array.from({ length: size }, one)));
};

/** Scores an action: the higher, the more of an impostor. */
type Score = (sample: Float64Array) => number;

const detectors: Readonly<Record<string, (own: readonly Float64Array[], others: readonly Float64Array[]) => Score>> = {
  quantileLogistic: (own, others) => {
    const model = fitQuantileLogistic(joined(own), joined(others), mouseFeatures.size);
    return (sample) => quantileLogit(model, sample);
  },
  statistical: (own) => {
    const template = makeTemplate(joined(own), mouseFeatures.size);
    return (sample) => Math.log(distance(template, sample));
  },
};

/** Mouse dynamics on Balabit's training sessions, split by session, against people whom training has not seen. */
export const evaluateBalabit: Evaluator = async ({ folder, detectors: names, onProgress, signal }) => {
  const unknown = names.find((name) => !(name in detectors));
  if (unknown !== undefined)
    throw new EbbtideError(
      'REQUEST_INVALID',
      `No verifier of mouse movement is named ${unknown}; there are ${balabitDetectors.join(', ')}`,
    );
  onProgress(0, 1, 'reads the sessions');
  const users = readBalabit(folder);
  const total = names.length * splits.length * users.length;
  const empty = () => users.map(() => chunkSizes.map((): number[] => []));
  const results = new Map(names.map((name) => [name, empty()]));
  const drawn = new Map(names.map((name) => [name, empty()]));
  let done = 0;
  for (const split of splits) {
    const random = createRandom(split);
    const sessions = users.map((user) => shuffled(user.sessions, random.next));
    const cut = (of: Sessions): number => Math.round(of.length * trainShare);
    const train = sessions.map((of) => of.slice(0, cut(of)).flat());
    const test = sessions.map((of) => of.slice(cut(of)));
    for (const [name, areas] of results)
      for (const [user, own] of areas.entries()) {
        if (signal?.aborted) throw new EbbtideError('CANCELLED', 'Evaluation was cancelled');
        onProgress(done++, total, `${name}, split ${split}, ${users[user]!.name}`);
        await new Promise((resolve) => setImmediate(resolve));
        const others = [...users.keys()].filter((it) => it !== user);
        for (let group = 0; group < groups; group++) {
          const impostors = others.filter((_, i) => i % groups === group);
          const known = others.filter((it) => !impostors.includes(it));
          const score = detectors[name]!(
            train[user]!,
            known.flatMap((it) => train[it]!),
          );
          const scored = (of: Sessions): number[][] => of.map((session) => session.map(score));
          const genuine = scored(test[user]!);
          const foreign = impostors.map((it) => scored(test[it]!));
          const draw = createRandom(1_000 * split + user);
          for (const [i, size] of chunkSizes.entries()) {
            own[i]!.push(areaUnderRoc(chunksOf(genuine, size), chunksOf(foreign.flat(), size)));
            drawn.get(name)![user]![i]!.push(
              areaUnderRoc(
                drawnOf(genuine, size, draw),
                foreign.flatMap((of) => drawnOf(of, size, draw)),
              ),
            );
          }
        }
      }
  }
  onProgress(total, total, 'done');
  const area = (name: string, chunk: number, of = results): number =>
    mean(of.get(name)!.map((areas) => mean(areas[chunk]!)));
  const first = names[0]!;
  return {
    name: 'biometric-balabit',
    title: 'Mouse: training sessions of the Balabit challenge',
    figures: Object.fromEntries(
      chunkSizes.flatMap((size, i) => {
        const figure = `auc${size}Action${size === 1 ? '' : 's'}`;
        return [
          [figure, round4(area(first, i))],
          [`${figure}Drawn`, round4(area(first, i, drawn))],
        ];
      }),
    ),
    tables: [
      {
        title: 'Area under the ROC curve by number of actions, mean over people and splits',
        headings: ['verifier', ...chunkSizes.map((size) => `${size}`)],
        rows: names.flatMap((name) => [
          [name, ...chunkSizes.map((_, i) => round4(area(name, i)))],
          [`${name}, drawn`, ...chunkSizes.map((_, i) => round4(area(name, i, drawn)))],
        ]),
        note: `60 % of each person's sessions train, the others test; ${splits.length} splits by chance. Impostors are people of whom training has seen nothing. Actions follow one another in a session; drawn: by chance out of all sessions of a person that test.`,
      },
      {
        title: `By person, ${first}, 10 actions`,
        headings: ['person', 'AUC', 'sessions', 'actions'],
        rows: users.map(({ name, sessions }, user) => [
          name,
          round4(mean(results.get(first)![user]![chunkSizes.indexOf(10)]!)),
          sessions.length,
          sessions.reduce((sum, { length }) => sum + length, 0),
        ]),
      },
    ],
    plots: [
      {
        title: 'More actions tell more',
        x: 'actions',
        y: 'area under the ROC curve',
        curves: names.map((name) => ({ name, points: chunkSizes.map((size, i) => [size, area(name, i)] as const) })),
      },
    ],
    timelines: [],
    notes: ['Published on the challenge’s own test part: 0.92 on sets of actions (Antal and Egyed-Zsigmond 2018).'],
  };
};
