import type { AccessTelemetry } from '../../../schemas/generated/index.ts';
import { accessRecord, plausible, type Reading, type Refused } from './reading.ts';

/** Bytes of one record of `wtmp` on Linux (glibc's `struct utmp`, the same on 64 and 32 bits). */
export const wtmpRecordBytes = 384;
const userProcess = 7;
const types = 9;

const text = (bytes: Buffer, from: number, length: number): string => {
  const part = bytes.subarray(from, from + length);
  const end = part.indexOf(0);
  return part.subarray(0, end < 0 ? length : end).toString('utf8');
};

const addressOf = (bytes: Buffer): string | null => {
  const words = bytes.subarray(348, 364);
  if (words.every((byte) => byte === 0)) return null;
  if (words.subarray(4).every((byte) => byte === 0)) return [...words.subarray(0, 4)].join('.');
  const groups = Array.from({ length: 8 }, (_, i) => words.readUInt16BE(2 * i).toString(16));
  return groups.join(':');
};

/**
 * Logins in whole records of `/var/log/wtmp`, what `last` shows. Only the beginning of a session is told, at once: its end
 * would come too late to be of use.
 *
 * @param bytes whole records of {@link wtmpRecordBytes}; what follows the last whole one is left for later
 * @param vm name of this machine
 * @returns what was read, and how many bytes it took
 */
export const readWtmp = (bytes: Buffer, vm: string): Reading & { readonly taken: number } => {
  const records: AccessTelemetry[] = [];
  const refused: Refused[] = [];
  const taken = bytes.length - (bytes.length % wtmpRecordBytes);
  for (let at = 0; at < taken; at += wtmpRecordBytes) {
    const entry = bytes.subarray(at, at + wtmpRecordBytes);
    const type = entry.readInt16LE(0);
    const time = entry.readUInt32LE(340) * 1000 + Math.floor(entry.readUInt32LE(344) / 1000);
    const user = text(entry, 44, 32);
    const refuse = (why: string) => refused.push({ raw: entry.toString('base64'), why });
    if (type < 0 || type > types) refuse(`Type ${type} is none of utmp's; the file is damaged or of another system`);
    else if (type !== userProcess) continue;
    else if (!plausible(time)) refuse(`Time ${time} ms is not plausible`);
    else if (user === '') refuse('A login has no user');
    else
      records.push(
        accessRecord({ user, kind: 'login', time, vm, address: addressOf(entry) ?? (text(entry, 76, 256) || null) }),
      );
  }
  return { records, refused, taken };
};
