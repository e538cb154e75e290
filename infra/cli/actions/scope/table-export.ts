import { writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { fileOfRows } from '../../../../schemas/translations.ts';
import { connect } from '../../connect.ts';
import type { Action } from '../../invocation.ts';
import { readTable } from '../../scope-table.ts';

/** Write the translation table that is in force as YAML. */
export const run: Action<object, [string | undefined]> = async ({ terminal, load }, _options, file) => {
  process.env.EBBTIDE_LOG ??= 'warn';
  const { config } = await load();
  const { context, close } = await connect(config, 'scope');
  try {
    const rows = await readTable(context);
    const content = fileOfRows(rows.values());
    if (terminal.json) return terminal.printJson(content);
    const text = stringify(content, { lineWidth: 0 });
    if (file === undefined) return terminal.print(text.trimEnd());
    writeFileSync(file, text, { mode: 0o600 });
    terminal.say(`${rows.size} rows written to ${file}`);
  } finally {
    await close();
  }
};
