/** Starts an embedded server, says where it is, and waits to be killed: `parent.js openbao|clickhouse FOLDER`. */
import { startClickHouse } from '../../infra/clickhouse/embedded.ts';
import { startOpenBao } from '../../infra/vault/embedded.ts';

const [kind, folder = ''] = process.argv.slice(2);
const start = {
  openbao: async () => {
    const { address, pid } = await startOpenBao({ folder });
    return { url: address, pid };
  },
  clickhouse: async () => {
    const { url, pid } = await startClickHouse({ folder });
    return { url, pid };
  },
}[kind as 'openbao' | 'clickhouse'];

process.stdout.write(`${JSON.stringify(await start())}\n`);
setInterval(() => {}, 60_000);
