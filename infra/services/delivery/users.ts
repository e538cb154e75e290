import { isEbbtideError } from '../../../schemas/errors.ts';
import { Problem } from '../../http/problem.ts';
import { userName } from '../../provision/names.ts';
import type { VaultAuth, VaultClient } from '../../vault/client.ts';
import { isPassing } from '../../vault/errors.ts';
import type { UserRule } from './config.ts';
import type { UserMaterial } from './requests.ts';

interface TokenLookup {
  /** Where the token came from, such as `auth/userpass/login/alice`. */
  readonly path: string;
  readonly meta: Readonly<Record<string, string>> | null;
}

/** Finds out who a user is, by a token that a login at Vault gave or by such a login. */
export class Users {
  readonly #vault: VaultClient;
  readonly #rules: readonly UserRule[];

  constructor(vault: VaultClient, rules: readonly UserRule[]) {
    this.#vault = vault;
    this.#rules = rules;
  }

  /**
   * @param authorization - the request's header
   * @param material - the request's `auth` member
   * @returns the user's name
   * @throws {Problem} 401, which does not say what was wrong: that helps only who guesses
   */
  async authenticate(authorization: string | undefined, material: UserMaterial | undefined): Promise<string> {
    const user = material ? await this.#byLogin(material) : await this.#byToken(authorization);
    if (user === undefined || !userName.test(user))
      throw new Problem(401, 'unauthenticated', 'The token or login is not accepted');
    return user;
  }

  /** Asked anew for each request: a token that was revoked a moment ago opens nothing. */
  async #byToken(authorization: string | undefined): Promise<string | undefined> {
    const token = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined)
      throw new Problem(401, 'unauthenticated', 'Send a Vault token as bearer token, or login material as "auth"');
    const rules = this.#rules.filter(({ method }) => method === 'token');
    if (rules.length === 0) return undefined;
    const found = await this.#ask(() =>
      this.#vault.read<TokenLookup>('auth/token/lookup-self', { token, operation: 'lookupUser' }),
    );
    if (!found) return undefined;
    const { path, meta } = found.data;
    // A token made from another one carries whatever metadata its maker chose; only a login's names a user
    const rule = rules.find(({ mount = 'userpass' }) => {
      const login = `auth/${mount}/login`;
      return path === login || path.startsWith(`${login}/`);
    });
    return rule && meta?.[rule.claim];
  }

  /** The token of the user's login is used for nothing, and revoked at once. */
  async #byLogin(material: UserMaterial): Promise<string | undefined> {
    for (const rule of this.#rules.filter(({ method }) => method === material.method)) {
      const mount = rule.mount ?? rule.method;
      const auth = await this.#login(mount, material);
      const user = auth?.metadata?.[rule.claim];
      if (user !== undefined) return user;
    }
    return undefined;
  }

  async #login(mount: string, material: UserMaterial): Promise<VaultAuth | undefined> {
    const [path, body] =
      material.method === 'jwt'
        ? [`auth/${mount}/login`, { role: material.role, jwt: material.jwt }]
        : [`auth/${mount}/login/${encodeURIComponent(material.username)}`, { password: material.password }];
    if (material.method !== 'jwt' && !userName.test(material.username)) return undefined;
    const answer = await this.#ask(() =>
      this.#vault.write(path, body, { token: null, unrepeatable: true, operation: 'userLogin' }),
    );
    if (!answer?.auth) return undefined;
    await this.#ask(() =>
      this.#vault.write(
        'auth/token/revoke-accessor',
        { accessor: answer.auth?.accessor },
        { operation: 'revokeUserLogin' },
      ),
    );
    return answer.auth;
  }

  /** @returns undefined where Vault refuses */
  async #ask<T>(request: () => Promise<T>): Promise<T | undefined> {
    try {
      return await request();
    } catch (error) {
      if (isPassing(error) || !isEbbtideError(error)) throw error;
      return undefined;
    }
  }
}
