import { z } from 'zod';
import { covers, decodedPath, isLiteral, matcherOf } from './scopePattern.ts';

/** What a request asks for, as scopes judge it. */
export interface ScopedRequest {
  /** Backend service. */
  readonly service: string;
  /** HTTP method in capitals; empty where the call has none. */
  readonly method: string;
  /** Name of the operation, by default method and route template. */
  readonly operation: string;
  /** Path without its query, with its percent-encoding undone. */
  readonly resource: string;
}

/** Names of the scopes that are always there. */
export const builtInScope = {
  /** All that the row of the translation table entitles to. */
  default: 'default',
  /** What only reads. */
  readOnly: 'read-only',
  /** One service; it is named beside it, as in `single-service(orders)`. */
  singleService: 'single-service',
  /** Nothing. */
  blocked: 'blocked',
} as const;

const patterns = (what: string) =>
  z
    .array(z.string().max(512))
    .min(1)
    .optional()
    .describe(`${what}; "*" is any characters but "/", "**" any; all if absent`);

const ruleSchema = z.strictObject({
  services: patterns('Services'),
  methods: z
    .array(z.string().regex(/^[A-Z-]{0,32}$/))
    .min(1)
    .optional()
    .describe('HTTP methods in capitals, "" for calls without one; all if absent'),
  operations: patterns('Operations'),
  resources: patterns('Paths'),
});

/** A scope that administrators define: what any rule of `allow` accepts and no rule of `deny` does. */
export const scopeDefinitionSchema = z.strictObject({
  allow: z.array(ruleSchema).describe('Rules, of which one must accept the request with all that it names'),
  deny: z.array(ruleSchema).default([]).describe('Rules that refuse what the others allow'),
});

/** `scopes` in `ebbtide.yaml`. */
export const scopesConfig = z
  .record(z.string().regex(/^[a-z][a-z0-9-]{0,63}$/), scopeDefinitionSchema)
  .refine((scopes) => !Object.keys(scopes).some((name) => name !== builtInScope.readOnly && isBuiltIn(name)), {
    error: 'must not define "default", "single-service" or "blocked" anew',
  });

type Rule = z.output<typeof ruleSchema>;
/** A validated {@link scopeDefinitionSchema}. */
export type ScopeDefinition = z.output<typeof scopeDefinitionSchema>;

const isBuiltIn = (name: string): boolean => (Object.values(builtInScope) as string[]).includes(name);

/** What ships as `read-only`: reading methods, and names that say so where a call has no method. */
export const readOnlyDefinition: ScopeDefinition = {
  allow: [
    { methods: ['GET', 'HEAD', 'OPTIONS'] },
    { methods: [''], operations: ['Get**', 'List**', 'Describe**', 'Head**', 'Lookup**'] },
  ],
  deny: [],
};

/** One definition by its name: scopes are sets of these, of which each must allow a request. */
export interface Atom {
  readonly name: string;
  readonly definition: ScopeDefinition;
  /** The services that it can allow at most; undefined where that is not a list of names. */
  readonly services: ReadonlySet<string> | undefined;
  readonly allows: (request: ScopedRequest) => boolean;
}

/** A definition with its name, ready to judge requests. */
export const atomOf = (name: string, given: ScopeDefinition): Atom => {
  const definition = { allow: given.allow.map(withDecodedPaths), deny: given.deny.map(withDecodedPaths) };
  const allow = definition.allow.map(accepts);
  const deny = definition.deny.map(accepts);
  return {
    name,
    definition,
    services: servicesOf(definition.allow),
    allows: (request) => allow.some((accept) => accept(request)) && !deny.some((refuse) => refuse(request)),
  };
};

const withDecodedPaths = (rule: Rule): Rule =>
  rule.resources ? { ...rule, resources: rule.resources.map((pattern) => decodedPath(pattern) ?? pattern) } : rule;

const accepts = ({ services, methods, operations, resources }: Rule): ((request: ScopedRequest) => boolean) => {
  const [ofService, ofOperation, ofResource] = [services, operations, resources].map(matcherOf);
  return ({ service, method, operation, resource }) =>
    (methods === undefined || methods.includes(method)) &&
    ofService!(service) &&
    ofOperation!(operation) &&
    ofResource!(resource);
};

const servicesOf = (rules: readonly Rule[]): ReadonlySet<string> | undefined =>
  rules.every(({ services }) => services?.every(isLiteral))
    ? new Set(rules.flatMap(({ services }) => services!))
    : undefined;

/** Whether no service is left that all of them could allow. */
export const isEmpty = (atoms: readonly Atom[]): boolean => {
  const [first, ...rest] = atoms.flatMap(({ services }) => (services ? [services] : []));
  return first !== undefined && [...first].every((service) => rest.some((other) => !other.has(service)));
};

/** Without those that another makes superfluous; of two that say the same, the first by name stays. Sorted by name. */
export const leastOf = (given: readonly Atom[]): Atom[] => {
  const atoms = [...new Map(given.map((atom) => [atom.name, atom])).values()].sort((a, b) =>
    a.name < b.name ? -1 : 1,
  );
  return atoms.filter(
    (atom, at) =>
      !atoms.some((other, i) => i !== at && isWithin(other, atom) && (i < at || !isWithin(atom, other))) &&
      !isWithin(everything, atom),
  );
};

/** Whether all that `inner` allows is surely allowed by `outer`. Transitive, so that what stays does not depend on the order. */
export const isWithin = (inner: Pick<Atom, 'definition'>, outer: Pick<Atom, 'definition'>): boolean =>
  inner.definition.allow.every((rule) => outer.definition.allow.some((wider) => ruleCovers(wider, rule))) &&
  outer.definition.deny.every((rule) => inner.definition.deny.some((wider) => ruleCovers(wider, rule)));

const ruleCovers = (outer: Rule, inner: Rule): boolean =>
  (['services', 'methods', 'operations', 'resources'] as const).every((field) => {
    const wide = outer[field];
    if (wide === undefined) return true;
    const cover = field === 'methods' ? (pattern: string, of: string) => pattern === of : covers;
    return inner[field] === undefined
      ? field !== 'methods' && wide.includes('**')
      : inner[field].every((pattern) => wide.some((wider) => cover(wider, pattern)));
  });

const everything: Pick<Atom, 'definition'> = { definition: { allow: [{}], deny: [] } };
