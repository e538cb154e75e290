import type { AccessTelemetry } from '../../../schemas/generated/index.ts';

/** Something in a source that could not be read, as it was. */
export interface Refused {
  readonly raw: string;
  /** What is wrong with it, without a final period. */
  readonly why: string;
}

/** What came of a piece of a source. */
export interface Reading {
  readonly records: readonly AccessTelemetry[];
  /** Each is counted and written to `dead-letters`; lines that merely concern something else are not among them. */
  readonly refused: readonly Refused[];
}

/** A record with what is left out empty. */
export const accessRecord = (
  record: Pick<AccessTelemetry, 'user' | 'kind' | 'time'> & Partial<AccessTelemetry>,
): AccessTelemetry => ({
  vm: null,
  application: null,
  vmState: null,
  scheduledFor: null,
  durationMs: null,
  address: null,
  succeeded: true,
  clock: null,
  ...record,
});

/**
 * Read a text line by line.
 *
 * @param read gives the records of a line, none where it concerns something else, or a text that says what is wrong
 */
export const readEach = (text: string, read: (line: string) => readonly AccessTelemetry[] | string): Reading => {
  const records: AccessTelemetry[] = [];
  const refused: Refused[] = [];
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === '') continue;
    const outcome = read(line);
    if (typeof outcome === 'string') refused.push({ raw: line, why: outcome });
    else records.push(...outcome);
  }
  return { records, refused };
};

/** Years in which an event may plausibly lie. */
export const plausible = (timeMs: number): boolean => timeMs > 631_152_000_000 && timeMs < 4_102_444_800_000;

/** The program that a command runs, without its folder and its arguments; null where there is none. */
export const programOf = (command: string): string | null =>
  command.split(/\s+/)[0]?.split('/').at(-1)?.slice(0, 128) || null;
