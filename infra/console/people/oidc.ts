import { readFileSync } from 'node:fs';
import type { FastifyReply, FastifyRequest } from 'fastify';
import * as client from 'openid-client';
import { z } from 'zod';
import { EbbtideError } from '../../../schemas/errors.ts';
import type { Logger } from '../../log.ts';
import type { PeopleConfig } from './config.ts';
import { pathWithin, plainPage } from './page.ts';
import type { Person } from './person.ts';
import { type Role, roleOf } from './roles.ts';
import type { Sessions } from './sessions.ts';

const attemptMs = 600_000;
const nameLength = 256;
const html = 'text/html; charset=utf-8';
const keptAttempt = z.object({ state: z.string(), nonce: z.string(), verifier: z.string(), to: z.string() });

type Claims = Readonly<Record<string, unknown>>;

/** What an {@link OidcEntrance} works with. */
export interface OidcParts {
  readonly oidc: NonNullable<PeopleConfig['oidc']>;
  readonly people: Pick<PeopleConfig, 'roles' | 'defaultRole'>;
  /** Address by which browsers come. */
  readonly base: string;
  readonly sessions: Sessions;
  readonly log: Logger;
}

/**
 * Sign-in at an OpenID Connect provider: authorization code with PKCE, state and nonce. The provider is asked for its
 * metadata when somebody first signs in, so that a console starts without it.
 *
 * @see OpenID Connect Core 1.0, section 3.1; RFC 7636; RFC 9700
 */
export class OidcEntrance {
  readonly #parts: OidcParts;
  readonly #secret: string | undefined;
  #provider: Promise<client.Configuration> | undefined;

  /** @throws {EbbtideError} `CONFIG_INVALID` where the client's secret cannot be read */
  constructor(parts: OidcParts) {
    this.#parts = parts;
    this.#secret = secretOf(parts.oidc.clientSecretFile);
  }

  /** Send a browser to the provider. */
  async begin(request: FastifyRequest<{ Querystring: { to?: string } }>, reply: FastifyReply): Promise<FastifyReply> {
    const { oidc, sessions } = this.#parts;
    const provider = await this.#discover().catch((error: unknown) => this.#away(error, reply));
    if (!provider) return reply;
    const attempt = {
      state: client.randomState(),
      nonce: client.randomNonce(),
      verifier: client.randomPKCECodeVerifier(),
      to: pathWithin(request.query.to),
    };
    const url = client.buildAuthorizationUrl(provider, {
      redirect_uri: this.#callback,
      scope: oidc.scope,
      state: attempt.state,
      nonce: attempt.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(attempt.verifier),
      code_challenge_method: 'S256',
      ...(oidc.prompt === undefined ? {} : { prompt: oidc.prompt }),
    });
    return reply.header('set-cookie', await sessions.keep('attempt', attempt, attemptMs)).redirect(url.href, 303);
  }

