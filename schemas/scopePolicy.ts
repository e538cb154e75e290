import { z } from 'zod';
import { parsePolicy } from './parsePolicy.ts';
import { fitOf } from './scopePattern.ts';
import { builtInScope, type Scope, type ScopeDefinition, Scopes, scopesConfig } from './scopes.ts';
import { threatPolicySchema } from './threat.ts';

const durationMs = z.number().int().positive();
const count = z.number().int().positive();

const budget = (description: string) =>
  z
    .strictObject({
      actions: count.describe('Narrowings allowed in the period, 1 and up'),
      perMs: durationMs.describe('Length of the period, milliseconds'),
    })
    .describe(description);

/** Name of the scope that leaves one service open. */
export const singleServiceScope = builtInScope.singleService;

const rangeSchema = z.strictObject({
  upTo: z.number().gt(0).max(100).describe('Highest risk of the range, inclusive; the last is 100'),
  scope: z.string().min(1).describe('Scope that such a risk earns, as the scopes of the deployment name it'),
});

/** A range of risk and the scope that it earns. */
export type RiskRange = z.output<typeof rangeSchema>;

/** What a group of callers may have of its own. */
const tunable = {
  ranges: z
    .array(rangeSchema)
    .min(1)
    .default([
      { upTo: 30, scope: 'default' },
      { upTo: 60, scope: 'read-only' },
      { upTo: 80, scope: 'single-service' },
      { upTo: 100, scope: 'blocked' },
    ])
    .describe('Ranges of risk, ascending, from the scope default to the narrowest'),
  singleService: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('The service that stays open in the scope single-service; null: the one most used in the baseline'),
  narrowAfter: count
    .default(2)
    .describe('Assessments in a row above the range in force before the scope is narrowed (hysteresis)'),
  widenAfter: count
    .default(3)
    .describe('Windows in a row below the range in force before the scope is widened (hysteresis)'),
  riskHalfLifeMs: durationMs
    .default(600_000)
    .describe('Time in which a risk that is not confirmed halves, milliseconds of event time'),
  overrideMs: durationMs
    .default(3_600_000)
    .describe('How long a Dynamic Scope Override holds unless it is renewed, milliseconds of event time'),
};

const rangesAreOrdered = (
  ranges: readonly RiskRange[] | undefined,
  context: z.RefinementCtx,
  path: readonly (string | number)[],
): void => {
  if (!ranges?.length) return;
  const issue = (message: string, at: number, key: string) =>
    context.addIssue({ code: 'custom', path: [...path, at, key], message });
  ranges.forEach(({ upTo, scope }, i) => {
    const before = ranges[i - 1];
    if (before && upTo <= before.upTo) issue(`Ranges must ascend, got upTo ${upTo} after ${before.upTo}`, i, 'upTo');
    if (ranges.slice(0, i).some((one) => one.scope === scope)) issue(`Scope ${scope} has two ranges`, i, 'scope');
  });
  const last = ranges.length - 1;
  if (ranges[last]!.upTo !== 100) issue(`The last range must reach to 100, got ${ranges[last]!.upTo}`, last, 'upTo');
};

const builtIn: readonly string[] = Object.values(builtInScope);

/** Something about the scopes of ranges that does not hold. */
export interface RangeProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

type Ranged = {
  readonly ranges?: readonly RiskRange[] | undefined;
  readonly singleService?: string | null | undefined;
};

/**
 * What is wrong with the scopes of a policy's ranges, those of its groups included: each begins with `default`, names
 * scopes that are there, keeps those that are built in in their order, and no range allows all that one before it does.
 * Scopes that cannot be compared, as `read-only` and a single service, may follow each other.
 *
 * @param definitions - scopes of the deployment, beside those that the policy brings
 */
