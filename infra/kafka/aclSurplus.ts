/** One right at Kafka, of one principal. */
export interface Grant {
  readonly principal: string;
  readonly host: string;
  /** As `kafka-acls.sh` names it in its options. */
  readonly resource: 'topic' | 'group' | 'transactional-id' | 'cluster';
  readonly name: string;
  readonly pattern: 'literal' | 'prefixed';
  /** As the broker names it, such as `READ` or `DESCRIBE_CONFIGS`. */
  readonly operation: string;
}

const resources = ['topic', 'group', 'transactional-id'] as const;
const resourceNames: Readonly<Record<string, Grant['resource']>> = {
  TOPIC: 'topic',
  GROUP: 'group',
  TRANSACTIONAL_ID: 'transactional-id',
  CLUSTER: 'cluster',
};

/** The rights that arguments of `kafka-acls.sh --add` give. */
export const grantsOf = (args: readonly string[]): readonly Grant[] => {
  const valuesOf = (option: string): readonly string[] =>
    args.flatMap((word, at) => (word === option ? [args[at + 1] ?? ''] : []));
  const pattern = valuesOf('--resource-pattern-type')[0] === 'prefixed' ? 'prefixed' : 'literal';
  return valuesOf('--allow-principal').flatMap((principal) =>
    valuesOf('--operation').flatMap((operation) =>
      resources.flatMap((resource) =>
        valuesOf(`--${resource}`).map((name) => ({
          ...{ principal, host: '*', resource, name, pattern, operation: operation.toUpperCase() },
        })),
      ),
    ),
  );
};

/**
 * The rights that allow something in what `kafka-acls.sh --list` prints. Rules that deny, and resources of other kinds, are
 * left out.
 */
export const grantsListed = (listing: string): readonly Grant[] => {
  const grants: Grant[] = [];
  let on: Pick<Grant, 'resource' | 'name' | 'pattern'> | undefined;
  for (const line of listing.split('\n')) {
    const heading = /ResourcePattern\(resourceType=(\w+), name=(.*), patternType=(LITERAL|PREFIXED)\)/.exec(line);
    if (/ResourcePattern\(/.test(line)) {
      const resource = resourceNames[heading?.[1] ?? ''];
      const pattern = heading?.[3] === 'PREFIXED' ? 'prefixed' : 'literal';
      on = resource && { resource, name: heading![2]!, pattern };
      continue;
    }
    const entry = /\(principal=(.*), host=(.*?), operation=(\w+), permissionType=ALLOW\)/.exec(line);
    if (on && entry) grants.push({ principal: entry[1]!, host: entry[2]!, ...on, operation: entry[3]! });
  }
  return grants;
};

/** As `kafka-acls.sh` takes an operation. */
const optionOf = (operation: string): string =>
  operation
    .toLowerCase()
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');

const textOf = (grant: Grant): string => JSON.stringify(Object.entries(grant).sort());

/**
 * Arguments of `kafka-acls.sh` that take away what principals have and do not need, a command each.
 *
 * @param needed - all that these principals need; rights of others are left alone
 */
export const surplusArguments = (
  granted: readonly Grant[],
  needed: readonly Grant[],
): readonly { readonly principal: string; readonly args: readonly string[] }[] => {
  const principals = new Set(needed.map(({ principal }) => principal));
  const kept = new Set(needed.map(textOf));
  return granted
    .filter((grant) => principals.has(grant.principal) && !kept.has(textOf(grant)))
    .map(({ principal, host, resource, name, pattern, operation }) => ({
      principal,
      args: [
        ...['--remove', '--force', '--allow-principal', principal, '--allow-host', host],
        ...['--operation', optionOf(operation)],
        ...(resource === 'cluster' ? ['--cluster'] : ['--resource-pattern-type', pattern, `--${resource}`, name]),
      ],
    }));
};

/**
 * Rights that principals need and do not have, of those whom {@link surplusArguments} would take some from: what they run by
 * may be a wider one, such as `All`, that is taken away.
 */
export const missingRights = (granted: readonly Grant[], needed: readonly Grant[]): readonly Grant[] => {
  const losing = new Set(surplusArguments(granted, needed).map(({ principal }) => principal));
  const there = new Set(granted.map(textOf));
  return needed.filter((grant) => losing.has(grant.principal) && !there.has(textOf(grant)));
};
