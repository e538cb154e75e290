import { freePort } from '../../infra/setup/guarded.ts';

export { freePort };

/** A name that no other test of any run uses, for topics and groups on a shared broker. */
export const uniqueName = (prefix: string): string =>
  `${prefix}-${process.pid}-${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}`;
