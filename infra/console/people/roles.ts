/** Roles, the least first: each may do what those before it may. */
export const roles = ['viewer', 'analyst', 'operator', 'administrator'] as const;

/** What somebody may do in the console. */
export type Role = (typeof roles)[number];

/** What each role may do beyond those before it, for people. */
export const rights: Readonly<Record<Role, string>> = {
  viewer: 'See everything but access profiles and what people did, and change nothing',
  analyst:
    'See access profiles of users; label decisions; open, assign, comment on and close investigations; acknowledge alerts; steer the demonstration',
  operator:
    'Revoke and restore credentials, exempt them, act on all of one entity; mode and kill switch; silence and test alerts; approve what another asked for; see what people did',
  administrator: 'Change policies; make and revoke API tokens',
};

/** Whether a role suffices where another is needed. */
export const suffices = (role: Role, needed: Role): boolean => roles.indexOf(role) >= roles.indexOf(needed);

/**
 * The highest role that somebody's groups stand for.
 *
 * @param groups - as an identity provider or a proxy names them
 * @param mapping - for each role the groups that stand for it
 * @returns undefined where none of them stands for a role
 * @example
 * roleOf(['sre'], { operator: ['sre'] }); // 'operator'
 */
export const roleOf = (
  groups: readonly string[],
  mapping: Readonly<Partial<Record<Role, readonly string[]>>>,
): Role | undefined => roles.findLast((role) => mapping[role]?.some((group) => groups.includes(group)));
