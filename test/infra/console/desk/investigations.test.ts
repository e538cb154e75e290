import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { investigationMarkdown } from '../../../../infra/console/desk/export.ts';
import { Investigations } from '../../../../infra/console/desk/investigations.ts';
import type { Step } from '../../../../infra/console/view/investigation.ts';
import { until } from '../../../services/context.ts';

/** Two consoles that write to one topic. */
const consoles = () => {
  const log: Step[] = [];
  const all: Investigations[] = [];
  let now = 1_000;
  const open = () => {
    const one = new Investigations({
      now: () => now++,
      returnMs: 10_000,
      write: async (step) => {
        log.push(step);
        // Records come back to everybody, later and in the order of the topic
        setImmediate(() => {
          for (const other of all) other.take(step);
        });
      },
    });
    all.push(one);
    return one;
  };
  return { log, first: open(), second: open() };
};
const opened = { investigationId: 'i', kind: 'opened', subject: 'cred-1', title: 'Odd', by: 'ann' } as const;
const everything = { status: 'all', assignee: '', q: '', offset: 0, limit: 10 } as const;

describe('Investigations', () => {
  it('of two who change the state at once, the first counts and the second is told who was faster; no comment is lost', async () => {
    const { first, second } = consoles();
    await first.add(opened);
    const take = (investigations: Investigations, by: string) =>
      investigations.add({ investigationId: 'i', kind: 'assigned', base: 1, assignee: by, by });
    const outcomes = await Promise.allSettled([
      take(first, 'ann'),
      take(second, 'bob'),
      first.add({ investigationId: 'i', kind: 'commented', text: 'from ann', by: 'ann' }),
      second.add({ investigationId: 'i', kind: 'commented', text: 'from bob', by: 'bob' }),
    ]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
    );
    const refused = (outcomes[1] as PromiseRejectedResult).reason;
    assert.equal(refused.code, 'CONFLICT');
    assert.match(refused.message, /^ann was faster: it was assigned to ann meanwhile/);
    for (const one of [first, second]) {
      assert.equal(one.get('i')?.assignee, 'ann');
      assert.deepEqual(
        one
          .get('i')
          ?.steps.filter(({ kind }) => kind === 'commented')
          .map(({ text }) => text),
        ['from ann', 'from bob'],
      );
    }
  });

  it('closes with a finding, and opens again', async () => {
    const { first } = consoles();
    await first.add(opened);
    const closed = await first.add({
      investigationId: 'i',
      kind: 'closed',
      base: 1,
      finding: 'falsePositive',
      by: 'ann',
    });
    assert.deepEqual([closed.status, closed.finding, first.open], ['closed', 'falsePositive', 0]);
    await assert.rejects(
      first.add({ investigationId: 'i', kind: 'closed', base: 2, finding: 'inconclusive', by: 'bob' }),
      { code: 'CONFLICT' },
    );
    const again = await first.add({ investigationId: 'i', kind: 'reopened', base: 2, by: 'bob' });
    assert.deepEqual([again.status, again.finding, again.base], ['open', 'none', 3]);
    await assert.rejects(first.add({ investigationId: 'none', kind: 'commented', text: 'x', by: 'ann' }), {
      code: 'NOT_FOUND',
    });
  });

  it('opens one for a revocation once, whoever saw it, and adds the next revocation of the same subject to it', async () => {
    const { first, second, log } = consoles();
    const revoked = (decisionId: string) => ({ decisionId, subject: 'cred-1', detail: 'Vault no longer knows it' });
    await Promise.all([first.openFor(revoked('d-1'), 'checkout'), second.openFor(revoked('d-1'), 'checkout')]);
    await first.openFor(revoked('d-2'), 'checkout');
    await second.openFor(revoked('d-1'), 'checkout');
    const { total, entries } = first.find(everything);
    assert.equal(total, 1);
    assert.deepEqual([entries[0]!.title, entries[0]!.decisionIds], ['checkout: credential revoked', ['d-1', 'd-2']]);
    assert.deepEqual(second.find(everything).entries, entries);
    assert.equal(new Set(log.map(({ stepId }) => stepId)).size, 2, 'the same step carries the same key');
  });

  it('says so when a step does not come back', async () => {
    const silent = new Investigations({ now: () => 1, returnMs: 5, write: async () => {} });
    await assert.rejects(silent.add(opened), { code: 'KAFKA_UNAVAILABLE' });
  });

  it('is exported as Markdown with every text escaped', async () => {
    const { first } = consoles();
    await first.add(opened);
    const one = await first.add({
      investigationId: 'i',
      kind: 'commented',
      text: '<img src=x onerror=alert(1)>\n# not a title [x](y)',
      by: 'a_b',
    });
    const text = investigationMarkdown(one, [], 0);
    assert.ok(!/(?<!\\)<img/.test(text) && text.includes('\\<img src=x onerror=alert\\(1\\)\\>'));
    assert.ok(!/^# not/m.test(text) && text.includes('a\\_b commented'));
  });

  it('keeps what is open, and of what is closed the last; the archive has the others, and they go on from there', async () => {
    const archive: Step[] = [];
    const made: Investigations = new Investigations({
      now: () => archive.length,
      returnMs: 10_000,
      mostClosed: 2,
      write: async (step) => {
        archive.push(step);
        setImmediate(() => made.take(step));
      },
      recall: async (id) => archive.filter(({ investigationId }) => investigationId === id),
    });
    for (let index = 0; index < 5; index += 1) {
      await made.openFor({ decisionId: `d-${index}`, subject: `cred-${index}`, detail: '' }, 'checkout');
      const { id, base } = made.find({ ...everything, status: 'open' }).entries.at(0)!;
      if (index === 1) continue;
      await made.add({ investigationId: id, kind: 'closed', base, finding: 'falsePositive', by: 'ann' });
    }
    assert.deepEqual([made.size, made.open, made.forgotten], [3, 1, 2]);
    const first = archive[0]!.investigationId;
    assert.equal(made.get(first), undefined);
    // The archive tells of the same revocation at the next start: nothing is opened twice
    const written = archive.length;
    await made.openFor({ decisionId: 'd-0', subject: 'cred-0', detail: '' }, 'checkout');
    assert.equal(archive.length, written);
    const known = (await made.recalled(first))!;
    assert.deepEqual([known.status, known.finding, known.steps.length], ['closed', 'falsePositive', 2]);
    await made.add({ investigationId: first, kind: 'reopened', base: known.base, by: 'bob' });
    assert.equal(made.get(first)?.status, 'open');
    assert.equal(made.open, 2);
    // Another console reopens one that this one has forgotten
    const other = archive.find(({ subject }) => subject === 'cred-2')!.investigationId;
    for (let more = 5; more < 8; more += 1) {
      await made.openFor({ decisionId: `d-${more}`, subject: `cred-${more}`, detail: '' }, 'checkout');
      const one = made.find({ ...everything, status: 'open', q: `cred-${more}` }).entries[0]!;
      await made.add({ investigationId: one.id, kind: 'closed', base: one.base, finding: 'falsePositive', by: 'ann' });
    }
    assert.equal(made.get(other), undefined);
    const reopened: Step = { ...archive.at(-1)!, stepId: 'x', investigationId: other, kind: 'reopened', base: 2 };
    archive.push(reopened);
    made.take(reopened);
    assert.equal((await made.recalled(other))?.status, 'open');
  });

  it('loses no step of one that memory gave up while the archive is away, and keeps all where there is no archive', async () => {
    const archive: Step[] = [];
    let away = false;
    const open = (recall?: (id: string) => Promise<readonly Step[] | undefined>): Investigations => {
      const made: Investigations = new Investigations({
        ...{ now: () => 1, returnMs: 10_000, mostClosed: 1, recall },
        write: async (step) => {
          archive.push(step);
          setImmediate(() => made.take(step));
        },
      });
      return made;
    };
    const close = async (made: Investigations, investigationId: string) => {
      await made.add({ ...opened, investigationId });
      await made.add({ investigationId, kind: 'closed', base: 1, finding: 'falsePositive', by: 'ann' });
    };
    const made = open(async (id) =>
      away ? undefined : archive.filter(({ investigationId }) => investigationId === id),
    );
    await close(made, 'first');
    await close(made, 'second');
    assert.equal(made.get('first'), undefined);
    away = true;
    const step = (stepId: string, kind: Step['kind'], base: number, text = ''): Step => ({
      ...archive[0]!,
      ...{ stepId, investigationId: 'first', kind, base, text, at: 2 },
    });
    made.take(step('x', 'reopened', 2));
    await made.recalled('first');
    made.take(step('y', 'commented', 0, 'still at it'));
    made.resume();
    assert.equal(await made.recalled('first'), undefined);
    away = false;
    made.resume();
    await made.recalled('first');
    await until('what was held', () => made.get('first')?.steps.length === 4);
    assert.deepEqual([made.get('first')!.status, made.get('first')!.steps.at(-1)!.text], ['open', 'still at it']);

    const alone = open();
    await close(alone, 'first');
    await close(alone, 'second');
    assert.deepEqual([alone.size, alone.forgotten], [2, 0]);
  });
});
