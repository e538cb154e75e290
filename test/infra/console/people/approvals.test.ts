import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Approvals } from '../../../../infra/console/people/approvals.ts';
import type { Person } from '../../../../infra/console/people/person.ts';
import { TopicCodec } from '../../../../schemas/codec.ts';
import type { Approval, Control } from '../../../../schemas/generated/index.ts';
import { topics } from '../../../../schemas/topics.ts';
import { startPeople } from './caller.ts';

const person = (name: string, how: Person['how'] = 'oidc', owner = `oidc:${name}`): Person => ({
  id: `${how}:${name}`,
  name,
  role: 'operator',
  how,
  owner,
});
const wish = { kind: 'leaveShadow', subject: 'ebbtide', request: { mode: 'enforce' }, reason: 'tuned' } as const;

/** Two consoles on one topic. */
const rig = () => {
  const clock = { now: 1_000_000 };
  const written: Approval[] = [];
  const consoles: Approvals[] = [];
  const write = async (step: Approval) => {
    await null;
    written.push(step);
    for (const one of consoles) one.apply(step);
  };
  for (let index = 0; index < 2; index += 1)
    consoles.push(new Approvals({ write, expireMs: 60_000, now: () => clock.now }));
  return { clock, written, first: consoles[0]!, second: consoles[1]! };
};

describe('Approvals', () => {
  it('keeps what waits, and of what is over the last', async () => {
    const clock = { now: 0 };
    const approvals: Approvals = new Approvals({
      write: async (step) => approvals.apply(step),
      expireMs: 1_000,
      mostOver: 3,
      now: () => clock.now,
    });
    const first = await approvals.ask(person('Ann'), wish);
    for (let index = 0; index < 6; index += 1) {
      clock.now += 1;
      const { approvalId } = await approvals.ask(person('Ann'), wish);
      await approvals.decide(person('Bob'), approvalId, 'declined', '');
    }
    assert.deepEqual([approvals.size, approvals.forgotten], [4, 3]);
    assert.equal(approvals.list().at(-1)?.approvalId, first.approvalId);
    // Nobody decided on these, which are over by time alone
    for (let index = 0; index < 6; index += 1) {
      clock.now += 2_000;
      await approvals.ask(person('Ann'), wish);
    }
    assert.equal(approvals.list().filter(({ state, expired }) => state === 'waiting' && !expired).length, 1);
    assert.ok(approvals.size <= 5, String(approvals.size));
  });

  it('need another person, and none of the same owner nor a machine', async () => {
    const { first, second } = rig();
    const { approvalId } = await first.ask(person('ann'), wish);
    for (const same of [person('ann'), person('nightly', 'token', 'oidc:ann')])
      await assert.rejects(second.decide(same, approvalId, 'approved', ''), { code: 'FORBIDDEN' });
    await assert.rejects(second.decide(person('t', 'token', 'oidc:bob'), approvalId, 'approved', ''), {
      code: 'FORBIDDEN',
    });
    await assert.rejects(second.decide(person('Ann'), approvalId, 'approved', ''), { code: 'FORBIDDEN' });
    assert.equal((await second.decide(person('bob'), approvalId, 'approved', 'yes')).state, 'approved');
  });

  it('are decided once, by whoever comes first, on every console alike', async () => {
    const { first, second } = rig();
    const { approvalId } = await first.ask(person('ann'), wish);
    const both = await Promise.allSettled([
      first.decide(person('bob'), approvalId, 'approved', ''),
      second.decide(person('cid'), approvalId, 'declined', ''),
    ]);
    assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    const lost = both.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
    assert.equal(lost.reason.status, 409);
    assert.deepEqual(first.list(), second.list());
  });

  it('expire, can be taken back by whoever asked, and are not decided twice', async () => {
    const { clock, first } = rig();
    const { approvalId } = await first.ask(person('ann'), wish);
    clock.now += 60_000;
    assert.equal(first.list()[0]!.expired, true);
    await assert.rejects(first.decide(person('bob'), approvalId, 'approved', ''), { status: 409, message: /expired/ });
    assert.equal((await first.decide(person('ann'), approvalId, 'declined', 'later')).state, 'declined');
    await assert.rejects(first.decide(person('bob'), approvalId, 'approved', ''), { status: 409, message: /declined/ });
    await assert.rejects(first.decide(person('bob'), 'none', 'approved', ''), { code: 'NOT_FOUND' });
  });

  it('count no step that was written past the rules', async () => {
    const { first } = rig();
    const asked = await first.ask(person('ann'), wish);
    first.apply({ ...asked, state: 'approved', by: asked.askedBy, step: 'forged' });
    first.apply({ ...asked, state: 'approved', by: asked.askedBy.toUpperCase(), step: 'forged' });
    first.apply({ ...asked, state: 'done', step: 'forged' });
    first.apply({ ...asked, state: 'approved', by: 'oidc:bob', at: asked.expiresAt, step: 'late' });
    assert.equal(first.list()[0]!.state, 'waiting');
  });

  it('say so when Kafka does not give a step back', async () => {
    const silent = new Approvals({ write: async () => {}, expireMs: 1, now: () => 0, readBackMs: 10 });
    await assert.rejects(silent.ask(person('ann'), wish), { code: 'KAFKA_UNAVAILABLE' });
  });
});

