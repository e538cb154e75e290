import { idleHeader } from './activity.ts';
import { byId, h } from './dom.ts';

/** What the server refused, in its own sentence. */
export class ApiError extends Error {
  /** HTTP status; 0 where the server did not answer. */
  readonly status: number;
  /** The problem's code, e.g. `conflict`. */
  readonly code: string;
  /** What else the problem tells. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(message: string, status: number, code: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

const request = async (path: string, init: RequestInit): Promise<Response> => {
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers: { ...init.headers, ...idleHeader() } });
  } catch (error) {
    if ((error as Error).name === 'AbortError') throw error;
    throw new ApiError('The console does not answer; this page tries again when it does', 0, 'unreachable');
  }
  if (response.ok) return response;
  const problem = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  const detail = typeof problem.detail === 'string' ? problem.detail : `The console answered ${response.status}`;
  throw new ApiError(detail, response.status, String(problem.code ?? ''), problem);
};

/**
 * Ask the server for something.
 *
 * @param query - parameters; empty and null ones are left out
 * @throws {ApiError} with the server's own sentence
 */
export const get = async <T>(
  path: string,
  query: Readonly<Record<string, string | number | null>> = {},
  signal?: AbortSignal,
): Promise<T> => {
  const pairs = Object.entries(query).filter(([, value]) => value !== null && value !== '');
  const search = new URLSearchParams(pairs.map(([name, value]) => [name, String(value)])).toString();
  const response = await request(search ? `${path}?${search}` : path, signal ? { signal } : {});
  return (await response.json()) as T;
};

/**
 * Ask the server to do something.
 *
 * @returns what it answered
 * @throws {ApiError} with the server's own sentence
 */
export const post = async <T = unknown>(path: string, body: unknown): Promise<T> => {
  const response = await request(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-ebbtide-console': '1' },
    body: JSON.stringify(body),
  });
  return (await response.json().catch(() => undefined)) as T;
};

/**
 * Ask the server to do something that takes a while: it answers line by line, each a JSON value.
 *
 * @param take - told of each line as it comes
 * @throws {ApiError} with the server's own sentence
 */
export const postLines = async <T>(
  path: string,
  body: unknown,
  signal: AbortSignal,
  take: (line: T) => void,
): Promise<void> => {
  const response = await request(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-ebbtide-console': '1' },
    body: JSON.stringify(body),
    signal,
  });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    const lines = (rest + piece.value).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') take(JSON.parse(line) as T);
  }
};

const keptSayings = 8;

/** Say something to whoever listens to the page instead of looking at it. What is said at once is not lost for it. */
export const announce = (text: string): void => {
  const announcer = byId('announcer');
  announcer.append(h('p', {}, text));
  while (announcer.childElementCount > keptSayings) announcer.firstElementChild!.remove();
};
