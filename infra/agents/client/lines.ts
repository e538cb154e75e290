/** Most custom metrics that one function may have. */
export const mostCustomMetrics = 32;
/** Longest line of the protocol, bytes, its newline included. */
export const mostLineBytes = 16_384;

const customName = /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/;

/** Whether a custom metric may bear this name: a letter or `_`, then up to 63 letters, digits, `_`, `.` or `-`. */
export const isCustomName = (name: string): boolean => customName.test(name) && name !== '__proto__';

/** Whether this can be the id of a credential: 1 to 256 printable characters without spaces, and no Vault token. */
export const isCredentialId = (id: unknown): id is string =>
  typeof id === 'string' && /^[\x21-\x7e]{1,256}$/.test(id) && !/^(hv[sbr]|[sbr])\.[A-Za-z0-9_-]{20,}$/.test(id);

/** What a function did since the line before; one JSON object a line, as protocol.md says. */
export interface ActivityLine {
  /** Credential that the function holds. */
  credentialId: string;
  /** Process id of the function, so that the agent can watch the process too. */
  pid?: number;
  /** Start of that process since boot, clock ticks (field 22 of /proc/self/stat): proof that the agent sees the same. */
  startTicks?: number;
  /** Counts since the line before, 0 and up. */
  apiCalls?: number;
  apiErrors?: number;
  dataReads?: number;
  dataWrites?: number;
  /** By name a value, or the sum of several with their number; the agent sends their mean. */
  custom?: Record<string, number | [sum: number, count: number]>;
}