  /**
   * Take a browser in that comes back.
   *
   * @param signedIn - told who it is, before the session begins
   */
  async finish(
    request: FastifyRequest,
    reply: FastifyReply,
    signedIn: (person: Person) => Promise<void>,
  ): Promise<FastifyReply> {
    const { sessions, log } = this.#parts;
    const kept = keptAttempt.safeParse(await sessions.kept(request, 'attempt'));
    void reply.header('set-cookie', await sessions.keep('attempt', null, 0));
    if (!kept.success)
      return this.#refuse(reply, 400, 'This sign-in took too long, or began in another browser. Begin anew.');
    const { state, nonce, verifier, to } = kept.data;
    const provider = await this.#discover().catch((error: unknown) => this.#away(error, reply));
    if (!provider) return reply;
    let claims: Claims;
    try {
      claims = await this.#claims(provider, request, { state, nonce, verifier });
    } catch (error) {
      if (isSilence(error)) {
        this.#away(error, reply);
        return reply;
      }
      log.warn({ err: error }, 'Sign-in refused');
      return this.#refuse(reply, 403, `The provider's answer was not accepted: ${(error as Error).message}`);
    }
    const person = this.#personOf(claims);
    if (!person) {
      log.warn({ subject: claims.sub }, 'Somebody without a role tried to sign in');
      return this.#refuse(
        reply,
        403,
        'You are signed in at your organisation, but none of your groups stands for a role here. Ask an administrator of Ebbtide.',
      );
    }
    await signedIn(person);
    // The strict cookie comes along only with a request of our own page, which a redirection from elsewhere is not
    return reply
      .header('set-cookie', await sessions.begin(person))
      .type(html)
      .send(plainPage('Signed in', 'Opening the console.', { to, name: 'Go on' }, to));
  }

  /** Where to go to sign out at the provider too; undefined where it does not offer that, or is away. */
  async signOutUrl(): Promise<string | undefined> {
    const provider = await this.#discover().catch(() => undefined);
    if (!provider?.serverMetadata().end_session_endpoint) return undefined;
    return client.buildEndSessionUrl(provider, { post_logout_redirect_uri: `${this.#parts.base}/` }).href;
  }

  get #callback(): string {
    return `${this.#parts.base}/auth/callback`;
  }

  async #claims(
    provider: client.Configuration,
    request: FastifyRequest,
    { state, nonce, verifier }: { state: string; nonce: string; verifier: string },
  ): Promise<Claims> {
    const { oidc } = this.#parts;
    const current = new URL(this.#callback);
    current.search = new URL(request.url, this.#parts.base).search;
    const tokens = await client.authorizationCodeGrant(provider, current, {
      expectedState: state,
      expectedNonce: nonce,
      pkceCodeVerifier: verifier,
      idTokenExpected: true,
    });
    const claims = tokens.claims()!;
    const complete = at(claims, oidc.groupsClaim) !== undefined && at(claims, oidc.nameClaim) !== undefined;
    if (complete || provider.serverMetadata().userinfo_endpoint === undefined) return claims;
    // Many providers tell groups only at the userinfo endpoint
    const more = await client.fetchUserInfo(provider, tokens.access_token, claims.sub);
    return { ...more, ...claims };
  }

  #personOf(claims: Claims): Person | undefined {
    const { oidc, people } = this.#parts;
    const sub = String(claims.sub);
    const groups = [at(claims, oidc.groupsClaim) ?? []].flat().map(String);
    const role: Role | 'none' = roleOf(groups, people.roles as never) ?? people.defaultRole ?? 'none';
    if (role === 'none') return undefined;
    const named = at(claims, oidc.nameClaim);
    const name = typeof named === 'string' && named.trim() !== '' ? named.trim().slice(0, nameLength) : sub;
    return { id: `oidc:${sub}`, name, role, how: 'oidc', owner: `oidc:${sub}` };
  }

  /** The provider's metadata; asked for again where it failed last time. */
  #discover(): Promise<client.Configuration> {
    const { oidc } = this.#parts;
    this.#provider ??= client
      .discovery(
        new URL(oidc.issuer),
        oidc.clientId,
        undefined,
        this.#secret === undefined ? client.None() : client.ClientSecretBasic(this.#secret),
        { timeout: oidc.timeoutS, ...(oidc.allowHttp ? { execute: [client.allowInsecureRequests] } : {}) },
      )
      .catch((error: unknown) => {
        this.#provider = undefined;
        throw error;
      });
    return this.#provider;
  }

  #away(error: unknown, reply: FastifyReply): undefined {
    this.#parts.log.error({ err: error, issuer: this.#parts.oidc.issuer }, 'The OpenID provider cannot be asked');
    void this.#refuse(
      reply,
      503,
      `The provider at ${new URL(this.#parts.oidc.issuer).host} does not answer as it should. Sessions that have begun go on; try again in a moment.`,
      'Sign-in is not possible now',
    );
  }

  #refuse(reply: FastifyReply, status: number, text: string, title = 'You were not signed in'): FastifyReply {
    return reply
      .code(status)
      .type(html)
      .send(plainPage(title, text, { to: '/auth/sign-in', name: 'Try again' }));
  }
}

/** Follow a dotted path, such as `realm_access.roles`, or take the claim of exactly that name. */
const at = (claims: Claims, path: string): unknown =>
  claims[path] ??
  path
    .split('.')
    .reduce<unknown>(
      (value, name) => (typeof value === 'object' && value !== null ? (value as Claims)[name] : undefined),
      claims,
    );

const isSilence = (error: unknown): boolean =>
  error instanceof TypeError || (error as { code?: string }).code === 'OAUTH_TIMEOUT';

const secretOf = (file: string | undefined): string | undefined => {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new EbbtideError(
      'CONFIG_INVALID',
      `Key console.oidc.clientSecretFile names ${file}, which cannot be read: ${(cause as Error).message}`,
      { key: 'console.oidc.clientSecretFile' },
      cause,
    );
  }
};
