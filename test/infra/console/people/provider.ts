import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import Provider from 'oidc-provider';

/** A real OpenID Connect provider with users of its own; whoever signs in types a name and any password. */
export interface RunningProvider {
  readonly issuer: string;
  /** Make it hang up on everybody, or serve again. */
  away(is: boolean): void;
}

export const clientId = 'ebbtide';
export const clientSecret = 'a-secret-of-the-client-0123456789abcdef';

/**
 * @param redirects - addresses that a sign-in may come back to, told once the console is there
 * @param groups - of each user by name
 */
export const startProvider = async (
  t: TestContext,
  redirects: { callback: string; home: string },
  groups: Readonly<Record<string, readonly string[]>>,
): Promise<RunningProvider> => {
  let handler: ReturnType<Provider['callback']> = () => Promise.resolve();
  let isAway = false;
  const server: Server = createServer((request, response) => {
    if (isAway) request.socket.destroy();
    else void handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [redirects.callback],
        post_logout_redirect_uris: [redirects.home],
        response_types: ['code'],
        grant_types: ['authorization_code'],
      },
    ],
    claims: { openid: ['sub'], profile: ['preferred_username', 'groups'], email: ['email'] },
    pkce: { required: () => true },
    cookies: { keys: ['a-key-for-the-test'] },
    features: { devInteractions: { enabled: true } },
    findAccount: (_context, sub) => ({
      accountId: sub,
      claims: async () => ({ sub, preferred_username: sub, groups: [...(groups[sub] ?? [])] }),
    }),
  });
  handler = provider.callback();
  return {
    issuer,
    away: (is) => {
      isAway = is;
      if (is) server.closeAllConnections();
    },
  };
};
