import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decayed, levelOf, noScopeRule, type ScopeRuleState, scopeRule } from '../../../operators/scope/scopeRule.ts';
import { isEbbtideError } from '../../../schemas/errors.ts';
import { parseScopePolicy, rulesFor } from '../../../schemas/scopePolicy.ts';

const policy = parseScopePolicy({});
const minute = 60_000;
const t0 = 1_800_000_000_000;

/** Follow risks, a window of half a minute each; undefined is a window without calls. */
const follow = (risks: readonly (number | undefined)[], rules = policy, from: ScopeRuleState = noScopeRule) => {
  let state = from;
  const actions: string[] = [];
  risks.forEach((risk, i) => {
    const outcome = scopeRule(state, risk, t0 + i * 30_000, true, rules);
    state = outcome.state;
    actions.push(outcome.action ? `${outcome.action} ${rules.ranges[state.level]!.scope}` : '');
  });
  return { state, actions };
};

describe('scopeRule', () => {
  it('has the ranges of the policy, their upper ends inclusive', () => {
    assert.deepEqual(
      [0, 30, 30.01, 60, 60.01, 80, 80.01, 100].map((risk) => levelOf(policy.ranges, risk)),
      [0, 0, 1, 1, 2, 2, 3, 3],
    );
  });

  it('is not moved by one window, and goes to the lowest range that was confirmed', () => {
    assert.deepEqual(follow([90, 10, 90, 10]).actions, ['', '', '', '']);
    assert.deepEqual(follow([90, 45]).actions, ['', 'narrow read-only']);
    assert.deepEqual(follow([45, 90, 90, 95]).actions, ['', 'narrow read-only', '', 'narrow blocked']);
  });

  it('does not take the same calls for a confirmation', () => {
    const once = scopeRule(noScopeRule, 90, t0, false, policy).state;
    assert.equal(scopeRule(once, 90, t0 + 1, true, policy, false).action, undefined);
    assert.equal(scopeRule(once, 90, t0 + 1, true, policy, true).action, 'narrow');
  });

  it('widens once the risk has decayed, after windows in a row, without calls too', () => {
    const { actions } = follow([50, 50, ...new Array(60).fill(undefined)]);
    assert.equal(actions[1], 'narrow read-only');
    const widened = actions.indexOf('widen default');
    // 50 halves to 25 in ten minutes, and falls to 30 after about seven; then three windows
    assert.ok(widened > 14 && widened < 20, `${widened}`);
  });

  it('renews an override that is earned, and lets one lapse', () => {
    const { actions } = follow(new Array(100).fill(50));
    assert.deepEqual(actions.filter(Boolean), ['narrow read-only', 'keep read-only']);
    const held: ScopeRuleState = { ...noScopeRule, level: 1, risk: 1, at: t0, expiresAt: t0 + minute };
    const lapsed = scopeRule(held, undefined, t0 + minute, false, policy);
    assert.deepEqual([lapsed.action, lapsed.state.level, lapsed.state.expiresAt], ['widen', 0, 0]);
  });

  it('never leaves the ranges, never narrows on a risk within the range in force, and decays', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.double({ min: 0, max: 100, noNaN: true }), { nil: undefined })), (risks) => {
        let state = noScopeRule;
        for (const [i, risk] of risks.entries()) {
          const before = state;
          const outcome = scopeRule(before, risk, t0 + i * 30_000, i % 3 !== 0, policy);
          state = outcome.state;
          assert.ok(state.level >= 0 && state.level < policy.ranges.length, `level ${state.level}`);
          if (state.level > before.level)
            assert.ok(levelOf(policy.ranges, risk ?? 0) > before.level, `narrowed on ${risk}`);
          assert.equal(outcome.action === undefined || outcome.action === 'keep', state.level === before.level);
        }
      }),
    );
    assert.equal(decayed(80, 600_000, 600_000), 40);
    assert.equal(decayed(80, -5, 600_000), 80);
  });
});

