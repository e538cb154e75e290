import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Orders } from '../../../operators/decideTtl.ts';
import { noScopeCounts } from '../../../operators/scope/batch.ts';
import { type Credential, Credentials, recordOf } from '../../../operators/scope/credentials.ts';
import { type DecisionSink, scopeDecider } from '../../../operators/scope/decideScope.ts';
import { parseScopePolicy, type ScopePolicy } from '../../../schemas/scopePolicy.ts';

const t0 = Date.UTC(2026, 0, 5, 12);
const window = 30_000;
const enforce = { mode: 'enforce', narrowAfter: 1, widenAfter: 1, riskHalfLifeMs: 1, singleService: 'orders' };

/** One credential, window after window, under orders that may change between them. */
class Desk {
  readonly counts = noScopeCounts();
  readonly budget: number[] = [];
  readonly sink: DecisionSink = { decisions: [], overrides: [], alerts: [], touched: new Set() };
  readonly #decide = scopeDecider(this.budget, this.counts);
  one: Credential = new Credentials().of('cred-1');
  orders: Orders<ScopePolicy> = {
    policy: parseScopePolicy(enforce),
    policyVersion: 'v1',
    killSwitch: false,
    exempt: () => false,
  };
  time = t0;

  policy(value: object): void {
    this.orders = { ...this.orders, policy: parseScopePolicy({ ...enforce, ...value }) };
  }

  /** What is decided of a window, or of a part of one: action, scope before and after, mode, why withheld. */
  window(risk: number, { closed = true, replayed = false } = {}): string[] {
    const before = this.sink.decisions.length;
    this.time += window;
    const assessment = { risk, pValue: 0.5, statistic: risk, parts: [], carried: new Float32Array() };
    const part = { windowStart: this.time - window, windowEnd: this.time, calls: 10, closed, news: true };
    const rest = { pipeline: 'scope', subject: this.one.name, threats: [], modelVersion: 'm', time: this.time };
    this.#decide(this.one, { ...part, ...rest, risk, assessment }, this.orders, replayed, this.sink);
    return this.sink.decisions
      .slice(before)
      .map(({ action, oldScope, newScope, mode, withheld }) =>
        [action, `${oldScope}→${newScope}`, mode, withheld].filter(Boolean).join(' '),
      );
  }

  /** Scope and mode of the override that was written last; undefined where it was lifted. */
  get written(): string | undefined {
    const override = this.sink.overrides.at(-1)?.override;
    return override ? `${override.scope} ${override.mode}` : undefined;
  }
}