describe('leaving shadow mode with two', () => {
  it('waits for another operator, is done when they approve, and all of it is on record', async (t) => {
    const people = await startPeople(t, { approvals: { leaveShadow: true } });
    const modes = async () => {
      const codec = await TopicCodec.open<Control>(topics.control, people.harness.context.registry);
      return people.harness.kafka.messages
        .filter(({ topic }) => topic === topics.control.name)
        .map(({ value }) => codec.decode(value!));
    };
    const asked = await people.post('ann/sre', '/api/control/mode', { mode: 'enforce', reason: 'tuned' });
    assert.equal(asked.status, 202);
    const { approvalId } = asked.body.approval;
    assert.deepEqual(await modes(), []);
    assert.equal((await people.get('vera/all', '/api/me')).body.approvals.waiting, 1);
    const [own] = (await people.get('ann/sre', '/api/approvals')).body.approvals;
    assert.deepEqual([own.own, own.state, own.reason], [true, 'waiting', 'tuned']);
    assert.equal((await people.post('ann/sre', '/api/approvals/approve', { approvalId })).status, 403);
    assert.deepEqual(await modes(), []);
    const approved = await people.post('bob/sre', '/api/approvals/approve', { approvalId, note: 'agreed' });
    assert.equal(approved.status, 200);
    const [mode] = await modes();
    assert.equal(mode!.value, '"enforce"');
    assert.match(mode!.reason, /tuned \(asked by ann, approved by bob\)/);
    assert.equal((await people.get('bob/sre', '/api/approvals')).body.approvals[0].state, 'done');
    const events = (await people.recorded()).map(({ name, action, outcome }) => `${name} ${action} ${outcome}`);
    assert.deepEqual(events, [
      'ann mode asked',
      'ann mode done',
      'ann approval asked',
      'ann approval failed',
      'bob approval asked',
      'bob mode asked',
      'bob mode done',
      'bob approval done',
    ]);
    // Back to shadow is the safe way, and needs nobody
    assert.equal((await people.post('ann/sre', '/api/control/mode', { mode: 'shadow' })).status, 200);
  });

  it('waits too where a policy would leave it, and then is that policy', async (t) => {
    const people = await startPeople(t, { approvals: { leaveShadow: true } });
    const put = { pipeline: 'scope', policy: { mode: 'enforce', narrowAfter: 4 }, reason: 'ready' };
    const asked = await people.post('root/admins', '/api/control/policy', put);
    assert.equal(asked.status, 202);
    const { approvalId } = asked.body.approval;
    assert.equal((await people.post('bob/sre', '/api/approvals/approve', { approvalId })).status, 200);
    const codec = await TopicCodec.open<Control>(topics.control, people.harness.context.registry);
    const [set, ...others] = people.harness.kafka.messages
      .filter(({ topic }) => topic === topics.control.name)
      .map(({ value }) => codec.decode(value!));
    assert.deepEqual(others, []);
    assert.equal(set!.key, 'policy/scope');
    assert.equal(JSON.parse(set!.value).narrowAfter, 4);
    assert.equal(JSON.parse(set!.value).mode, 'enforce');
  });

  it('is not offered where two people cannot be told apart', async (t) => {
    await assert.rejects(startPeople(t, { access: 'link', approvals: { leaveShadow: true } }), /told apart/);
  });
});
