import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { emptyCall } from '../../schemas/apiCall.ts';
import { EbbtideError } from '../../schemas/errors.ts';
import type { ApiTelemetry } from '../../schemas/generated/ApiTelemetry.ts';

/** Who was behind a session. */
export type Visitor = 'human' | 'moderate' | 'advanced';

/** One session of a person or a bot, as calls of a frontend credential. */
export interface WebSession {
  readonly id: string;
  readonly visitor: Visitor;
  /** In the order of their times. */
  readonly calls: readonly ApiTelemetry[];
}

const visitors: Readonly<Record<string, Visitor>> = {
  human: 'human',
  moderate_bot: 'moderate',
  advanced_bot: 'advanced',
};

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const line =
  /^\S+ \S+ \[(\d+)\/(\w+)\/(\d+):(\d+):(\d+):(\d+) \+0000\] "(\S+) (\S+)[^"]*" (\d+) (\S+) "[^"]*" (\S+) "([^"]*)"/;

/** The service behind a path: pages that people read, files that belong to them, and what scripts of pages report. */
const serviceOf = (path: string): string => {
  if (path.startsWith('/storage/')) return 'reports';
  return /\.(css|js|ico|png|jpe?g|gif|svg)$|\/images\//i.test(path) ? 'files' : 'pages';
};

const readLabels = (folder: string): Map<string, Visitor> => {
  const labels = new Map<string, Visitor>();
  for (const file of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!file.isFile() || file.name.startsWith('.')) continue;
    for (const row of readFileSync(join(file.parentPath, file.name), 'utf8').split('\n')) {
      const [id = '', label = ''] = row.trim().split(/\s+/);
      if (visitors[label]) labels.set(id, visitors[label]);
    }
  }
  return labels;
};

/**
 * Read the sessions that are annotated and have logs, as calls at a gateway: a session is a frontend credential, a
 * method with a path an operation.
 *
 * @param folder - with `logs` and `phase1/annotations`
 * @throws {EbbtideError} `DATA_MISSING` when there are none
 */
export const readWebSessions = (folder: string): WebSession[] => {
  const labels = readLabels(join(folder, 'phase1', 'annotations'));
  const calls = new Map<string, ApiTelemetry[]>();
  for (const file of readdirSync(join(folder, 'logs')).sort())
    for (const row of gunzipSync(readFileSync(join(folder, 'logs', file)))
      .toString('utf8')
      .split('\n')) {
      const found = line.exec(row);
      if (!found || !labels.has(found[11]!)) continue;
      const [, day, month, year, hour, minute, second, method, target, status, bytes, id, userAgent] = found;
      const path = target!.replace(/\?.*/s, '');
      const time = Date.UTC(+year!, months.indexOf(month!), +day!, +hour!, +minute!, +second!);
      const call: ApiTelemetry = {
        ...emptyCall,
        frontendCredential: id!,
        service: serviceOf(path),
        operation: `${method} ${path}`,
        time,
        status: Number(status),
        responseBytes: Number(bytes) || 0,
        userAgent: userAgent!.slice(0, 256),
      };
      calls.set(id!, [...(calls.get(id!) ?? []), call]);
    }
  if (calls.size === 0)
    throw new EbbtideError('DATA_MISSING', `No annotated session has logs in ${folder}`, { folder });
  return [...calls].map(([id, list]) => ({
    id,
    visitor: labels.get(id)!,
    calls: list.sort((a, b) => a.time - b.time),
  }));
};
