import type { scopeFeatures } from '../../../models/scope/features.ts';
import type { Head } from '../../../models/scope/head.ts';
import { defaultScopeModel, type ScopeModel, trainedScopeModel } from '../../../models/scope/model.ts';
import { type LabelledSequence, trainScope, withLinear } from '../../../models/scope/train.ts';
import { createRandom } from '../../../models/training/random.ts';

/** Makes a model for one session out of sessions that the session is none of. */
export interface ScopeDetector {
  readonly summary: string;
  /** What is learned of most sessions, for all that were left out together; absent where nothing is. */
  train?(sequences: readonly LabelledSequence[], signal?: AbortSignal): Head;
  /**
   * @param head - what {@link train} gave without the session's tenth
   * @param others - all sessions but the one
   */
  model(head: Head | undefined, others: readonly LabelledSequence[]): ScopeModel;
}

type Use = (feature: (typeof scopeFeatures.features)[number]) => boolean;

const seed = 1;

const trained = (summary: string, use: Use, change: (head: Head) => Head = (head) => head): ScopeDetector => ({
  summary,
  train: (sequences, signal) =>
    trainScope(sequences, { version: 'left-out', seed, use, ...(signal ? { signal } : {}) }).head,
  model: (head, others) => trainedScopeModel(change(withLinear(head!, others))),
});

/** Trained on people alone: nobody says what a bot is. */
const usual: ScopeDetector = {
  summary: 'an LSTM that learned people alone, without labels',
  train: (sequences, signal) =>
    trainScope(
      sequences.filter(({ malicious }) => !malicious),
      { version: 'left-out', seed, ...(signal ? { signal } : {}) },
    ).head,
  model: (head) => trainedScopeModel(head!),
};

const everything: Use = () => true;
const random = createRandom(seed);

/** Everything that can be compared, by name. */
export const scopeDetectors: Readonly<Record<string, ScopeDetector>> = {
  ebbtide: trained('linear part and LSTM, joined', everything),
  withoutCaching: trained('the same without features that caching may have made', ({ caching }) => !caching),
  walk: trained('the same with nothing but the way through pages', ({ name }) => name.startsWith('walk.')),
  linear: trained('the linear part alone', everything, (head) => ({ ...head, join: [head.join[0], head.join[1], 0] })),
  lstm: trained('the LSTM alone', everything, (head) => ({ ...head, join: [head.join[0], 0, 1] })),
  usual,
  signs: { summary: 'signs of misuse that need no training', model: () => defaultScopeModel },
  random: {
    summary: 'chance',
    model: () => ({
      version: 'random',
      assess: () => ({ risk: 0, pValue: 1, statistic: random.next(), parts: [], carried: new Float32Array(0) }),
    }),
  },
};
