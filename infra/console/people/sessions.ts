import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseCookie, type SerializeOptions, stringifySetCookie } from 'cookie';
import type { FastifyRequest } from 'fastify';
import { EncryptJWT, errors, jwtDecrypt } from 'jose';
import { z } from 'zod';
import { EbbtideError } from '../../../schemas/errors.ts';
import type { Person } from './person.ts';
import { roles } from './roles.ts';

const renewMs = 60_000;
const endedKept = 10_000;

const sealedSession = z.object({
  sid: z.string(),
  begun: z.number(),
  person: z.object({
    id: z.string(),
    name: z.string(),
    role: z.enum(roles),
    how: z.enum(['link', 'oidc', 'proxy', 'token']),
    owner: z.string(),
  }),
});
type SealedSession = z.output<typeof sealedSession>;

/** A session that was found good. */
export interface Session extends SealedSession {
  /** When it was last renewed, epoch milliseconds. */
  readonly seen: number;
}

/** What sessions are made of. */
export interface SessionOptions {
  readonly idleMs: number;
  readonly absoluteMs: number;
  readonly keyFile?: string | undefined;
  /** Address by which browsers come. */
  readonly base: string;
  readonly now: () => number;
}

/**
 * Sessions of browsers, each wholly in its cookie, encrypted and authenticated (JWE, `dir` with A256GCM), so that several
 * consoles share them by sharing a key. A session ends after a time without requests, after a time whatever happens, and
 * when its person signs out.
 */
export class Sessions {
  readonly #options: SessionOptions;
  readonly #key: Uint8Array;
  readonly #cookie: string;
  readonly #secure: boolean;
  readonly #ended = new Map<string, number>();

  constructor(options: SessionOptions) {
    this.#options = options;
    const url = new URL(options.base);
    this.#secure = url.protocol === 'https:';
    // Cookies know no ports: two consoles on one machine must not share one
    this.#cookie = `${this.#secure ? '__Host-' : ''}ebbtide_console_${url.port || (this.#secure ? '443' : '80')}`;
    this.#key = options.keyFile === undefined ? randomBytes(32) : keyOf(options.keyFile);
  }

  /** Let somebody in. @returns the value of `Set-Cookie` */
  begin(person: Person): Promise<string> {
    return this.#seal({ sid: randomBytes(16).toString('base64url'), begun: this.#options.now(), person });
  }

  /** The session that a request belongs to; undefined where it has none, or one that has ended or was forged. */
  async of(request: FastifyRequest): Promise<Session | undefined> {
    const sealed = parseCookie(request.headers.cookie ?? '')[this.#cookie];
    const opened = sealed ? await this.#open(sealed, this.#cookie) : undefined;
    const session = sealedSession.safeParse(opened?.payload);
    if (!opened || !session.success || this.#ended.has(session.data.sid)) return undefined;
    return { ...session.data, seen: (opened.iat ?? 0) * 1_000 };
  }

  /** The cookie of a session that goes on; undefined while the one it has is fresh enough. */
  async renewed({ seen, ...session }: Session): Promise<string | undefined> {
    return this.#options.now() - seen < renewMs ? undefined : this.#seal(session);
  }

  /** End a session. @returns the value of `Set-Cookie` that takes the cookie away */
  end({ sid }: Session): string {
    const now = this.#options.now();
    for (const [other, until] of this.#ended)
      if (until < now || this.#ended.size >= endedKept) this.#ended.delete(other);
    this.#ended.set(sid, now + this.#options.absoluteMs);
    return this.#set(this.#cookie, '', { maxAge: 0 });
  }

  /**
   * A cookie that the callback of a sign-in reads back. It must come along from another site's page, so it is `Lax`.
   *
   * @param value - what to seal, for `lifeMs`; null takes the cookie away
   */
  async keep(purpose: string, value: Record<string, unknown> | null, lifeMs: number): Promise<string> {
    const name = `${this.#cookie}_${purpose}`;
    const options = { sameSite: 'lax', maxAge: value ? Math.floor(lifeMs / 1_000) : 0 } as const;
    const text = value ? await this.#encrypt(value, name, this.#options.now() + lifeMs) : '';
    return this.#set(name, text, options);
  }

  /** What {@link keep} sealed; undefined where it has lapsed or was forged. */
  async kept(request: FastifyRequest, purpose: string): Promise<Record<string, unknown> | undefined> {
    const name = `${this.#cookie}_${purpose}`;
    const sealed = parseCookie(request.headers.cookie ?? '')[name];
    return sealed ? (await this.#open(sealed, name))?.payload : undefined;
  }

  async #seal(session: SealedSession): Promise<string> {
    const { now, idleMs, absoluteMs } = this.#options;
    const expires = Math.min(now() + idleMs, session.begun + absoluteMs);
    return this.#set(this.#cookie, await this.#encrypt(session, this.#cookie, expires), {
      maxAge: Math.max(0, Math.floor((expires - now()) / 1_000)),
    });
  }

  #encrypt(payload: object, audience: string, expires: number): Promise<string> {
    return new EncryptJWT({ payload })
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .setAudience(audience)
      .setIssuedAt(Math.floor(this.#options.now() / 1_000))
      .setExpirationTime(Math.floor(expires / 1_000))
      .encrypt(this.#key);
  }

  async #open(
    sealed: string,
    audience: string,
  ): Promise<{ payload: Record<string, unknown>; iat: number | undefined } | undefined> {
    try {
      const { payload } = await jwtDecrypt<{ payload: Record<string, unknown> }>(sealed, this.#key, {
        audience,
        currentDate: new Date(this.#options.now()),
        keyManagementAlgorithms: ['dir'],
        contentEncryptionAlgorithms: ['A256GCM'],
      });
      return { payload: payload.payload, iat: payload.iat };
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }

  #set(name: string, value: string, options: SerializeOptions): string {
    const always = { path: '/', httpOnly: true, secure: this.#secure, sameSite: 'strict' } as const;
    return stringifySetCookie(name, value, { ...always, ...options });
  }
}

const keyOf = (file: string): Uint8Array => {
  try {
    const bytes = readFileSync(file);
    if (bytes.length < 32) throw new Error(`it has ${bytes.length} bytes, and at least 32 are needed`);
    return createHash('sha256').update('ebbtide console session').update(bytes).digest();
  } catch (cause) {
    throw new EbbtideError(
      'CONFIG_INVALID',
      `Key console.session.keyFile names ${file}, which is no key: ${(cause as Error).message}`,
      { key: 'console.session.keyFile' },
      cause,
    );
  }
};
