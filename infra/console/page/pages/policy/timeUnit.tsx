import { duration } from '../../format.ts';

/** The unit behind a time that is given in seconds, and the time as people say it where it is long. */
export const TimeUnit = ({ ms }: { readonly ms: unknown }) => (
  <span class="field-unit">s{typeof ms === 'number' && ms >= 120_000 ? ` = ${duration(ms)}` : ''}</span>
);