describe('scopeDecider', () => {
  it('narrows by the risk, names the one service, and lifts by a tombstone', () => {
    const desk = new Desk();
    assert.deepEqual(desk.window(10), []);
    assert.deepEqual(desk.window(50), ['narrow default→read-only enforce']);
    assert.deepEqual(desk.window(70), ['narrow read-only→single-service(orders) enforce']);
    assert.equal(desk.sink.overrides.at(-1)!.override!.service, 'orders');
    assert.deepEqual(desk.window(90), ['narrow single-service(orders)→blocked enforce']);
    assert.deepEqual(desk.window(10), ['widen blocked→default enforce']);
    assert.equal(desk.sink.overrides.length, 4);
    assert.equal(desk.written, undefined);
    assert.deepEqual([desk.counts.narrowed, desk.counts.widened, desk.counts.withheld], [3, 1, 0]);
  });

  it('writes what is in force again on a switch of the mode, both ways, at the end of the window', () => {
    const desk = new Desk();
    desk.policy({ mode: 'shadow' });
    assert.deepEqual(desk.window(90), ['narrow default→blocked shadow']);
    assert.equal(desk.written, 'blocked shadow');
    desk.policy({});
    assert.deepEqual(desk.window(90, { closed: false }), []);
    assert.deepEqual(desk.window(90), ['keep blocked→blocked enforce']);
    assert.equal(desk.written, 'blocked enforce');
    assert.deepEqual(desk.window(90), [], 'once');
    desk.policy({ mode: 'shadow' });
    assert.deepEqual(desk.window(90), ['keep blocked→blocked shadow']);
    assert.equal(desk.written, 'blocked shadow');
    assert.match(desk.sink.decisions.at(-1)!.reason, /The mode is shadow: blocked is written again/);
    assert.deepEqual(desk.window(10), ['widen blocked→default shadow']);
  });

  it('writes a switch of the mode although a narrowing is withheld', () => {
    const desk = new Desk();
    desk.policy({ mode: 'shadow' });
    desk.window(50);
    desk.policy({ budgetPerSubject: { actions: 1, perMs: 3_600_000 } });
    assert.deepEqual(desk.window(90), ['keep read-only→read-only enforce']);
    assert.deepEqual(desk.window(90), ['narrow read-only→blocked enforce budget']);
    assert.equal(desk.written, 'read-only enforce');
  });

  it('brings a changed policy to overrides in force: another scope, another service, fewer ranges', () => {
    const desk = new Desk();
    assert.deepEqual(desk.window(50), ['narrow default→read-only enforce']);
    const ranges = [
      { upTo: 30, scope: 'default' },
      { upTo: 60, scope: 'single-service' },
      { upTo: 100, scope: 'blocked' },
    ];
    desk.policy({ ranges });
    assert.deepEqual(desk.window(50), ['keep read-only→single-service(orders) enforce']);
    assert.equal(desk.written, 'single-service(orders) enforce');
    desk.policy({ ranges, singleService: 'billing' });
    assert.deepEqual(desk.window(50), ['keep single-service(orders)→single-service(billing) enforce']);
    // What was written outlives a restart
    const credentials = new Credentials();
    credentials.load(recordOf(desk.one, 0));
    desk.one = credentials.find('cred-1')!;
    assert.deepEqual(desk.window(50), []);
    desk.policy({
      ranges: [
        { upTo: 30, scope: 'default' },
        { upTo: 100, scope: 'blocked' },
      ],
    });
    assert.deepEqual(desk.window(50), ['keep single-service(billing)→blocked enforce']);
    assert.match(desk.sink.decisions.at(-1)!.reason, /The policy in force means blocked by this range/);
    desk.policy({ ranges: [{ upTo: 100, scope: 'default' }] });
    assert.deepEqual(desk.window(50), ['widen blocked→default enforce']);
    assert.equal(desk.written, undefined);
    assert.deepEqual(desk.window(50), []);
  });

  for (const [name, spare] of [
    ['exemption', { exempt: () => true }],
    ['killSwitch', { killSwitch: true }],
    ['killSwitch', { killed: (subject: string) => subject === 'cred-1' }],
  ] as const)
    it(`lifts what is in force and withholds narrowings by ${name} (${Object.keys(spare)})`, () => {
      const desk = new Desk();
      desk.window(90);
      desk.orders = { ...desk.orders, ...spare };
      assert.deepEqual(desk.window(90), ['widen blocked→default enforce']);
      assert.equal(desk.written, undefined);
      const written = desk.sink.overrides.length;
      assert.deepEqual(desk.window(90), [`narrow default→blocked enforce ${name}`]);
      assert.deepEqual([desk.sink.overrides.length, desk.sink.alerts.length], [written, 1]);
      desk.orders = { ...desk.orders, killSwitch: false, killed: () => false, exempt: () => false };
      assert.deepEqual(desk.window(90), ['narrow default→blocked enforce']);
    });

  it('keeps to the budgets of the credential and of all, alerts, and spends nothing on what is withheld', () => {
    const desk = new Desk();
    desk.policy({ budgetPerSubject: { actions: 1, perMs: 4 * window } });
    assert.deepEqual(desk.window(50), ['narrow default→read-only enforce']);
    assert.deepEqual(desk.window(90), ['narrow read-only→blocked enforce budget']);
    assert.deepEqual(
      desk.sink.alerts.map(({ kind }) => kind),
      ['scopeNarrowed', 'budgetExhausted'],
    );
    assert.deepEqual([desk.written, desk.one.budget.length, desk.counts.withheld], ['read-only enforce', 1, 1]);
    desk.time += 4 * window;
    assert.deepEqual(desk.window(90), ['narrow read-only→blocked enforce'], 'the period has passed');
    desk.policy({ budgetForAll: { actions: 1, perMs: 3_600_000 } });
    desk.one = new Credentials().of('cred-2');
    assert.deepEqual(desk.window(90), ['narrow default→blocked enforce budget']);
  });

  it('writes nothing of what is decided again to rebuild state', () => {
    const [live, again] = [new Desk(), new Desk()];
    for (const risk of [50, 90]) {
      live.window(risk);
      assert.deepEqual(again.window(risk, { replayed: true }), []);
    }
    assert.deepEqual(recordOf(again.one, 0), recordOf(live.one, 0));
    assert.deepEqual([again.sink.overrides, again.sink.alerts], [[], []]);
  });
});
