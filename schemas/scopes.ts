import { EbbtideError } from './errors.ts';
import {
  type Atom,
  atomOf,
  builtInScope,
  isEmpty,
  isWithin,
  leastOf,
  readOnlyDefinition,
  type ScopeDefinition,
  type ScopedRequest,
} from './scopeDefinition.ts';

export { builtInScope, type ScopeDefinition, type ScopedRequest, scopesConfig } from './scopeDefinition.ts';

/**
 * What an override's credential begins with where another party's event set it. It has a space in it, as no identifier
 * of a credential has: nobody's name can be taken for such an override, and neither replaces the other.
 */
export const signalsOverride = 'signals ';

/** What the decision of an override that somebody set by hand begins with: no pipeline is of that name. */
export const administratorsDecision = 'administrator';

/** A set of allowed requests. Equal scopes of one {@link Scopes} are the same object. */
export interface Scope {
  /** Canonical name: its parts in order, as in `read-only & single-service(orders)`. */
  readonly name: string;
  /** Names of its parts, sorted. */
  readonly parts: readonly string[];
  allows(request: ScopedRequest): boolean;
}

/**
 * The scopes of a deployment, as a meet-semilattice: `meet` is the intersection of what two scopes allow.
 *
 * The top is `default`, the bottom `blocked`. A scope is held as the set of definitions that must all allow a request,
 * without those that another of them makes superfluous; so a meet has one form and one name however it was come by.
 *
 * @example
 * const scopes = new Scopes({});
 * scopes.meet(scopes.named('read-only'), scopes.named('single-service', 'orders')).name; // read-only & single-service(orders)
 */
export class Scopes {
  readonly #definitions: ReadonlyMap<string, ScopeDefinition>;
  readonly #atoms = new Map<string, Atom>();
  readonly #interned = new Map<string, Scope & { readonly atoms: readonly Atom[] }>();
  readonly #named = new Map<string, Scope>();
  readonly #meets = new Map<Scope, Map<Scope, Scope>>();
  readonly top: Scope;
  readonly bottom: Scope;

  /** @param definitions - `scopes` of the configuration, validated */
  constructor(definitions: Readonly<Record<string, ScopeDefinition>>) {
    this.#definitions = new Map(Object.entries({ [builtInScope.readOnly]: readOnlyDefinition, ...definitions }));
    this.bottom = this.#intern([atomOf(builtInScope.blocked, { allow: [], deny: [] })]);
    this.top = this.#intern([]);
  }

  /** Names that {@link named} takes; `single-service` wants its service beside it. */
  names(): string[] {
    const { default: all, singleService, blocked } = builtInScope;
    return [all, ...this.#definitions.keys(), singleService, blocked];
  }

  /**
   * The scope of a name: one that is built in or defined, or a canonical name of several.
   *
   * @param service - the one service of `single-service`, where the name does not bring it
   * @throws {EbbtideError} `POLICY_INVALID` where there is none of that name
   */
  named(name: string, service: string | null = null): Scope {
    const known = this.#named.get(name);
    if (known) return known;
    const scope = name
      .split(' & ')
      .map((part) => this.#part(part.trim(), service))
      .reduce((all, part) => this.meet(all, part));
    // With a service beside it, a name is not all that the scope depends on
    if (service === null) this.#named.set(name, scope);
    return scope;
  }

  /** As {@link named}; a name that nobody knows is `blocked`, so that a mistake never widens. */
  namedOrBlocked(name: string, service: string | null = null): Scope {
    try {
      return this.named(name, service);
    } catch {
      return this.bottom;
    }
  }

  /** What both allow. Commutative, associative, idempotent, and never wider than either. */
  meet(one: Scope, other: Scope): Scope {
    if (one === other) return one;
    let of = this.#meets.get(one);
    if (!of) {
      of = new Map();
      this.#meets.set(one, of);
    }
    let met = of.get(other);
    if (!met) {
      met = this.#intern([...this.#atomsOf(one), ...this.#atomsOf(other)]);
      of.set(other, met);
    }
    return met;
  }

  /** Whether `one` surely allows nothing that `other` does not; false also means that it cannot be told. */
  within(one: Scope, other: Scope): boolean {
    return (
      one === this.bottom ||
      this.#atomsOf(other).every((outer) => this.#atomsOf(one).some((inner) => isWithin(inner, outer)))
    );
  }

  #part(name: string, service: string | null): Scope {
    const { default: all, singleService, blocked } = builtInScope;
    if (name === all) return this.top;
    if (name === blocked) return this.bottom;
    const found = /^single-service(?:\(([^()]+)\))?$/.exec(name);
    if (found) {
      const only = found[1] ?? service;
      if (!only)
        throw new EbbtideError('POLICY_INVALID', `Scope ${singleService} needs the name of its service`, {
          scope: name,
        });
      return this.#intern([this.#atom(`${singleService}(${only})`, { allow: [{ services: [only] }], deny: [] })]);
    }
    const definition = this.#definitions.get(name);
    if (!definition)
      throw new EbbtideError(
        'POLICY_INVALID',
        `There is no scope "${name.slice(0, 100)}"; there are ${this.names().join(', ')}`,
        { scope: name },
      );
    return this.#intern([this.#atom(name, definition)]);
  }

  #atom(name: string, definition: ScopeDefinition): Atom {
    let atom = this.#atoms.get(name);
    if (!atom) {
      atom = atomOf(name, definition);
      this.#atoms.set(name, atom);
    }
    return atom;
  }

  #atomsOf(scope: Scope): readonly Atom[] {
    return this.#interned.get(scope.name)!.atoms;
  }

  #intern(given: readonly Atom[]): Scope {
    const atoms = isEmpty(given) ? [atomOf(builtInScope.blocked, { allow: [], deny: [] })] : leastOf(given);
    const parts = atoms.map(({ name }) => name);
    const name = parts.join(' & ') || builtInScope.default;
    let scope = this.#interned.get(name);
    if (!scope) {
      const [first, ...rest] = atoms.map(({ allows }) => allows);
      const allows =
        rest.length === 0
          ? (first ?? (() => true))
          : (request: ScopedRequest) => first!(request) && rest.every((also) => also(request));
      scope = { name, parts, allows, atoms };
      this.#interned.set(name, scope);
    }
    return scope;
  }
}
