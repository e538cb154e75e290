import type { Control } from '../../schemas/generated/index.ts';
import type { Logger } from '../log.ts';

/** What is told of an order in `control` that was passed over. */
export type TellRefused = (order: Pick<Control, 'key' | 'version'>, why: string) => void;

/** Says in the log that an order was passed over. */
export const tellRefused =
  (log: Pick<Logger, 'error'>): TellRefused =>
  ({ key, version }, why) =>
    log.error({ key, version, why }, 'order refused, the last good one stays');
