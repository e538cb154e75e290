import { EbbtideError } from '../../schemas/errors.ts';
import { topics } from '../../schemas/topics.ts';
import { nearest } from '../config/nearest.ts';

/** Topics that a pipeline decides on, and so can be replayed. */
export const replayable: readonly string[] = [topics.telemetryResource.name];

/**
 * Check `--topics`.
 *
 * @throws {EbbtideError} `REQUEST_INVALID` for a topic that there is not, or that no pipeline decides on
 */
export const checkTopics = (names: readonly string[]): void => {
  const known: readonly string[] = Object.values(topics).map(({ name }) => name);
  for (const name of names.flatMap((one) => one.split(','))) {
    if (replayable.includes(name)) continue;
    const meant = nearest(name, known);
    const why = known.includes(name)
      ? `no pipeline decides on ${name}`
      : `there is no topic ${JSON.stringify(name)}${meant ? `; did you mean ${meant}?` : ''}`;
    throw new EbbtideError('REQUEST_INVALID', `--topics: ${why} (what can be replayed: ${replayable.join(', ')})`, {
      topic: name,
    });
  }
};
