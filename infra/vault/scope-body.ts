import { createHash } from 'node:crypto';
import { z } from 'zod';
import { builtInScope } from '../../schemas/scopes.ts';

const path = z.string().regex(/^[\w./+*{}@-]{1,512}$/, 'must be a path of Vault, without quotes or spaces');

/** How scopes become policies of Vault; `actuate.scopes` in `ebbtide.yaml`. */
export const scopePolicies = z.strictObject({
  policyPrefix: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/)
    .default('ebbtide-scope-')
    .describe("Prefix of the policies' names; the actuator must be allowed to write them"),
  denied: z
    .record(z.string(), z.array(path))
    .default({})
    .describe('Paths that a scope refuses, by its name, written as in the policies that grant them'),
  services: z
    .record(z.string(), z.array(path))
    .default({})
    .describe('Paths of each service; a single service refuses those of all others, blocked those of all'),
});

/** A validated {@link scopePolicies}. */
export type ScopePolicyConfig = z.output<typeof scopePolicies>;

/** Whether any paths are named: else Vault has nothing to do with scopes. */
export const areVaultScopes = ({ denied, services }: ScopePolicyConfig): boolean =>
  Object.keys(denied).length + Object.keys(services).length > 0;

/**
 * Name of the policy that narrows the tokens of a frontend credential. Tokens are issued with it: the list of names on a
 * token is fixed, while the body of each is read at every request.
 */
export const scopePolicyName = (frontendCredential: string, { policyPrefix }: ScopePolicyConfig): string =>
  `${policyPrefix}${createHash('sha256').update(frontendCredential).digest('hex').slice(0, 32)}`;

/**
 * The body of that policy: an explicit deny for each path that the scope refuses. Denies of several scopes add up, which
 * is their meet. A scope of which nothing is known refuses all paths that are known.
 *
 * @param scope - canonical name, such as `read-only & single-service(orders)`
 */
export const scopeBody = (scope: string, { denied, services }: ScopePolicyConfig): string => {
  const all = [...Object.values(denied), ...Object.values(services)].flat();
  const paths = scope.split(' & ').flatMap((part) => {
    if (part === builtInScope.default) return [];
    if (part === builtInScope.blocked) return all;
    const only = /^single-service\((.+)\)$/.exec(part)?.[1];
    if (only !== undefined && Object.hasOwn(services, only))
      return Object.entries(services).flatMap(([name, of]) => (name === only ? [] : of));
    return Object.hasOwn(denied, part) ? denied[part]! : all;
  });
  const lines = [...new Set(paths)].sort().map((one) => `path "${one}" {\n  capabilities = ["deny"]\n}`);
  return [`# Scope ${scope.replace(/[^\x20-\x7e]/g, '?')}, kept by Ebbtide`, ...lines, ''].join('\n');
};
