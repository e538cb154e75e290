import { createHash } from 'node:crypto';
import type { Control, ControlKind } from './generated/Control.ts';

/** What somebody sets in topic `control`. */
export interface Setting {
  readonly kind: ControlKind;
  /** Pipeline governed; for all when absent. */
  readonly pipeline?: string;
  /** Subject governed; for all when absent. */
  readonly subject?: string;
  /**
   * `true` or `false` for a kill switch or an exemption, `"shadow"` or `"enforce"` for a mode, the policy for a policy.
   */
  readonly value: unknown;
  /** When it lapses, epoch milliseconds; never when absent. */
  readonly expiresAt?: number;
  readonly by: string;
  readonly reason: string;
}

/** All of topic `control` lies in this partition, so that settings have one order. */
export const controlPartition = 0;

/**
 * The key of a setting: its kind, pipeline and subject joined by `/`, as far as they are given.
 *
 * @example
 * controlKey('killSwitch'); // 'killSwitch'
 * controlKey('mode', 'lifecycle'); // 'mode/lifecycle'
 * controlKey('exemption', '', 'cred-1'); // 'exemption//cred-1'
 */
export const controlKey = (kind: ControlKind, pipeline = '', subject = ''): string =>
  [kind, pipeline, subject].join('/').replace(/\/+$/, '');

/**
 * The record of a setting.
 *
 * @param at - when it is set, epoch milliseconds
 */
export const controlRecord = (setting: Setting, at: number): Control => {
  const { kind, pipeline = '', subject = null, value, expiresAt = null, by, reason } = setting;
  const text = JSON.stringify(value);
  const version = createHash('sha256').update(text).digest('hex').slice(0, 12);
  return {
    key: controlKey(kind, pipeline, subject ?? ''),
    kind,
    pipeline,
    subject,
    value: text,
    version,
    expiresAt,
    at,
    by,
    reason,
  };
};
