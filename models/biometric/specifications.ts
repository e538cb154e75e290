import { EbbtideError } from '../../schemas/errors.ts';
import { hashFeatures } from '../features/spec.ts';
import { typingNames } from './keyClasses.ts';
import { keysOf, keystrokeFeatures, logTimings, timingNames } from './keystrokes.ts';
import { mouseFeatures } from './mouse/features.ts';
import { movementNames } from './mouse/movement.ts';

/** What the agent measures of scrolling, and of whether the page is in front. */
export const scrollingNames = ['duration', 'distance', 'speed.mean', 'speed.sd', 'step', 'turns', 'events'] as const;
export const attentionNames = ['duration', 'visible', 'switches'] as const;

const plainHash = (name: string, names: readonly string[]): string =>
  hashFeatures(
    name,
    names.map((name) => ({ name, unit: '', transform: 'as measured', window: 'tumbling' as const })),
    'absent where it did not occur',
  );

/** What a burst's numbers follow, by the name that the browser agent gives it. */
export const specifications = {
  phrase: { modality: 'keystroke', hash: keystrokeFeatures.hash },
  typing: { modality: 'keystroke', hash: plainHash('typing', typingNames) },
  movement: { modality: 'mouse', hash: mouseFeatures.hash },
  gesture: { modality: 'touch', hash: plainHash('gesture', movementNames) },
  scrolling: { modality: 'scroll', hash: plainHash('scrolling', scrollingNames) },
  attention: { modality: 'application', hash: plainHash('attention', attentionNames) },
} as const;

/** What is compared, each with baselines of its own: a phrase apart from free typing, a finger apart from a mouse. */
export const modalities = ['keystroke', 'typing', 'mouse', 'touch', 'scroll', 'application'] as const;
/** See {@link modalities}. */
export type ModalityName = (typeof modalities)[number];

/** See {@link specifications}. */
export type SpecificationName = keyof typeof specifications;

/** Names that a specification knows; of a phrase as many as the burst has. */
export const namesOf = (specification: SpecificationName, count: number): readonly string[] => {
  switch (specification) {
    case 'phrase':
      return timingNames(keysOf(count));
    case 'typing':
      return typingNames;
    case 'movement':
    case 'gesture':
      return movementNames;
    case 'scrolling':
      return scrollingNames;
    case 'attention':
      return attentionNames;
  }
};

/**
 * The sample of a phrase, as verifiers take it.
 *
 * @param features seconds by name, see `timingNames`
 * @throws EbbtideError RECORD_MALFORMED when they are not those of a phrase, RECORD_OUT_OF_RANGE for what is no number
 */
export const phraseSample = (features: Readonly<Record<string, number>>): Float64Array => {
  const count = Object.keys(features).length;
  let names: readonly string[];
  try {
    names = namesOf('phrase', count);
  } catch (cause) {
    throw new EbbtideError('RECORD_MALFORMED', `A burst of keystrokes has ${count} features`, { count }, cause);
  }
  const odd = names.find((name) => !(name in features));
  if (odd !== undefined)
    throw new EbbtideError('RECORD_MALFORMED', `A burst of ${count} keystroke features lacks ${odd}`, { count, odd });
  const seconds = Float64Array.from(names, (name) => features[name]!);
  if (!seconds.every(Number.isFinite))
    throw new EbbtideError('RECORD_OUT_OF_RANGE', 'A burst of keystrokes holds something that is no finite number');
  return logTimings(seconds, count);
};
