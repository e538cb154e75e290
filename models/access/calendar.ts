import { EbbtideError } from '../../schemas/errors.ts';

/** Milliseconds of an hour. */
export const hourMs = 3_600_000;

/** What the clock on the wall and the calendar say. */
export interface LocalHour {
  /** 0–23; of the two hours of the same name when clocks go back, both have it. */
  readonly hour: number;
  /** 0 is Sunday. */
  readonly weekday: number;
}

/** A calendar of one time zone. */
export interface Calendar {
  /** IANA name, such as `Europe/Berlin`. */
  readonly zone: string;
  /** @param timeMs epoch milliseconds */
  at(timeMs: number): LocalHour;
}

/** Clocks change on whole quarters of an hour everywhere. */
const slotMs = 900_000;
const slotsKept = 4096;

/** Milliseconds that a zone is ahead of UTC at an instant. */
const offsetAt = (format: Intl.DateTimeFormat, timeMs: number): number => {
  const part: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(timeMs)) part[type] = Number(value);
  const local = Date.UTC(part.year!, part.month! - 1, part.day!, part.hour!, part.minute!, part.second!);
  return local - Math.floor(timeMs / 1000) * 1000;
};

/**
 * A calendar that knows a zone's daylight saving, past and to come; the machine's own zone has no influence.
 *
 * @param zone IANA name
 * @throws EbbtideError CONFIG_INVALID for a zone that is not known
 */
export const calendarOf = (zone: string): Calendar => {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch (cause) {
    throw new EbbtideError(
      'CONFIG_INVALID',
      `Time zone ${zone} is not known; name one of the IANA data base, such as Europe/Berlin or UTC`,
      { zone },
      cause,
    );
  }
  const offsets = new Map<number, number>();
  return {
    zone,
    at(timeMs) {
      const slot = Math.floor(timeMs / slotMs);
      let offset = offsets.get(slot);
      if (offset === undefined) {
        if (offsets.size >= slotsKept) offsets.clear();
        offset = offsetAt(format, slot * slotMs);
        offsets.set(slot, offset);
      }
      const local = Math.floor((timeMs + offset) / hourMs);
      return { hour: ((local % 24) + 24) % 24, weekday: (((Math.floor(local / 24) + 4) % 7) + 7) % 7 };
    },
  };
};
