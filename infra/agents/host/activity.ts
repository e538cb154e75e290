import { type ActivityLine, isCredentialId, isCustomName, mostCustomMetrics } from '../client/lines.ts';

const counters = ['apiCalls', 'apiErrors', 'dataReads', 'dataWrites'] as const;
const numbers = [...counters, 'pid', 'startTicks'] as const;
const keys = new Set<string>(['credentialId', 'custom', ...numbers]);
const largest = 1e12;

const isCount = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= largest;

/**
 * Check one line of the protocol.
 *
 * @returns the activity, or what is wrong with it in words
 */
export const parseActivity = (text: string): ActivityLine | string => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'The line is not JSON';
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return 'The line is not a JSON object';
  const line = value as Record<string, unknown>;
  const unknown = Object.keys(line).find((key) => !keys.has(key));
  if (unknown !== undefined) return `Key ${JSON.stringify(unknown.slice(0, 64))} is unknown`;
  if (!isCredentialId(line.credentialId))
    return 'credentialId must be 1 to 256 printable characters without spaces, and never the credential itself';
  for (const key of numbers)
    if (line[key] !== undefined && !isCount(line[key])) return `${key} must be a number from 0 to ${largest}`;
  return customProblem(line.custom) ?? (line as unknown as ActivityLine);
};

const customProblem = (custom: unknown): string | undefined => {
  if (custom === undefined) return undefined;
  if (custom === null || typeof custom !== 'object' || Array.isArray(custom)) return 'custom must be an object';
  const entries = Object.entries(custom);
  if (entries.length > mostCustomMetrics) return `custom must have at most ${mostCustomMetrics} names`;
  for (const [name, value] of entries) {
    if (!isCustomName(name))
      return `Custom metric ${JSON.stringify(name.slice(0, 80))} must be 1 to 64 letters, digits, "_", "." or "-"`;
    const [sum, count] = Array.isArray(value) ? value : [value, 1];
    const fine = Number.isFinite(sum) && isCount(count) && count > 0 && (!Array.isArray(value) || value.length === 2);
    if (!fine) return `Custom metric ${name} must be a finite number, or [sum, count]`;
  }
  return undefined;
};

/** Instrumented part of a sample: rates a second, and means of custom metrics. */
export interface ActivityRates {
  readonly apiCalls: number | null;
  readonly apiErrors: number | null;
  readonly dataReads: number | null;
  readonly dataWrites: number | null;
  readonly custom: Record<string, number>;
}

/** Rates of a function that is not instrumented. */
export const notInstrumented: ActivityRates = {
  apiCalls: null,
  apiErrors: null,
  dataReads: null,
  dataWrites: null,
  custom: {},
};

/** What one function has reported since the last sample. */
export class Activity {
  #counts = [0, 0, 0, 0];
  readonly #custom = new Map<string, { sum: number; count: number }>();

  /** @returns how many custom metrics were refused because there were already as many as may be */
  add(line: ActivityLine): number {
    counters.forEach((key, index) => {
      this.#counts[index]! += line[key] ?? 0;
    });
    let refused = 0;
    for (const [name, value] of Object.entries(line.custom ?? {})) {
      const [sum, count] = Array.isArray(value) ? value : [value, 1];
      const known = this.#custom.get(name);
      if (known) {
        known.sum += sum;
        known.count += count;
      } else if (this.#custom.size < mostCustomMetrics) this.#custom.set(name, { sum, count });
      else refused++;
    }
    return refused;
  }

  /**
   * Rates since the call before.
   *
   * @param seconds - time since then, above 0
   */
  take(seconds: number): ActivityRates {
    const [apiCalls, apiErrors, dataReads, dataWrites] = this.#counts.map((count) => count / seconds);
    this.#counts = [0, 0, 0, 0];
    const custom: Record<string, number> = {};
    for (const [name, total] of this.#custom) {
      if (total.count > 0 && Number.isFinite(total.sum)) custom[name] = total.sum / total.count;
      total.sum = 0;
      total.count = 0;
    }
    return { apiCalls: apiCalls!, apiErrors: apiErrors!, dataReads: dataReads!, dataWrites: dataWrites!, custom };
  }
}
