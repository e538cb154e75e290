import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Controls as ConsoleControls } from '../../infra/console/control.ts';
import { Controls } from '../../operators/actuate/controls.ts';
import { lifecyclePolicies, ordersAsOf, scopePolicies } from '../../pipelines/orders.ts';
import { VersionedTable } from '../../pipelines/versionedTable.ts';
import { controlKey, controlRecord, refusalOf, switchedOn } from '../../schemas/control.ts';
import type { Control } from '../../schemas/generated/index.ts';

const values = fc.constantFrom(
  ...[true, false, null, 0, 1, 'on', 'off', 'false', 'shadow', 'enforce', 'soon', {}, { on: true }, { on: false }].map(
    (value) => JSON.stringify(value),
  ),
  '{not json',
  '{"mode":"shadow"}',
  '{"exempt":false}',
  '{"low":0.2,"mode":"enforce"}',
  '{"low":0.9,"moderate":0.1}',
);
const record = fc
  .record({
    kind: fc.constantFrom('killSwitch' as const, 'mode' as const, 'exemption' as const, 'policy' as const),
    pipeline: fc.constantFrom('', 'lifecycle', 'scope'),
    subject: fc.constantFrom(null, 'cred-1', 'cred-2'),
    value: values,
    expiresAt: fc.option(fc.integer({ min: 0, max: 100 }), { nil: null }),
    at: fc.integer({ min: 0, max: 100 }),
  })
  .map((one): Control => {
    const subject = one.kind === 'policy' ? null : one.subject;
    const key = controlKey(one.kind, one.pipeline, subject ?? '');
    return { ...one, subject, key, version: '', by: '', reason: '' };
  });

describe('control', () => {
  it('means the same to the pipeline, the actuator and the console, whatever is written and whenever', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 20 }), fc.integer({ min: 0, max: 110 }), (records, time) => {
        const table = new VersionedTable<Control>();
        const actuator = new Controls();
        const console = new ConsoleControls({ low: 0, moderate: 0, high: 0 });
        for (const [offset, one] of records.entries()) {
          table.set(one.key, offset, one);
          actuator.apply(one);
          console.apply(one);
        }
        const asOf = ordersAsOf('lifecycle', table, () => {}, lifecyclePolicies);
        asOf(records.length, 50);
        const orders = asOf(records.length, time);
        const view = console.view(time);
        assert.equal(view.killSwitch, orders.killSwitch);
        assert.equal(actuator.killed('lifecycle', 'other', time), orders.killSwitch);
        for (const subject of ['cred-1', 'cred-2', 'other']) {
          assert.equal(actuator.killed('lifecycle', subject, time), orders.killed?.(subject));
          assert.equal(actuator.exempt('lifecycle', subject, time), orders.exempt(subject, time));
        }
        assert.equal(view.mode ?? 'shadow', orders.policy.mode);
        const mode = actuator.mode('lifecycle', 'other', time);
        if (mode) assert.equal(mode, orders.policy.mode);
      }),
      { numRuns: 1000 },
    );
  });

  it('is as of the first policy for what was sent before it, kill switch and all', () => {
    const table = new VersionedTable<Control>();
    const policy = (windowMs: number) =>
      controlRecord({ kind: 'policy', pipeline: 'lifecycle', value: { windowMs }, by: '', reason: '' }, 0);
    const kill = controlRecord({ kind: 'killSwitch', value: true, by: '', reason: '' }, 0);
    const off = controlRecord({ kind: 'killSwitch', value: false, by: '', reason: '' }, 0);
    for (const [offset, one] of [kill, { ...policy(1), value: '{' }, policy(500), off, policy(700)].entries())
      table.set(one.key, offset, one);
    const asOf = ordersAsOf('lifecycle', table, () => {}, lifecyclePolicies);
    const inForce = [0, 1, 3, 4, 5].map((offset) => {
      const { policy, killSwitch } = asOf(offset, 0);
      return [policy.windowMs, killSwitch];
    });
    assert.deepEqual(inForce, [
      [500, true],
      [500, true],
      [500, true],
      [500, false],
      [700, false],
    ]);
    const scope = ordersAsOf('scope', table, () => {}, scopePolicies);
    assert.equal(scope(0, 0).killSwitch, false, 'no policy of its own, so nothing before the beginning');
  });

  it('is refused where it is written, with what was expected', () => {
    const by = { by: 'ann', reason: '' };
    const crossing = { low: 0.9, moderate: 0.1 };
    assert.throws(() => controlRecord({ kind: 'policy', pipeline: 'lifecycle', value: crossing, ...by }, 0), {
      code: 'POLICY_INVALID',
      message: /low is 0.9 but moderate is 0.1/,
    });
    const ranges = ['default', 'blocked', 'read-only'].map((scope, i) => ({ upTo: [30, 60, 100][i], scope }));
    assert.throws(() => controlRecord({ kind: 'policy', pipeline: 'scope', value: { ranges }, ...by }, 0), {
      code: 'POLICY_INVALID',
      message: /ranges\.2\.scope: A higher risk must not earn more: read-only comes after blocked/,
    });
    assert.throws(() => controlRecord({ kind: 'mode', value: 'soon', ...by }, 0), { code: 'REQUEST_INVALID' });
    assert.equal(refusalOf(controlRecord({ kind: 'mode', value: 'shadow', ...by }, 0)), undefined);
  });

  it('is on in doubt: a switch that cannot be read stops rather than acts', () => {
    const thrown = controlRecord({ kind: 'killSwitch', value: true, by: '', reason: '' }, 0);
    for (const [value, on] of [
      ['{not json', true],
      ['{}', true],
      ['{"on":false}', false],
      ['"off"', false],
      ['null', false],
    ] as const)
      assert.equal(switchedOn({ ...thrown, value }), on, value);
  });
});
