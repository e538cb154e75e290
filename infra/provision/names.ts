import { EbbtideError } from '../../schemas/errors.ts';

/** Names of users, which may be mail addresses; they become paths at Vault, where ".." and "/" would lead elsewhere. */
export const userName = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,127}$/;
/** Names of virtual machines. */
export const machineName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** A user and a virtual machine. */
export interface Pair {
  readonly user: string;
  readonly vm: string;
}

/** Key of a pair in topic `provisions`. */
export const pairKey = ({ user, vm }: Pair): string => `${user}/${vm}`;

/**
 * See that names can be used in paths and principals.
 *
 * @throws {EbbtideError} `REQUEST_INVALID`
 */
export const assertPair = ({ user, vm }: Pair): void => {
  const wrong = userName.test(user) ? (machineName.test(vm) ? undefined : `machine "${vm}"`) : `user "${user}"`;
  if (wrong === undefined) return;
  throw new EbbtideError(
    'REQUEST_INVALID',
    `There can be no ${wrong.slice(0, 200)}: expected 1 to 128 letters, digits, dots, dashes or underscores, a letter or digit first`,
    {},
  );
};
