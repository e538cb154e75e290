import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../../log.ts';
import type { PeopleConfig } from './config.ts';
import { localPerson, OneTimeLink } from './link.ts';
import { OidcEntrance } from './oidc.ts';
import { doorPage, reload } from './page.ts';
import type { Person } from './person.ts';
import { proxyEntrance } from './proxy.ts';
import { type Session, Sessions } from './sessions.ts';

/** What a door needs. */
export interface DoorOptions {
  readonly config: PeopleConfig & { readonly linkFile?: string | undefined };
  readonly log: Logger;
  readonly now: () => number;
  /** Told each time a link was used, with the one that works next. */
  linkUsed(next: string): void;
  /** Told of each sign-in and sign-out. */
  told(what: 'signIn' | 'signOut', person: Person, request: FastifyRequest): Promise<void>;
}

/** Where people come in and go out: by the one-time link, an OpenID Connect provider or a proxy in front. */
export class Door {
  readonly #options: DoorOptions;
  readonly #proxied: ((request: FastifyRequest) => Person | undefined) | undefined;
  #sessions: Sessions | undefined;
  #link: OneTimeLink | undefined;
  #oidc: OidcEntrance | undefined;

  constructor(options: DoorOptions) {
    this.#options = options;
    if (options.config.access === 'proxy') this.#proxied = proxyEntrance(options.config);
  }

  /**
   * Let people in from now on.
   *
   * @param address - on which the console listens
   * @throws {EbbtideError} `CONFIG_INVALID` where the key or the client's secret cannot be read
   */
  open(address: string): void {
    const { config, now, log } = this.#options;
    const base = (config.publicUrl ?? address).replace(/\/+$/, '');
    this.#sessions = new Sessions({ ...config.session, base, now });
    if (config.access === 'link') this.#link = new OneTimeLink(base, config.linkFile);
    if (config.access === 'oidc' && config.oidc)
      this.#oidc = new OidcEntrance({ oidc: config.oidc, people: config, base, sessions: this.#sessions, log });
  }

  /** The link that works next, where there are links. */
  get link(): string | undefined {
    return this.#link?.link;
  }

  /** What to tell somebody whom nobody let in. */
  get turnAway(): string {
    return {
      link: 'This browser has not been let in: open the link that Ebbtide printed',
      oidc: 'Nobody is signed in here, or the session has ended: sign in',
      proxy: 'The proxy in front has named nobody who may enter',
    }[this.#options.config.access];
  }

  /** Who asks by a browser; undefined when not let in. */
  async recognise(request: FastifyRequest): Promise<Person | undefined> {
    if (this.#proxied) return this.#proxied(request);
    return (await this.#session(request))?.person;
  }

  /** As {@link recognise}, and keep the session alive for which the request came. */
  async enter(request: FastifyRequest, reply: FastifyReply): Promise<Person | undefined> {
    if (this.#proxied) return this.#proxied(request);
    const session = await this.#session(request);
    const cookie = session && (await this.#sessions?.renewed(session));
    if (cookie) void reply.header('set-cookie', cookie);
    return session?.person;
  }

  /** Answer a request for a page; false when whoever asks is in, and shall have it. */
  async answer(request: FastifyRequest<{ Querystring: { key?: string } }>, reply: FastifyReply): Promise<boolean> {
    const { key } = request.query;
    if (typeof key === 'string' && this.#link?.use(key)) {
      this.#options.linkUsed(this.#link.link);
      const person = localPerson();
      await this.#options.told('signIn', person, request);
      void reply.header('set-cookie', await this.#sessions!.begin(person)).redirect('/', 303);
      return true;
    }
    if ((await this.recognise(request)) !== undefined) {
      if (typeof key === 'string') void reply.redirect('/', 303);
      return typeof key === 'string';
    }
    // A link on another site's page brings no strict cookie along; the same page asked for once more does
    const crossed = request.headers['sec-fetch-site'] === 'cross-site';
    const { config } = this.#options;
    void reply
      .code(401)
      .type('text/html; charset=utf-8')
      .send(crossed && config.access !== 'proxy' ? reload(request.url) : doorPage(config.access, request.url));
    return true;
  }

  /** The routes by which people come and go. */
  addRoutes(server: FastifyInstance): void {
    server.get<{ Querystring: { to?: string } }>('/auth/sign-in', { config: { role: 'public' } }, (request, reply) =>
      this.#oidc ? this.#oidc.begin(request, reply) : reply.redirect('/', 303),
    );
    server.get('/auth/callback', { config: { role: 'public' } }, async (request, reply) => {
      if (!this.#oidc) return reply.redirect('/', 303);
      return this.#oidc.finish(request, reply, (person) => this.#options.told('signIn', person, request));
    });
    server.post('/api/sign-out', { config: { role: 'viewer' } }, async (request, reply) => {
      const session = await this.#session(request);
      if (!session) return { to: '/' };
      await this.#options.told('signOut', session.person, request);
      void reply.header('set-cookie', this.#sessions!.end(session));
      return { to: (await this.#oidc?.signOutUrl()) ?? '/' };
    });
  }

  async #session(request: FastifyRequest): Promise<Session | undefined> {
    const session = this.#proxied ? undefined : await this.#sessions?.of(request);
    // A session that began by an entrance which has been closed since must not outlive it
    return session?.person.how === this.#options.config.access ? session : undefined;
  }
}
