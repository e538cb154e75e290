/**
 * Name of a version made at a time: versions then stand in order of time, and their names may be those of files.
 *
 * @example
 * versionAt(new Date('2026-03-01T10:15:00Z')); // '20260301-101500'
 */
export const versionAt = (time: Date): string =>
  time.toISOString().replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 15);
