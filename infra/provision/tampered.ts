import type { Logger } from '../log.ts';
import { pairKey } from './names.ts';
import { tampered } from './notices.ts';
import type { Owe } from './owed.ts';
import type { Recorder } from './recorder.ts';
import type { StoredSecret } from './store.ts';

/** Tells administrators of a secret that somebody else has taken, however long Kafka is away. */
export const tellTampered =
  (recorder: Recorder, owe: Owe, now: () => number, log: Logger) =>
  (stored: StoredSecret): Promise<void> => {
    const { pair, decisionId } = stored;
    log.error({ pair: pairKey(pair), decisionId }, 'what was prepared was unwrapped or revoked before its time');
    const alert = tampered(stored, now());
    return owe(`tell ${alert.alertId}`, () => recorder.write(undefined, [alert]));
  };
