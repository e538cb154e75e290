import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import type { FastifyRequest } from 'fastify';
import { EbbtideError } from '../../schemas/errors.ts';

/** Header that scripts of other sites cannot send without asking, and the page sends with every POST. */
export const requestHeader = 'x-ebbtide-console';
const keptSessions = 64;

/**
 * Who may enter: a link with a random key works once and is exchanged for a cookie. The next link is then made.
 *
 * Used once, because a link stands in the browser's arguments, where other users of the machine can read it.
 */
export class LinkAccess {
  readonly #base: string;
  readonly #cookie: string;
  readonly #linkFile: string | undefined;
  readonly #sessions = new Set<string>();
  #key = randomKey();

  /** @param base - address of the console, e.g. `http://127.0.0.1:7070` */
  constructor(base: string, linkFile?: string) {
    this.#base = base;
    // Cookies know no ports: two consoles on one machine must not share one
    this.#cookie = `ebbtide_console_${new URL(base).port || '80'}`;
    this.#linkFile = linkFile;
    this.#publish();
  }

  /** The link that works next. */
  get link(): string {
    return `${this.#base}/?key=${this.#key}`;
  }

  /**
   * Exchange a key.
   *
   * @returns the value of `Set-Cookie`, or undefined when the key is wrong or used
   */
  exchange(key: string): string | undefined {
    if (!same(key, this.#key)) return undefined;
    this.#key = randomKey();
    this.#publish();
    const session = randomKey();
    this.#sessions.add(digest(session));
    if (this.#sessions.size > keptSessions) this.#sessions.delete(this.#sessions.values().next().value!);
    return `${this.#cookie}=${session}; Path=/; HttpOnly; SameSite=Strict`;
  }

  /** Who asks; undefined when not let in. */
  userOf(request: FastifyRequest): string | undefined {
    const cookies = (request.headers.cookie ?? '').split(/;\s*/);
    const session = cookies.find((cookie) => cookie.startsWith(`${this.#cookie}=`))?.slice(this.#cookie.length + 1);
    return session !== undefined && this.#sessions.has(digest(session)) ? userInfo().username : undefined;
  }

  #publish(): void {
    if (this.#linkFile) writeFileSync(this.#linkFile, `${this.link}\n`, { mode: 0o600 });
  }
}

/**
 * Refuse what a page of another site, or a name rebound to this machine, could send.
 *
 * @param allowedHosts - values of `Host` that are answered beside loopback ones
 * @throws {EbbtideError} `FORBIDDEN`
 */
export const assertSameSite = (request: FastifyRequest, allowedHosts: readonly string[]): void => {
  const host = request.headers.host ?? '';
  const name = host.replace(/:\d+$/, '');
  if (
    !['127.0.0.1', 'localhost', '[::1]'].includes(name) &&
    !allowedHosts.includes(host) &&
    !allowedHosts.includes(name)
  )
    throw new EbbtideError(
      'FORBIDDEN',
      `Host ${JSON.stringify(host)} is not answered here; add it to console.allowedHosts if it is yours`,
      { host },
    );
  if (request.method === 'GET' || request.method === 'HEAD') return;
  const origin = request.headers.origin;
  const sameOrigin =
    origin === undefined ? request.headers['sec-fetch-site'] !== 'cross-site' : hostOf(origin) === host;
  if (!sameOrigin || request.headers[requestHeader] === undefined)
    throw new EbbtideError(
      'FORBIDDEN',
      `Requests that change something must come from the console itself, with the header ${requestHeader}`,
      {
        origin: origin ?? null,
      },
    );
};

const hostOf = (origin: string): string | undefined => (URL.canParse(origin) ? new URL(origin).host : undefined);
const randomKey = (): string => randomBytes(24).toString('base64url');
const digest = (text: string): string => createHash('sha256').update(text).digest('base64url');
const same = (left: string, right: string): boolean =>
  timingSafeEqual(Buffer.from(digest(left)), Buffer.from(digest(right)));
