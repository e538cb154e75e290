import { EbbtideError } from '../../../schemas/errors.ts';
import type { Investigation } from '../view/investigation.ts';

/** Why a step of an investigation does not count: what somebody else did first. */
export const conflictOf = (current: Investigation | undefined, id: string): EbbtideError => {
  if (!current)
    return new EbbtideError('CONFLICT', `Nothing is known of investigation ${id} any more; open another`, { id });
  const last = current.steps.findLast(({ kind }) => kind !== 'commented' && kind !== 'linked') ?? current.steps.at(-1)!;
  return new EbbtideError(
    'CONFLICT',
    `${last.by} was faster: it was ${last.kind}${last.assignee ? ` to ${last.assignee}` : ''} meanwhile. Look at it as it is now, then decide again`,
    { base: current.base, by: last.by, kind: last.kind },
  );
};
