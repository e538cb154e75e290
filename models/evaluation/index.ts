import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { packageRoot } from '../../infra/paths.ts';
import { EbbtideError } from '../../schemas/errors.ts';
import { evaluateAttacks } from './attacks.ts';
import { balabitDetectors, cmuDetectors } from './biometric/names.ts';
import type { Evaluator } from './evaluation.ts';
import { evaluateFolder } from './folder.ts';
import { evaluateNab } from './nab.ts';
import { type SubjectName, subjectNames } from './names.ts';
import { evaluateSmd } from './smd.ts';

export type { Evaluation, EvaluationRequest, Evaluator } from './evaluation.ts';

/** How one subject is evaluated. */
export interface EvaluationSubject {
  readonly summary: string;
  /** By the name of a data set of a known form. */
  readonly sets: Readonly<
    Record<
      string,
      {
        readonly folder: string;
        readonly evaluate: Evaluator;
        /** Where they are not those of the subject. */
        readonly detectors?: readonly string[];
      }
    >
  >;
  /** For a folder of one's own, where that is possible. */
  readonly own?: Evaluator;
  /** Detectors that are compared unless others are named; the first is ours. */
  readonly detectors: readonly string[];
}

/** Everything that can be evaluated, by its name on the command line. */
export const subjects: Readonly<Record<SubjectName, EvaluationSubject>> = {
  anomaly: {
    summary: 'the anomaly detectors, on real telemetry',
    sets: {
      nab: { folder: 'nab', evaluate: evaluateNab },
      smd: { folder: 'smd', evaluate: evaluateSmd },
      attacks: { folder: 'smd', evaluate: evaluateAttacks },
    },
    own: evaluateFolder,
    detectors: [
      'ebbtide',
      'statistics',
      'lstm',
      'shipped',
      'windowedGaussian',
      'ewma',
      'pca',
      'isolationForest',
      'random',
    ],
  },
  scope: {
    summary: 'the scope model, on sessions of people and bots',
    sets: {
      // Sessions go through the pipeline itself, which models know nothing of: it is fetched when it is asked for.
      'web-bot': {
        folder: 'web-bot',
        evaluate: async (request) =>
          (await import('../../pipelines/scope/evaluation/webBot.ts')).evaluateWebBot(request),
      },
    },
    detectors: ['ebbtide', 'withoutCaching', 'walk', 'linear', 'lstm', 'usual', 'signs', 'random'],
  },
  access: {
    summary: 'when people come back, on a log of job submissions',
    sets: {
      nasa: {
        folder: 'access',
        evaluate: async (request) => (await import('./access/index.ts')).evaluateNasa()(request),
      },
    },
    detectors: ['ebbtide', 'network', 'trees', 'statistics', 'recency'],
  },
  biometric: {
    summary: 'verifiers of behaviour: how people type, and how they move a mouse',
    sets: {
      cmu: {
        folder: 'keystroke',
        evaluate: async (request) => (await import('./biometric/cmu.ts')).evaluateCmu(request),
      },
      balabit: {
        folder: 'mouse',
        evaluate: async (request) => (await import('./biometric/balabit.ts')).evaluateBalabit(request),
        detectors: balabitDetectors,
      },
    },
    detectors: cmuDetectors,
  },
};

/** Where the data sets lie unless told otherwise. */
export const dataSetsFolder = (): string => resolve(packageRoot(), '..', 'shared', 'data');

/**
 * Find the evaluator and the folder that `--data` names: a set (`nab`), a set elsewhere (`nab=DIR`), or a folder.
 *
 * @param subject such as `anomaly`
 * @param data as given on the command line
 * @throws EbbtideError REQUEST_INVALID for an unknown subject or set, DATA_MISSING when the folder is not there or empty
 */
export const findEvaluator = (
  subject: string,
  data: string,
): { evaluate: Evaluator; folder: string; detectors: readonly string[] } => {
  const known = subjectNames.find((name) => name === subject);
  if (!known)
    throw new EbbtideError(
      'REQUEST_INVALID',
      `Nothing named ${subject} can be evaluated, only ${subjectNames.join(', ')}`,
    );
  const found: EvaluationSubject = subjects[known];
  const [name = '', path] = data.split(/=(.*)/s);
  const set = found.sets[name];
  if (path !== undefined && !set)
    throw new EbbtideError(
      'REQUEST_INVALID',
      `No data set is named ${name}; there are ${Object.keys(found.sets).join(', ')}`,
    );
  if (!set && !found.own)
    throw new EbbtideError(
      'REQUEST_INVALID',
      `Data of ${subject} must be one of ${Object.keys(found.sets).join(', ')}, got ${data}`,
    );
  const folder = set ? resolve(path ?? join(dataSetsFolder(), set.folder)) : resolve(data);
  if (!existsSync(folder) || readdirSync(folder).length === 0)
    throw new EbbtideError(
      'DATA_MISSING',
      set
        ? `Data set ${name} is not in ${folder}; docs/evaluation.md says where to get it, then name its folder: --data ${name}=DIR`
        : `Folder ${folder} is not there or empty; name a data set (${Object.keys(found.sets).join(', ')}) or a folder of CSV files`,
      { folder },
    );
  return { evaluate: set ? set.evaluate : found.own!, folder, detectors: set?.detectors ?? found.detectors };
};
