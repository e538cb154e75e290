import { isEbbtideError } from '../../schemas/errors.ts';
import type { Alert, Provision } from '../../schemas/generated/index.ts';
import { type Pair, pairKey } from './names.ts';
import type { StoredSecret } from './store.ts';

const iso = (ms: number): string => new Date(ms).toISOString();

/** Code of an error for records and metrics. */
export const codeOf = (error: unknown): string => (isEbbtideError(error) ? error.code : 'unexpected');
/** Words of an error for people; what is not ours may quote anything. */
export const wordsOf = (error: unknown): string => (isEbbtideError(error) ? error.message : 'see the log');

type Notice = Pick<Alert, 'kind' | 'severity' | 'summary'> & { readonly decisionId: string; readonly id: string };

/** An alert to administrators about a pair, or a notice to its user (kinds that begin with `notice`). */
const alertOf = (pair: Pair, at: number, { id, decisionId, ...rest }: Notice): Alert => ({
  alertId: `${rest.kind}/${pairKey(pair)}/${id}`,
  subject: rest.kind.startsWith('notice') ? pair.user : pairKey(pair),
  pipeline: 'provision',
  decisionId: decisionId === '' ? null : decisionId,
  at,
  ...rest,
});

/** A user is told that what lay prepared was replaced. */
export const refreshed = ({ pair, decisionId, expiresAt }: StoredSecret, at: number): Alert =>
  alertOf(pair, at, {
    id: decisionId,
    kind: 'noticeRefresh',
    severity: 'info',
    decisionId,
    summary: `Your prepared credential for ${pair.vm} was replaced by a new one, which is ready until ${iso(expiresAt)}`,
  });

/** A user is told when a credential that is in use, or lies ready, is made anew. */
export const scheduled = ({ user, vm, decisionId, windowStart }: Provision, at: number): Alert =>
  alertOf({ user, vm }, at, {
    id: `${decisionId}/scheduled`,
    kind: 'noticeRefresh',
    severity: 'info',
    decisionId,
    summary: `Your credential for ${vm} is made anew at ${iso(windowStart)}`,
  });

/** Administrators are told that what was prepared was gone before its time, though nobody was handed it. */
export const tampered = ({ pair, decisionId, mintedAt, method }: StoredSecret, at: number): Alert =>
  alertOf(pair, at, {
    id: `${decisionId}/${mintedAt}`,
    kind: 'provisionTampered',
    severity: 'critical',
    decisionId,
    summary: `What was prepared for ${pairKey(pair)} (${method}, sealed to its user) was unwrapped or revoked before its time, and not by Ebbtide; it is ended and counts no more. Look into Vault's audit log, and who can read the wrapping tokens`,
  });

/** A user is told that a prepared credential is late. */
export const delayed = ({ user, vm, decisionId, windowStart }: Provision, at: number): Alert =>
  alertOf({ user, vm }, at, {
    id: decisionId,
    kind: 'noticeDelay',
    severity: 'info',
    decisionId,
    summary: `Your credential for ${vm}, expected for ${iso(windowStart)}, is late; a request may take longer than usual`,
  });

/**
 * What follows from a failure: administrators hear of it once there were `alertAfter` in a row, then of as many again, and
 * the user of the delay; of a risk that is too high they hear at once.
 */
export const failureAlerts = (record: Provision, error: unknown, alertAfter: number): readonly Alert[] => {
  const { user, vm, decisionId, attempts, lastError, at } = record;
  const pair = { user, vm };
  // Where requests without a decision fail, people hear of it once an hour
  const id = decisionId || `hour-${Math.floor(at / 3_600_000)}`;
  if (isEbbtideError(error) && error.details.reason === 'risk')
    return [
      alertOf(pair, at, {
        id,
        kind: 'provisionRefused',
        severity: 'warning',
        decisionId,
        summary: `No credential for ${pairKey(pair)}: ${error.message}`,
      }),
    ];
  if (attempts % alertAfter !== 0) return [];
  return [
    alertOf(pair, at, {
      id,
      kind: 'provisionFailing',
      severity: 'critical',
      decisionId,
      summary: `Credentials for ${pairKey(pair)} failed ${attempts} times in a row; the last time: ${lastError}`,
    }),
    alertOf(pair, at, {
      id: `${id}/failing`,
      kind: 'noticeDelay',
      severity: 'info',
      decisionId,
      summary: `Credentials for ${vm} cannot be prepared at the moment; a request may take longer than usual`,
    }),
  ];
};
