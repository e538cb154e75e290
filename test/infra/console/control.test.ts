import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Controls } from '../../../infra/console/control.ts';
import { controlRecord } from '../../../schemas/control.ts';
import { parseLifecyclePolicy } from '../../../schemas/policy.ts';

const thresholds = { low: 0.1, moderate: 0.2, high: 0.3 };

describe('Controls', () => {
  it('shows the thresholds and mode of the policy in force, and a mode that was set before the policy’s own', () => {
    const controls = new Controls(thresholds);
    assert.deepEqual(controls.view(0), { mode: null, killSwitch: false, killSwitchReason: '', thresholds });
    const policy = parseLifecyclePolicy({ mode: 'enforce', low: 0.25 });
    controls.apply(controlRecord({ kind: 'policy', pipeline: 'lifecycle', value: policy, by: 'ann', reason: '' }, 1));
    assert.deepEqual(controls.view(1).thresholds, { low: 0.25, moderate: 0.6, high: 0.9 });
    assert.equal(controls.view(1).mode, 'enforce');
    controls.apply(controlRecord({ kind: 'mode', value: 'shadow', by: 'ann', reason: '' }, 2));
    assert.equal(controls.view(2).mode, 'shadow');
  });

  it('shows the kill switch with who threw it and why, until it lapses or is taken back', () => {
    const controls = new Controls(thresholds);
    controls.apply(controlRecord({ kind: 'killSwitch', value: true, expiresAt: 100, by: 'ann', reason: 'drill' }, 1));
    assert.deepEqual([controls.view(50).killSwitch, controls.view(50).killSwitchReason], [true, 'ann: drill']);
    assert.equal(controls.view(100).killSwitch, false);
    controls.apply(controlRecord({ kind: 'killSwitch', value: true, by: 'ann', reason: '' }, 101));
    controls.apply(controlRecord({ kind: 'killSwitch', value: false, by: 'ann', reason: '' }, 102));
    assert.equal(controls.view(103).killSwitch, false);
  });

  it('leaves out what is set for one subject or another pipeline, and what cannot be read', () => {
    const controls = new Controls(thresholds);
    const setting = { value: true, by: 'ann', reason: '' } as const;
    controls.apply(controlRecord({ kind: 'killSwitch', subject: 'cred-1', ...setting }, 1));
    controls.apply(controlRecord({ kind: 'killSwitch', pipeline: 'scope', ...setting }, 1));
    controls.apply({ ...controlRecord({ kind: 'mode', ...setting, value: 'shadow' }, 1), value: '{not json' });
    assert.deepEqual(controls.view(2), { mode: null, killSwitch: false, killSwitchReason: '', thresholds });
  });

  it('never shows a policy that the pipeline refuses: the last good one stays', () => {
    const controls = new Controls(thresholds);
    const good = controlRecord(
      { kind: 'policy', pipeline: 'lifecycle', value: { low: 0.25 }, by: 'ann', reason: '' },
      1,
    );
    controls.apply(good);
    controls.apply({ ...good, value: JSON.stringify({ low: 0.9, moderate: 0.2, high: 0.1 }) });
    assert.deepEqual(controls.view(2).thresholds, { low: 0.25, moderate: 0.6, high: 0.9 });
  });
});