describe('a scope policy', () => {
  const refused = (value: unknown, pattern: RegExp) =>
    assert.throws(
      () => parseScopePolicy(value),
      (error) => isEbbtideError(error, 'POLICY_INVALID') && pattern.test(error.message),
    );

  it('is refused with the key, the value and what was expected', () => {
    refused(
      {
        ranges: [
          { upTo: 50, scope: 'a' },
          { upTo: 40, scope: 'b' },
        ],
      },
      /ranges\.1\.upTo: Ranges must ascend/,
    );
    refused({ ranges: [{ upTo: 50, scope: 'a' }] }, /ranges\.0\.upTo: The last range must reach to 100, got 50/);
    refused(
      {
        ranges: [
          { upTo: 50, scope: 'a' },
          { upTo: 100, scope: 'a' },
        ],
      },
      /Scope a has two ranges/,
    );
    refused({ ranges: [] }, /ranges/);
    refused({ groups: { x: { ranges: [{ upTo: 9, scope: 'a' }] } } }, /groups\.x\.ranges\.0\.upTo/);
    refused({ treshold: 1 }, /treshold/);
    refused({ narrowAfter: 0 }, /narrowAfter/);
  });

  it('is refused where a higher risk would earn more, or a scope is none', () => {
    const ranges = (...scopes: string[]) =>
      scopes.map((scope, i) => ({ upTo: i === scopes.length - 1 ? 100 : (i + 1) * 10, scope }));
    refused({ ranges: ranges('read-only', 'blocked') }, /ranges\.0\.scope: The first range .* must be default/);
    refused(
      { ranges: ranges('default', 'blocked', 'read-only') },
      /ranges\.2\.scope: .* read-only comes after blocked/,
    );
    refused({ ranges: ranges('default', 'single-service', 'read-only') }, /read-only comes after single-service/);
    refused(
      { ranges: ranges('default', 'read-only & single-service(a)', 'single-service(a)') },
      /single-service\(a\) comes after read-only & single-service\(a\)/,
    );
    refused({ ranges: ranges('default', 'read-only', 'default') }, /Scope default has two ranges/);
    refused({ ranges: ranges('default', 'No Scope') }, /There is no scope "No Scope"/);
    refused({ groups: { x: { ranges: ranges('read-only', 'blocked') } } }, /groups\.x\.ranges\.0\.scope/);
    const own = ranges('default', 'read-only', 'order-desk', 'single-service(orders)', 'blocked');
    const definition = { allow: [{ services: ['orders'], methods: ['GET', 'POST'] }], deny: [] };
    assert.equal(parseScopePolicy({ ranges: own.toSpliced(3, 1) }, { 'order-desk': definition }).ranges.length, 4);
    const brought = parseScopePolicy({ ranges: own.toSpliced(3, 1) }, { 'order-desk': definition });
    assert.deepEqual(parseScopePolicy(brought), brought, 'definitions travel with the policy');
    refused({ ranges: own }, /ranges\.2\.scope: There is no scope "order-desk"; there are default, read-only/);
    assert.throws(() => parseScopePolicy({ ranges: own }, {}), /ranges\.2\.scope: There is no scope "order-desk"/);
    assert.throws(
      () => parseScopePolicy({ ranges: own }, { 'order-desk': definition }),
      /single-service\(orders\) comes after order-desk/,
    );
  });

  it('has rules of groups by the translation table, else by name, else the common ones', () => {
    const groups = { robots: { match: ['ci-*', 'deploy.?'], narrowAfter: 5 }, people: { overrideMs: minute } };
    const grouped = parseScopePolicy({ groups });
    assert.equal(rulesFor(grouped, 'ci-7', '').narrowAfter, 5);
    assert.equal(rulesFor(grouped, 'deploy.?', '').narrowAfter, 5);
    assert.equal(rulesFor(grouped, 'deploy-x', '').narrowAfter, 2);
    assert.equal(rulesFor(grouped, 'ci-7', 'people').overrideMs, minute);
    assert.equal(rulesFor(grouped, 'ci-7', 'people').narrowAfter, 2);
  });
});
