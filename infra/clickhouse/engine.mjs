// The ClickHouse engine out of npm's chdb as a server of its own: node engine.mjs LIBRARY FOLDER CONFIG HTTP_PORT
//
// chdb exports the command line of `clickhouse local`, which can open ClickHouse's own HTTP listener. It lives as long as
// its query, so the query never ends; SIGTERM stops it. Other ways of calling it fail: koffi swaps the stack, which
// ClickHouse checks.
import { DataType, load, open } from 'ffi-rs';

const [path, folder, config, httpPort] = process.argv.slice(2);
const endless = 'SELECT sleep(1) FROM system.numbers FORMAT Null SETTINGS max_block_size = 1';
const args = [
  'clickhouse',
  `--config-file=${config}`,
  '--path',
  folder,
  '--listen_host=127.0.0.1',
  `--http_port=${httpPort}`,
  '--multiquery',
  '--query',
  `SYSTEM START LISTEN HTTP; ${endless}`,
];

open({ library: 'chdb', path });
load({
  library: 'chdb',
  funcName: 'chdb_query_cmdline',
  retType: DataType.External,
  paramsType: [DataType.I32, DataType.StringArray],
  paramsValue: [args.length, args],
});
process.exit(0);
