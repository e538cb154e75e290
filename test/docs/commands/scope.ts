import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inventedCalls } from './history.ts';
import type { Scenario } from './scenario.ts';

const event = (minute: number, name: string) => ({
  eventVersion: '1.08',
  userIdentity: { type: 'IAMUser', arn: 'arn:aws:iam::123456789012:user/ann', userName: 'ann' },
  eventTime: new Date(Date.UTC(2026, 2, 1, 0, minute)).toISOString().replace('.000', ''),
  eventSource: 's3.amazonaws.com',
  eventName: name,
  awsRegion: 'eu-central-1',
  sourceIPAddress: '198.51.100.7',
  userAgent: 'aws-cli/2.15',
  eventID: `00000000-0000-4000-8000-${String(minute).padStart(12, '0')}`,
  eventType: 'AwsApiCall',
  recipientAccountId: '123456789012',
});

/** Calls, one a line, with what each was judged to be. */
const calls = (): string =>
  inventedCalls(Date.UTC(2026, 0, 5))
    .map(({ isBot, ...call }) => JSON.stringify({ ...call, label: isBot ? 'malicious' : 'legitimate' }))
    .join('\n');

const short = '--epochs 1 --backend cpu --window 30s';

/** The translation table, overrides, and the scope model. */
export const scope: Scenario = {
  title: 'scope',
  prepare: async ({ shell, write }) => {
    const { output } = await shell.run('printf %s secret-of-ann | ebbtide scope identify');
    const credential = output.trim();
    write(
      'table.yaml',
      `credentials:
  ${credential}:
    group: partners
    owner: ann
    services:
      orders:
        scope: default
`,
    );
    write('calls.ndjson', `${calls()}\n`);
    write('stricter.yaml', 'narrowAfter: 1\n');
    write('scope.yaml', 'mode: enforce\nnarrowAfter: 1\n');
    const folder = join(shell.folder, 'AWSLogs');
    mkdirSync(folder);
    const records = Array.from({ length: 60 }, (_, minute) => event(minute, minute % 3 ? 'ListBuckets' : 'GetObject'));
    writeFileSync(join(folder, 'one.json'), JSON.stringify({ Records: records }));
    return [
      ['[FILE]', 'exported.yaml'],
      ['CREDENTIAL', credential],
      ['FILE', 'table.yaml'],
      ['$API_KEY', 'secret-of-ann'],
      ['VERSION', 'v1'],
      ['--out models/scope', '--out models/scope/v1'],
    ];
  },
  commands: {
    'printf %s "$API_KEY" | ebbtide scope identify': /^key-\S+\n$/,
    'ebbtide scope identify': { says: /^key-\S+\n$/, adds: '<<< secret-of-ann' },
    'ebbtide scope table diff FILE': /added +key-\S+\/orders/,
    'ebbtide scope table import FILE': { says: /orders/, adds: '--allow-widening' },
    'ebbtide scope table export': /group: partners/,
    'ebbtide scope table export [FILE]': /exported\.yaml/,
    'ebbtide scope override set CREDENTIAL --scope read-only --for 1h': /read-only/,
    'ebbtide scope override list': /read-only/,
    'ebbtide scope override lift CREDENTIAL': /has what its rows entitle it to again/,
    'ebbtide scope vault-policy CREDENTIAL': /^\S+\n$/,
    'ebbtide policy test --since 7d': /orders|calls|credential/i,
    'ebbtide policy test --since 30d --policy stricter.yaml --html stricter.html': /stricter\.html/,
    'ebbtide replay --from cloudtrail': { says: /Name a file or a folder/, status: 2 },
    'ebbtide replay --from cloudtrail ./AWSLogs': /60 calls of 1 callers/,
    'ebbtide replay --from cloudtrail ./AWSLogs --policy scope.yaml --html callers.html': /callers\.html/,
    'ebbtide replay --json --from cloudtrail ./AWSLogs': /"callers":\[/,
    'ebbtide train scope': { says: /--from archive or --from file=PATH/, status: 2 },
    'ebbtide train scope --from file=calls.ndjson': {
      says: /10 benign credentials, \d+ windows of 10 malicious/,
      adds: short,
    },
    'ebbtide train scope --from file=calls.ndjson --out models/scope': { says: /models\/scope/, adds: short },
    'ebbtide train scope --from archive --since 30d': {
      says: /[1-9]\d* windows of 20 benign credentials/,
      adds: short,
    },
    'ebbtide models promote VERSION --kind scope': /Champion of scope: v1/,
    'ebbtide retrain --kind scope': /./,
    'ebbtide retrain --kind scope --since 90d': /./,
  },
};
