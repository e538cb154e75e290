import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeskArchive } from '../../../../infra/clickhouse/desk.ts';
import { ArchiveWatch } from '../../../../infra/console/desk/archiveWatch.ts';
import { actionsCsv } from '../../../../infra/console/desk/export.ts';
import { ActionRecord } from '../../../../infra/console/desk/record.ts';
import { type ActionEntry, type ActionFilter, fitsAction, foldAction } from '../../../../infra/console/view/action.ts';
import { createLogger } from '../../../../infra/log.ts';
import type { AuditEvent } from '../../../../schemas/generated/index.ts';

const all: ActionFilter = { who: '', action: '', outcome: '', q: '', from: 0, to: 1e15 };
const eventOf = (actionId: string, at: number, changed: Partial<AuditEvent> = {}): AuditEvent => ({
  actionId,
  action: 'revoke',
  subject: 'cred-1',
  outcome: 'asked',
  personId: 'oidc:1',
  name: 'Ann',
  role: 'operator',
  entrance: 'oidc',
  address: '192.0.2.1',
  reason: 'phished',
  details: '{}',
  result: '',
  at,
  ...changed,
});

/** An archive that has these actions and nothing else. */
const recordOver = (stored: readonly ActionEntry[] | undefined, most: number): ActionRecord => {
  const newest = (filter: ActionFilter) =>
    (stored ?? []).filter((entry) => fitsAction(entry, filter)).sort((left, right) => right.at - left.at);
  const archive = {
    countActions: async (filter: ActionFilter) => newest(filter).length,
    readActions: async (filter: ActionFilter, offset: number, limit: number) =>
      newest(filter).slice(offset, offset + limit),
  } as DeskArchive;
  return new ActionRecord(new ArchiveWatch(stored && archive, createLogger('test'), () => 0), most);
};

test('ActionRecord makes the events of an action one, whichever comes first', () => {
  const asked = eventOf('a', 10);
  const done = eventOf('a', 12, { outcome: 'done', result: 'life enforced' });
  for (const events of [
    [asked, done],
    [done, asked],
  ]) {
    const folded = events.reduce<ActionEntry | undefined>((before, event) => foldAction(before, event), undefined)!;
    assert.deepEqual([folded.outcome, folded.result, folded.at, folded.endedAt], ['done', 'life enforced', 10, 12]);
  }
});

test('ActionRecord pages through memory and archive without a gap or a repetition', async () => {
  const stored = Array.from({ length: 30 }, (_, index) => foldAction(undefined, eventOf(`a${index}`, 100 + index)));
  const record = recordOver(stored, 7);
  for (const entry of stored) record.take(entry);
  assert.equal(record.size, 7);
  const pages: string[] = [];
  for (let offset = 0; offset < 30; offset += 4) {
    const page = await record.find(all, offset, 4);
    assert.deepEqual([page.total, page.archived], [30, true]);
    pages.push(...page.entries.map(({ actionId }) => actionId));
  }
  assert.deepEqual(pages, stored.map(({ actionId }) => actionId).reverse());
  const some = await record.find({ ...all, from: 110, to: 126 }, 0, 100);
  assert.deepEqual([some.total, some.entries.length], [16, 16]);
});

test('ActionRecord without an archive tells of those in memory, and that it is not all', async () => {
  const record = recordOver(undefined, 2);
  for (const id of ['a', 'b', 'c']) record.take(eventOf(id, id.charCodeAt(0)));
  const { entries, archived, total } = await record.find(all, 0, 10);
  assert.deepEqual([entries.map(({ actionId }) => actionId), archived, total], [['c', 'b'], false, 2]);
});

test('ActionRecord knows the newest, though a topic is read one partition after another', async () => {
  const ats = [90, 95, 99, 10, 20, 30, 40];
  const stored = ats.map((at) => foldAction(undefined, eventOf(`a${at}`, at)));
  for (const archived of [false, true]) {
    const record = recordOver(archived ? stored : undefined, 4);
    for (const entry of stored) record.take(entry);
    const { entries } = await record.find(all, 0, 10);
    const expected = archived ? [99, 95, 90, 40, 30, 20, 10] : [99, 95, 90, 40];
    assert.deepEqual(
      entries.map(({ at }) => at),
      expected,
    );
  }
});

test('ActionRecord finds by who, what, outcome and words', async () => {
  const record = recordOver(undefined, 10);
  record.take(eventOf('a', 1));
  record.take(eventOf('b', 2, { name: 'Bob', action: 'label', outcome: 'refused', subject: 'Cred-2' }));
  const found = async (filter: Partial<ActionFilter>) =>
    (await record.find({ ...all, ...filter }, 0, 10)).entries.map(({ actionId }) => actionId).join('');
  assert.equal(await found({ who: 'BOB' }), 'b');
  assert.equal(await found({ who: 'oidc:1' }), 'ba');
  assert.equal(await found({ action: 'revoke' }), 'a');
  assert.equal(await found({ outcome: 'refused' }), 'b');
  assert.equal(await found({ q: 'PHISHED cred-2' }), 'b');
});

test('actionsCsv must not give spreadsheets a formula, nor break out of a cell', () => {
  const entry = foldAction(undefined, eventOf('a', 0, { reason: '=HYPERLINK("http://x")', subject: 'a,b\n"c"' }));
  const [headings, row] = actionsCsv([entry]).split('\r\n');
  assert.match(headings!, /^at,endedAt,name,/);
  assert.match(row!, /^1970-01-01T00:00:00.000Z,1970-01-01T00:00:00.000Z,"Ann",/);
  assert.ok(row!.includes('"a,b\n""c"""'));
  assert.ok(row!.includes(`"'=HYPERLINK(""http://x"")"`));
  const [, , last, ...rest] = actionsCsv([entry], 'Not whole').split('\r\n');
  assert.equal(last!.replaceAll(',', ''), '"Not whole"');
  assert.equal(last!.split(',').length, headings!.split(',').length);
  assert.deepEqual(rest, ['']);
});
