import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { emptyCall } from '../../schemas/apiCall.ts';
import { EbbtideError } from '../../schemas/errors.ts';
import type { ApiTelemetry } from '../../schemas/generated/ApiTelemetry.ts';
import { linesOf } from './lines.ts';

/** The parts of a CloudTrail record that say who called what, from where, and how it ended. */
interface TrailRecord {
  readonly eventTime?: unknown;
  readonly eventSource?: unknown;
  readonly eventName?: unknown;
  readonly errorCode?: unknown;
  readonly errorMessage?: unknown;
  readonly sourceIPAddress?: unknown;
  readonly userAgent?: unknown;
  readonly userIdentity?: Record<string, unknown> | null;
}

/** What reading a folder of CloudTrail records came to. */
export interface TrailRead {
  readonly calls: ApiTelemetry[];
  readonly files: number;
  /** Things in files that are no CloudTrail record, lines that cannot be read among them. */
  readonly passedOver: number;
  /** Files that could not be read, and why. */
  readonly unreadable: readonly { readonly file: string; readonly why: string }[];
}

const readable = /\.(json|jsonl|ndjson|log)(\.gz)?$/i;
/** A file of one document is parsed whole; beyond this it must be one record a line. */
const largestDocument = 512 * 2 ** 20;

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Names that software makes up for a role's sessions: those of one role are one caller. */
const madeUp = /^(botocore-session-|aws-go-sdk-|aws-sdk-\w+-)?\d{6,}$/;

/**
 * Who called: the user's or role session's ARN, else what the record has of a name. A role's sessions whose names are
 * numbers that software made up are one caller.
 */
export const callerOf = (given?: Record<string, unknown> | null): string => {
  const identity = given ?? {};
  const arn = text(identity.arn);
  if (arn)
    return arn.replace(/[^/]+$/, (session) => (/:assumed-role\//.test(arn) && madeUp.test(session) ? '*' : session));
  const named = text(identity.userName) || text(identity.principalId) || text(identity.invokedBy);
  const kind = text(identity.type);
  return [kind, named || text(identity.accessKeyId) || text(identity.accountId) || 'anonymous']
    .filter(Boolean)
    .join('/');
};

/**
 * A CloudTrail record as an API call: the caller's identity is the frontend credential, service and operation are as
 * they stand there.
 *
 * @returns undefined where it is no record of a call
 */
export const callOfTrail = (record: TrailRecord): ApiTelemetry | undefined => {
  const { eventTime, eventSource, eventName, errorCode, sourceIPAddress, userAgent } = record;
  const time = typeof eventTime === 'number' ? eventTime : Date.parse(text(eventTime));
  const operation = text(eventName);
  if (!operation || !Number.isFinite(time)) return undefined;
  const error =
    text(errorCode) || (operation === 'ConsoleLogin' && text(record.errorMessage) ? text(record.errorMessage) : '');
  const address = text(sourceIPAddress);
  return {
    ...emptyCall,
    frontendCredential: callerOf(record.userIdentity),
    service: text(eventSource).replace(/\.amazonaws\.com$/, '') || 'unknown',
    operation,
    time,
    status: error ? 400 : 200,
    // Services of the provider call on behalf of others from a name, not from an address
    address: address && !/\.amazonaws\.com$|^AWS Internal$/i.test(address) ? address : null,
    errorCode: error.slice(0, 256),
    userAgent: text(userAgent).slice(0, 256),
  };
};

const parsed = (json: string): unknown => {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
};

/** Records in a parsed document: an array, `Records`, `Events` of lookup-events, hits of a search, or one record. */
function* recordsIn(document: unknown): Generator<TrailRecord | undefined> {
  if (Array.isArray(document)) {
    for (const one of document) yield* recordsIn(one);
    return;
  }
  if (document === null || typeof document !== 'object') {
    yield undefined;
    return;
  }
  const one = document as Record<string, unknown>;
  for (const inner of [one.Records, one.Events, one.events, one._source, one.detail])
    if (inner !== null && typeof inner === 'object') {
      yield* recordsIn(inner);
      return;
    }
  if (typeof one.CloudTrailEvent === 'string') yield* recordsIn(parsed(one.CloudTrailEvent));
  else yield one.eventName === undefined ? undefined : (one as TrailRecord);
}

const filesOf = (path: string): string[] => {
  let stats: ReturnType<typeof statSync>;
  try {
    stats = statSync(path);
  } catch (cause) {
    throw new EbbtideError(
      'DATA_MISSING',
      `${path} is not there; name a file or a folder of CloudTrail records`,
      { path },
      cause,
    );
  }
  if (stats.isFile()) return [path];
  return readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && readable.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
};

/** The call of a record; undefined where it is none. One that cannot be read costs no other. */
const callIn = (record: TrailRecord | undefined): ApiTelemetry | undefined => {
  try {
    return record && callOfTrail(record);
  } catch {
    return undefined;
  }
};

/** The documents of a file: one a line, or one in all. In a file of lines, one that is no document is undefined. */
async function* documentsOf(file: string): AsyncGenerator<unknown> {
  let whole: string[] | undefined;
  let lines = false;
  let size = 0;
  for await (const line of linesOf(file)) {
    if (line.trim() === '') continue;
    if (!whole) {
      const document = parsed(line);
      if (document !== undefined || lines) {
        lines = true;
        yield document;
        continue;
      }
      whole = [];
    }
    whole.push(line);
    size += line.length;
    if (size > largestDocument)
      throw new EbbtideError('DATA_MISSING', 'it is too large for one document; write one record a line');
  }
  if (whole) yield JSON.parse(whole.join('\n'));
}

/**
 * Read CloudTrail records out of a file, or of all files below a folder: JSON as the service delivers it (`Records`), as
 * `lookup-events` gives it, or one record a line; also gzipped.
 *
 * @param progressed - is told of files read and files in all
 * @returns calls in the order of their times
 * @throws {EbbtideError} `DATA_MISSING` where there is not one record
 */
export const readCloudTrail = async (
  path: string,
  progressed: (done: number, total: number) => void = () => {},
): Promise<TrailRead> => {
  const files = filesOf(path);
  const calls: ApiTelemetry[] = [];
  const unreadable: { file: string; why: string }[] = [];
  let passedOver = 0;
  for (const [i, file] of files.entries()) {
    progressed(i, files.length);
    try {
      for await (const document of documentsOf(file))
        for (const record of recordsIn(document)) {
          const call = callIn(record);
          if (call) calls.push(call);
          else passedOver++;
        }
    } catch (error) {
      unreadable.push({ file, why: (error as Error).message });
    }
  }
  progressed(files.length, files.length);
  if (calls.length === 0)
    throw new EbbtideError(
      'DATA_MISSING',
      `No CloudTrail record in ${path}: ${files.length} files (.json, .jsonl, .ndjson, .log, also .gz), ${passedOver} things that are no record${unreadable[0] ? `; ${unreadable[0].file}: ${unreadable[0].why}` : ''}`,
      { path },
    );
  return { calls: calls.sort((a, b) => a.time - b.time), files: files.length, passedOver, unreadable };
};
