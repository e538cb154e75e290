import type { ApiTelemetry } from '../../schemas/generated/ApiTelemetry.ts';
import { scopeVector } from './features.ts';
import { Profile } from './profile.ts';
import type { LabelledSequence } from './train.ts';

/**
 * The vectors of a credential's windows, as the pipeline makes them when each closes.
 *
 * @param calls - of one credential, in the order of their times
 */
export const vectorsOf = (calls: Iterable<ApiTelemetry>, windowMs: number): Float64Array[] => {
  const profile = new Profile();
  const vectors: Float64Array[] = [];
  const close = () => {
    vectors.push(scopeVector(profile, profile.window!.end));
    profile.close(true);
  };
  for (const call of calls) {
    if (profile.window && call.time >= profile.window.end) close();
    if (call.time < profile.closedThrough) continue;
    profile.observe(call, windowMs, false);
  }
  if (profile.window) close();
  return vectors;
};

/** A credential's calls as a sequence to learn from. */
export const sequenceOf = (
  subject: string,
  malicious: boolean,
  calls: Iterable<ApiTelemetry>,
  windowMs: number,
): LabelledSequence => ({ subject, malicious, vectors: vectorsOf(calls, windowMs) });
