import type { Role } from './roles.ts';

/** How somebody came in: by the one-time link, an identity provider, a proxy in front, or an API token. */
export type Entrance = 'link' | 'oidc' | 'proxy' | 'token';

/** Who asks. */
export interface Person {
  /** Unique over all entrances, e.g. `oidc:7d2e`, `token:9f31`. */
  readonly id: string;
  /** As people call them. */
  readonly name: string;
  readonly role: Role;
  readonly how: Entrance;
  /** Whoever answers for what is done: the maker of an API token, else the person. Two of one owner are not two people. */
  readonly owner: string;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Role that a request needs; `public` answers everybody. A route that says nothing is not started. */
    role?: Role | 'public';
  }
  interface FastifyRequest {
    /** Who asks; null only where a route is public. Elsewhere {@link personOf} is shorter. */
    person: Person | null;
  }
}
