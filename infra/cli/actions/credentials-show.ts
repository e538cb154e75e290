import { EbbtideError } from '../../../schemas/errors.ts';
import { connect } from '../connect.ts';
import type { Action } from '../invocation.ts';
import { lifeOf } from '../life.ts';
import { readRegister, readScores } from '../register.ts';
import { duration, table } from '../terminal.ts';

const shownScores = 10;
const time = (ms: number): string => new Date(ms).toISOString();

/** Show one credential. */
export const run: Action<object, [string]> = async ({ terminal, load }, _options, credentialId) => {
  process.env.EBBTIDE_LOG ??= 'warn';
  const { config } = await load();
  const { context, close } = await connect(config, 'credentials');
  try {
    const entry = (await readRegister(context)).get(credentialId);
    if (!entry)
      throw new EbbtideError(
        'NOT_FOUND',
        `No credential ${credentialId} is registered; "ebbtide credentials list --all" shows what is`,
        { credentialId },
      );
    const { credential, decision, effect } = entry;
    const life = lifeOf(entry, Date.now());
    const scores = await readScores(context, credentialId, shownScores);
    if (terminal.json)
      return terminal.printJson({
        ...credential,
        ...life,
        lastDecision: decision ?? null,
        lastEffect: effect ?? null,
        scores,
      });
    const lines: [string, string][] = [
      ['credential', credential.credentialId],
      [
        'held by',
        `${credential.function}, instance ${credential.instance}${credential.event ? `, for ${credential.event}` : ''}`,
      ],
      ['kind', `${credential.kind} of ${credential.mount}, role ${credential.role}`],
      ['issued', time(credential.issuedAt)],
      [
        'left',
        life.state === 'ended' ? 'ended' : `${duration(life.remainingMs)} of at most ${duration(credential.maxTtlMs)}`,
      ],
      [
        'can be',
        {
          continuous: 'shortened and revoked',
          revocable: 'revoked, not shortened',
          none: 'neither shortened nor revoked',
          unknown: 'unknown',
        }[credential.shortening],
      ],
    ];
    if (decision)
      lines.push([
        'decided',
        `${decision.action} (${decision.mode}${decision.withheld ? `, withheld: ${decision.withheld}` : ''}): ${decision.reason}`,
      ]);
    if (effect) lines.push(['at Vault', `${effect.outcome}: ${effect.detail}`]);
    for (const [name, text] of lines) terminal.print(`${name.padEnd(11)} ${text}`);
    if (scores.length === 0) return;
    terminal.print();
    const rows = scores.map((score) => [
      time(score.windowEnd),
      score.learning ? 'learning' : score.score.toFixed(3),
      score.contributions
        .map(({ feature }) => feature)
        .slice(0, 3)
        .join(', '),
    ]);
    for (const line of table(['window', 'score', 'moved by'], rows)) terminal.print(line);
  } finally {
    await close();
  }
};
