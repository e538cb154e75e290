import { userInfo } from 'node:os';
import { TopicCodec } from '../../../../schemas/codec.ts';
import { EbbtideError } from '../../../../schemas/errors.ts';
import type { Translation } from '../../../../schemas/generated/index.ts';
import { Scopes } from '../../../../schemas/scopes.ts';
import { topics } from '../../../../schemas/topics.ts';
import { rowVersion } from '../../../../schemas/translations.ts';
import { everything } from '../../../audit.ts';
import { audited } from '../../audited.ts';
import { connect } from '../../connect.ts';
import type { Action } from '../../invocation.ts';
import { changesBy, printChanges, readTable, readTableFile } from '../../scope-table.ts';

interface Options {
  readonly allowWidening?: boolean;
  readonly prune?: boolean;
  readonly reason: string;
}

/** Most rows named in an error. */
const named = 20;

/** Bring the translation table to what a file says. */
export const run: Action<Options, [string]> = async ({ terminal, load }, options, file) => {
  process.env.EBBTIDE_LOG ??= 'warn';
  const { allowWidening = false, prune = false, reason } = options;
  const { config } = await load();
  const scopes = new Scopes(config.scopes);
  const wanted = readTableFile(file, scopes);
  const { context, close } = await connect(config, 'scope');
  try {
    const changes = changesBy(await readTable(context), wanted, scopes, prune);
    const wider = changes.filter(({ kind }) => kind === 'widened');
    if (wider.length > 0 && !allowWidening) {
      const rows = wider.slice(0, named).map(({ key, from, to }) => `  ${key}: ${from} → ${to}`);
      const more = wider.length > named ? [`  and ${wider.length - named} more`] : [];
      throw new EbbtideError(
        'CONFIG_INVALID',
        [
          `Nothing was imported: ${wider.length} rows would allow more than now; add --allow-widening if that is meant`,
          ...rows,
          ...more,
        ].join('\n'),
        { widened: wider.map(({ key }) => key) },
      );
    }
    const codec = await TopicCodec.open<Translation>(topics.translations, context.registry);
    const producer = await context.kafka.producer();
    try {
      const set = { at: Date.now(), by: userInfo().username, reason };
      const rows = changes.map(({ key }) => {
        const row = wanted.get(key);
        const value = row ? codec.encode({ ...row, version: rowVersion(row), ...set }) : null;
        return { topic: topics.translations.name, key, value };
      });
      const details = { rows: changes.length, widened: wider.map(({ key }) => key) };
      const deed = { action: 'translation', subject: everything, reason, details };
      await audited(context, deed, () => producer.send(rows));
    } finally {
      await producer.close();
    }
    if (terminal.json) return terminal.printJson({ imported: changes.length, changes });
    printChanges(changes, terminal);
    const services = new Set(config.gateway.routes.map(({ service }) => service));
    const without = new Set([...wanted.values()].map(({ service }) => service).filter((name) => !services.has(name)));
    if (without.size > 0) terminal.say(`No route of gateway.routes leads to ${[...without].sort().join(', ')}`);
  } finally {
    await close();
  }
};
