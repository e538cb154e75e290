import { connect } from '../connect.ts';
import type { Action } from '../invocation.ts';
import { lifeOf } from '../life.ts';
import { readRegister } from '../register.ts';
import { duration, table } from '../terminal.ts';

/** List the register. */
export const run: Action<{ all?: boolean }> = async ({ terminal, load }, { all = false }) => {
  process.env.EBBTIDE_LOG ??= 'warn';
  const { config } = await load();
  const { context, close } = await connect(config, 'credentials');
  try {
    const now = Date.now();
    const entries = [...(await readRegister(context)).values()]
      .map((entry) => ({ ...entry, life: lifeOf(entry, now) }))
      .filter(({ life }) => all || life.state === 'active')
      .sort(
        (a, b) =>
          a.credential.function.localeCompare(b.credential.function) || a.credential.issuedAt - b.credential.issuedAt,
      );
    if (terminal.json) {
      for (const { credential, life, decision, effect } of entries)
        terminal.printJson({ ...credential, ...life, lastDecision: decision ?? null, lastEffect: effect ?? null });
      return;
    }
    if (entries.length === 0)
      return terminal.say(all ? 'The register is empty' : 'No credential is alive; --all lists those that have ended');
    const rows = entries.map(({ credential, life, decision, effect }) => [
      credential.credentialId,
      credential.function,
      credential.kind,
      life.state === 'ended' ? 'ended' : duration(life.remainingMs),
      duration(credential.maxTtlMs),
      decision?.action,
      decision ? decision.score.toFixed(2) : '',
      effect?.outcome,
    ]);
    for (const line of table(
      ['credential', 'function', 'kind', 'left', 'at most', 'decided', 'score', 'at Vault'],
      rows,
    ))
      terminal.print(line);
  } finally {
    await close();
  }
};
