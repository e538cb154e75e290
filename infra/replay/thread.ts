/** One thread of a replay: its lanes over the partitions that it is given; see `threads.ts`. */
import { parentPort, workerData } from 'node:worker_threads';
import type { VersionedTable } from '../../pipelines/versionedTable.ts';
import type { SchemaRegistry } from '../../schemas/registry.ts';
import { openCore } from './core.ts';
import { unpack } from './pack.ts';
import { HistoricTables } from './tables.ts';
import { type FromThread, rethrown, type ThreadData, type ToThread, thrown } from './threads.ts';

const data = workerData as ThreadData;
const tell = (message: FromThread) => parentPort!.postMessage(message);

let asked = 0;
const answers = new Map<number, (message: Extract<ToThread, { kind: 'answer' }>) => void>();
const ask = <T>(method: keyof SchemaRegistry, args: readonly unknown[]): Promise<T> =>
  new Promise((resolve, reject) => {
    const id = asked++;
    answers.set(id, ({ value, error }) => (error ? reject(rethrown(error)) : resolve(value as T)));
    tell({ kind: 'ask', id, method, args });
  });
const registry: SchemaRegistry = {
  register: (subject, schema) => ask('register', [subject, schema]),
  byId: (id) => ask('byId', [id]),
};

const fill = <V>(table: VersionedTable<V>, versions: readonly (readonly [string, number, V | undefined])[]) => {
  for (const [key, offset, value] of versions) table.set(key, offset, value);
};

const tables = new HistoricTables();
fill(tables.control, data.control);
for (const [partition, versions] of data.credentials) fill(tables.credentials(partition), versions);

const opened = openCore({
  registry,
  control: tables.control,
  credentials: (partition) => tables.credentials(partition),
  labels: data.labels,
  lanes: data.lanes,
  models: data.models,
  wants: data.wants,
  refused: ({ key, version }, why) => tell({ kind: 'refused', order: { key, version }, why }),
});
const failed = (error: unknown) => tell({ kind: 'failed', error: thrown(error) });
opened.then(({ modelVersions }) => tell({ kind: 'ready', modelVersions })).catch(failed);

parentPort!.on('message', async (message: ToThread) => {
  if (message.kind === 'answer') {
    answers.get(message.id)?.(message);
    answers.delete(message.id);
    return;
  }
  try {
    const core = await opened;
    if (message.kind === 'batch') tell({ kind: 'result', result: await core.run(message.parts.map(unpack)) });
    else tell({ kind: 'summary', summary: await core.summary() });
  } catch (error) {
    failed(error);
  }
});
