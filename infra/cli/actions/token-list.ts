import { readTokens } from '../api-tokens.ts';
import { connect } from '../connect.ts';
import type { Action } from '../invocation.ts';
import { table } from '../terminal.ts';

const time = (ms: number): string => new Date(ms).toISOString();

/** List API tokens. */
export const run: Action<object> = async ({ terminal, load }) => {
  process.env.EBBTIDE_LOG ??= 'warn';
  const { config } = await load();
  const { context, close } = await connect(config, 'token');
  try {
    const tokens = (await readTokens(context)).list().map(({ hash: _hash, usedAt: _usedAt, ...shown }) => shown);
    if (terminal.json) {
      for (const one of tokens) terminal.printJson(one);
      return;
    }
    if (tokens.length === 0) return terminal.say('There are no API tokens');
    const now = Date.now();
    const rows = tokens.map(({ tokenId, name, role, createdBy, expiresAt, revokedAt }) => [
      tokenId,
      name,
      role,
      createdBy,
      time(expiresAt),
      revokedAt === null ? (expiresAt <= now ? 'expired' : 'works') : `revoked ${time(revokedAt)}`,
    ]);
    for (const line of table(['token', 'name', 'role', 'made by', 'until', 'state'], rows)) terminal.print(line);
  } finally {
    await close();
  }
};