export const rangeProblems = (
  policy: Ranged & {
    readonly groups: Readonly<Record<string, Ranged>>;
    readonly scopes: Readonly<Record<string, ScopeDefinition>>;
  },
  definitions: Readonly<Record<string, ScopeDefinition>> = {},
): RangeProblem[] => {
  const scopes = new Scopes({ ...definitions, ...policy.scopes });
  const of = ({ ranges = [], singleService }: Ranged, path: readonly (string | number)[]): RangeProblem[] => {
    const problems: RangeProblem[] = [];
    const before: { scope: Scope; name: string; rank: number }[] = [];
    ranges.forEach(({ scope: name }, i) => {
      const refuse = (message: string) => problems.push({ path: [...path, 'ranges', i, 'scope'], message });
      if (i === 0 && name !== builtInScope.default) {
        refuse(`The first range is what a caller without risk earns and must be default, got ${name}`);
        return;
      }
      let scope: Scope;
      try {
        scope = scopes.named(name, singleService ?? '*');
      } catch (error) {
        refuse((error as Error).message);
        return;
      }
      const rank = builtIn.indexOf(name.replace(/\(.*/, ''));
      const wider = before.find(
        (one) => one.name !== name && (scopes.within(one.scope, scope) || (rank >= 0 && one.rank > rank)),
      );
      if (wider) refuse(`A higher risk must not earn more: ${name} comes after ${wider.name}`);
      before.push({ scope, name, rank });
    });
    return problems;
  };
  return [
    ...of(policy, []),
    ...Object.entries(policy.groups).flatMap(([name, group]) =>
      of({ ...group, singleService: group.singleService ?? policy.singleService }, ['groups', name]),
    ),
  ];
};

const groupSchema = z.strictObject({
  match: z
    .array(z.string().min(1))
    .default([])
    .describe(
      'Frontend credentials of the group, * stands for any text; beside those that the translation table puts in it',
    ),
  ...Object.fromEntries(
    Object.entries(tunable).map(([key, schema]) => [
      key,
      (schema as z.ZodDefault<z.ZodType>)
        .unwrap()
        .optional()
        .describe(`${schema.description}; that of the policy if absent`),
    ]),
  ),
}) as unknown as z.ZodType<
  { match: string[] } & { [K in keyof typeof tunable]?: z.output<(typeof tunable)[K]> | undefined }
>;

/**
 * The form of a scope policy, with its defaults; `policy.scope` in `ebbtide.yaml`. That its ranges name scopes which are
 * there is for {@link rangeProblems} to say.
 */
export const scopePolicySchema = z
  .strictObject({
    mode: z
      .enum(['shadow', 'enforce'])
      .default('shadow')
      .describe('shadow: decide and record only; enforce: let gateways apply overrides'),
    windowMs: durationMs.default(30_000).describe('Length of an event-time window, milliseconds'),
    graceMs: z
      .number()
      .int()
      .min(0)
      .default(2_000)
      .describe('How long a window waits for calls after its end, milliseconds of event time'),
    assessAfterCalls: count
      .default(10)
      .describe('Calls in a window after which it is assessed before its end, and again after as many, 1 and up'),
    ...tunable,
    scopes: scopesConfig
      .default({})
      .describe(
        'Scopes of your own that ranges may name, by name. Those of the deployment (scopes) join them where the policy is put in force: whoever reads a policy knows what its names mean',
      ),
    learnUpTo: z
      .number()
      .min(0)
      .max(100)
      .default(30)
      .describe('Windows with more risk than this do not become part of what is usual, 0 to 100'),
    threat: threatPolicySchema.prefault({}).describe('By how much matches of threat-intelligence feeds raise the risk'),
    groups: z
      .record(z.string().min(1), groupSchema)
      .default({})
      .describe(
        'Groups of callers with other ranges, hysteresis, decay or expiry, by name; the first that matches counts',
      ),
    budgetPerSubject: budget('Narrowings allowed for one credential').default({ actions: 12, perMs: 3_600_000 }),
    budgetForAll: budget(
      'Narrowings allowed for all credentials of one partition of the telemetry together; a deployment may spend this times its partitions',
    ).default({ actions: 200, perMs: 60_000 }),
    exempt: z.array(z.string()).default([]).describe('Frontend credentials that are never narrowed'),
    maxAheadMs: durationMs
      .default(60_000)
      .describe('Calls further in the future than this are refused, milliseconds after the broker received them'),
    maxPastMs: durationMs
      .default(604_800_000)
      .describe('Calls older than this are refused, milliseconds before the broker received them'),
  })
  .superRefine((policy, context) => {
    rangesAreOrdered(policy.ranges, context, ['ranges']);
    for (const [name, group] of Object.entries(policy.groups))
      rangesAreOrdered(group.ranges, context, ['groups', name, 'ranges']);
  });

/** A validated scope policy. */
export type ScopePolicy = z.output<typeof scopePolicySchema>;

/** A policy with the scopes of a deployment beside its own, which go before them. */
export const withDefinitions = (
  policy: ScopePolicy,
  definitions: Readonly<Record<string, ScopeDefinition>>,
): ScopePolicy => ({ ...policy, scopes: { ...definitions, ...policy.scopes } });

/**
 * Validate a scope policy and fill in the defaults.
 *
 * @param definitions - scopes of the deployment, which join the policy's own
 * @throws {EbbtideError} `POLICY_INVALID`, naming each key, its value and what was expected; also where a range names a
 *   scope that is not there
 * @example
 * parseScopePolicy({ mode: 'enforce' }).ranges[1]; // { upTo: 60, scope: 'read-only' }
 */
export const parseScopePolicy = (
  value: unknown,
  definitions: Readonly<Record<string, ScopeDefinition>> = {},
): ScopePolicy =>
  withDefinitions(
    parsePolicy('scope', scopePolicySchema, value, (policy) => rangeProblems(policy, definitions)),
    definitions,
  );

/** The part of a policy that a group of callers may have of its own. */
export type ScopeRules = Pick<ScopePolicy, keyof typeof tunable>;

const fits = new Map<string, ReturnType<typeof fitOf>>();
const matches = (pattern: string, credential: string): boolean => {
  let fit = fits.get(pattern);
  if (!fit) {
    fit = fitOf(pattern.replaceAll('*', '**'));
    if (fits.size > 1000) fits.clear();
    fits.set(pattern, fit);
  }
  return fit(credential);
};

/**
 * The rules for one credential: those of its group before the common ones.
 *
 * @param group - by the translation table, as its calls say; empty for none
 */
export const rulesFor = (policy: ScopePolicy, credential: string, group: string): ScopeRules => {
  const own =
    policy.groups[group] ??
    Object.values(policy.groups).find(({ match }) => match.some((pattern) => matches(pattern, credential)));
  if (!own) return policy;
  const { match: _, ...rules } = own;
  return { ...policy, ...Object.fromEntries(Object.entries(rules).filter(([, value]) => value !== undefined)) };
};
