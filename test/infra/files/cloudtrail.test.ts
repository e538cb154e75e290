import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { exitCodes } from '../../../infra/cli/exit.ts';
import { callerOf, callOfTrail, readCloudTrail } from '../../../infra/files/cloudtrail.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { ebbtide } from '../cli/ebbtide.ts';

const user = (name: string) => ({ type: 'IAMUser', userName: name, arn: `arn:aws:iam::111122223333:user/${name}` });

const record = (minute: number, eventName: string, rest: object = {}) => ({
  eventVersion: '1.08',
  userIdentity: user('alice'),
  eventTime: new Date(Date.UTC(2026, 0, 5, 9, minute)).toISOString(),
  eventSource: 's3.amazonaws.com',
  eventName,
  awsRegion: 'eu-central-1',
  sourceIPAddress: '192.0.2.10',
  userAgent: 'aws-cli/2.15',
  ...rest,
});

/** A day's honest work, and another's key that somebody tries out. */
const writeTrail = (folder: string): void => {
  mkdirSync(join(folder, '2026', '01'), { recursive: true });
  const honest = Array.from({ length: 40 }, (_, i) => record(i, i % 2 ? 'GetObject' : 'PutObject'));
  const services = ['iam', 'ec2', 's3', 'lambda', 'kms', 'rds', 'sts', 'secretsmanager'];
  const stolen = Array.from({ length: 40 }, (_, i) => ({
    ...record(45, `List${'ABCDEFGHIJKLMNOPQRST'[i % 20]}${i}`),
    userIdentity: user('backup'),
    eventSource: `${services[i % services.length]}.amazonaws.com`,
    sourceIPAddress: '198.51.100.20',
    userAgent: 'Boto3/1.34',
    ...(i % 3 ? { errorCode: 'AccessDenied', errorMessage: 'User is not authorized' } : {}),
  }));
  writeFileSync(join(folder, '2026', '01', 'a.json'), JSON.stringify({ Records: honest }, null, 2));
  writeFileSync(join(folder, '2026', '01', 'b.json.gz'), gzipSync(JSON.stringify({ Records: stolen.slice(0, 20) })));
  writeFileSync(
    join(folder, 'c.jsonl'),
    stolen
      .slice(20)
      .map((one) => JSON.stringify(one))
      .join('\n'),
  );
  writeFileSync(join(folder, 'broken.json'), '{"Records": [');
  writeFileSync(join(folder, 'other.json'), '[{"hello": "world"}]');
  writeFileSync(join(folder, 'notes.txt'), 'not read');
};

describe('CloudTrail records', () => {
  it('become API calls: identity, service and action as they stand there', () => {
    const call = callOfTrail(record(3, 'GetObject', { errorCode: 'AccessDenied' }))!;
    assert.deepEqual(
      [call.frontendCredential, call.service, call.operation, call.status, call.errorCode, call.address],
      ['arn:aws:iam::111122223333:user/alice', 's3', 'GetObject', 400, 'AccessDenied', '192.0.2.10'],
    );
    assert.equal(call.time, Date.UTC(2026, 0, 5, 9, 3));
    assert.equal(callOfTrail({ eventName: 'X', eventTime: 'never' }), undefined);
    assert.equal(callOfTrail(record(1, 'X', { sourceIPAddress: 'ec2.amazonaws.com' }))!.address, null);
  });

  it('name callers: users, role sessions, services, and who is nameless', () => {
    const role = (session: string) =>
      callerOf({ type: 'AssumedRole', arn: `arn:aws:sts::1:assumed-role/deploy/${session}` });
    assert.equal(role('jane@example.org'), 'arn:aws:sts::1:assumed-role/deploy/jane@example.org');
    assert.equal(role('botocore-session-1700000000'), role('botocore-session-1800000000'));
    assert.equal(callerOf({ type: 'AWSService', invokedBy: 'ec2.amazonaws.com' }), 'AWSService/ec2.amazonaws.com');
    assert.equal(callerOf(undefined), 'anonymous');
  });

  it('are read from folders, plain, packed and by the line; what is none is counted and named', async (t) => {
    const folder = temporaryFolder(t);
    writeTrail(folder);
    const { calls, files, passedOver, unreadable } = await readCloudTrail(folder);
    assert.deepEqual([calls.length, files, passedOver], [80, 5, 1]);
    assert.ok(unreadable[0]!.file.endsWith('broken.json'), 'the file is named');
    assert.ok(
      calls.every((call, i) => i === 0 || call.time >= calls[i - 1]!.time),
      'in order',
    );
    await assert.rejects(readCloudTrail(join(folder, 'none')), { code: 'DATA_MISSING' });
    await assert.rejects(readCloudTrail(join(folder, 'other.json')), { code: 'DATA_MISSING' });
  });

  it('are read past a record without an identity and past a corrupt line, which is counted', async (t) => {
    const folder = temporaryFolder(t);
    const records = [record(1, 'GetObject'), record(2, 'GetObject', { userIdentity: null }), record(3, 'PutObject')];
    writeFileSync(join(folder, 'a.json'), JSON.stringify({ Records: records }));
    const lines = records.map((one) => JSON.stringify(one));
    writeFileSync(join(folder, 'b.jsonl'), [lines[0], lines[1]!.slice(0, 80), lines[2], lines[1], ''].join('\n'));
    const { calls, passedOver, unreadable } = await readCloudTrail(folder);
    assert.deepEqual([calls.length, passedOver, unreadable], [6, 1, []]);
    assert.equal(calls.filter(({ frontendCredential }) => frontendCredential === 'anonymous').length, 2);
  });

  it('go through the scope pipeline: the key that is tried out is restricted, honest work is not', async (t) => {
    const folder = temporaryFolder(t);
    writeTrail(folder);
    const page = join(folder, 'page.html');
    const { status, stdout, stderr } = await ebbtide([
      '--json',
      'replay',
      '--from',
      'cloudtrail',
      folder,
      '--html',
      page,
    ]);
    assert.equal(status, exitCodes.ok, stderr);
    const { name, figures, callers } = JSON.parse(stdout);
    assert.equal(name, 'scope-cloudtrail');
    assert.deepEqual([figures.callers, figures.calls, figures.restricted], [2, 80, 1]);
    const [stolen, honest] = callers;
    assert.match(stolen.identity, /user\/backup$/);
    assert.ok(
      stolen.peakRisk > 80 && stolen.callsBeforeRestriction < 30,
      `${stolen.peakRisk} after ${stolen.callsBeforeRestriction}`,
    );
    assert.ok(stolen.features.includes('errors.refusedOperations'), `${stolen.features}`);
    assert.deepEqual([honest.restricted, honest.narrowestScope], [false, 'default']);
    const again = await ebbtide(['replay', '--from', 'cloudtrail', folder]);
    assert.match(again.stdout, /Callers, the riskiest first/);
    const policy = join(folder, 'policy.yaml');
    writeFileSync(policy, 'ranges: [{ upTo: 30, scope: default }, { upTo: 100, scope: nonsense }]');
    const unknown = await ebbtide(['replay', '--from', 'cloudtrail', folder, '--policy', policy]);
    assert.match(unknown.stderr, /ranges\.1\.scope: There is no scope "nonsense"/);
    const none = await ebbtide(['replay', '--from', 'cloudtrail']);
    assert.equal(none.status, exitCodes.usage);
  });
});
