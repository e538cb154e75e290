import { onnxRuntime } from '../../../models/runtimes/onnx.ts';
import type { scopeFeatures } from '../../../models/scope/features.ts';
import type { Head, ScopeParts } from '../../../models/scope/head.ts';
import { type LabelledSequence, learnScope, withLinear } from '../../../models/scope/learn.ts';
import { defaultScopeModel, type ScopeModel, trainedScopeModel } from '../../../models/scope/model.ts';
import { startBackend } from '../../../models/training/backend.ts';
import { createRandom } from '../../../models/training/random.ts';

/** Makes a model for one session out of sessions that the session is none of. */
export interface ScopeDetector {
  readonly summary: string;
  /** What is learned of most sessions, for all that were left out together; absent where nothing is. */
  train?(sequences: readonly LabelledSequence[], signal?: AbortSignal): Promise<ScopeParts>;
  /**
   * @param parts - what {@link train} gave without the session's tenth
   * @param others - all sessions but the one
   */
  model(parts: ScopeParts | undefined, others: readonly LabelledSequence[]): Promise<ScopeModel>;
}

type Use = (feature: (typeof scopeFeatures.features)[number]) => boolean;

const seed = 1;

const learned = async (
  sequences: readonly LabelledSequence[],
  use: Use | undefined,
  signal: AbortSignal | undefined,
): Promise<ScopeParts> => {
  await startBackend();
  const { parts } = await learnScope(sequences, { seed, ...(use ? { use } : {}), ...(signal ? { signal } : {}) });
  return parts;
};

const modelOf = (parts: ScopeParts) => trainedScopeModel('left-out', parts, onnxRuntime);

const trained = (summary: string, use: Use, change: (head: Head) => Head = (head) => head): ScopeDetector => ({
  summary,
  train: (sequences, signal) => learned(sequences, use, signal),
  model: (parts, others) => {
    const { head, network } = withLinear(parts!, others);
    return modelOf({ head: change(head), network });
  },
});

/** Trained on people alone: nobody says what a bot is. */
const usual: ScopeDetector = {
  summary: 'an LSTM that learned people alone, without labels',
  train: (sequences, signal) =>
    learned(
      sequences.filter(({ malicious }) => !malicious),
      undefined,
      signal,
    ),
  model: (parts) => modelOf(parts!),
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
  signs: { summary: 'signs of misuse that need no training', model: async () => defaultScopeModel },
  random: {
    summary: 'chance',
    model: async () => ({
      version: 'random',
      assess: (moments) =>
        moments.map(() => ({
          ...{ risk: 0, pValue: 1, statistic: random.next(), parts: [], carried: new Float32Array(0) },
        })),
      close: async () => undefined,
    }),
  },
};
