import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { distanceKm } from '../../../models/scope/baseline.ts';
import { scopeFeatures, scopeVector } from '../../../models/scope/features.ts';
import { assessBySigns } from '../../../models/scope/model.ts';
import { isRefusal, networkOf, trait, traitsOf, traitsOfClient } from '../../../models/scope/operations.ts';
import { Profile } from '../../../models/scope/profile.ts';
import { mostVisits, Visits } from '../../../models/scope/visits.ts';
import { emptyCall } from '../../../schemas/apiCall.ts';
import type { ApiTelemetry } from '../../../schemas/generated/index.ts';
import { callAt, t0 } from './calls.ts';

const windowMs = 30_000;
const hour = 3_600_000;
const at = scopeFeatures.at;

/** Take calls, closing and learning windows as they end. */
const follow = (profile: Profile, calls: Iterable<ApiTelemetry>): Profile => {
  for (const call of calls) {
    if (profile.window && call.time >= profile.window.end) profile.close(true);
    profile.observe(call, windowMs, false);
  }
  return profile;
};

/** A credential that has done the same for a day. */
const known = () =>
  follow(
    new Profile(),
    Array.from({ length: 24 * 60 }, (_, i) => callAt(t0 + i * 60_000, { operation: `GET /orders/${i % 3}` })),
  );
const dayLater = t0 + 24 * hour;
const riskOf = (profile: Profile, time: number) => assessBySigns({ profile, time });

describe('features of API calls', () => {
  it('have distinct names, a hash, and as many numbers as there are features', () => {
    const names = scopeFeatures.features.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    assert.match(scopeFeatures.hash, /^[0-9a-f]{64}$/);
    assert.equal(scopeVector(new Profile(), t0).length, scopeFeatures.size);
  });

  it('take polling as one visit, and forget the oldest visits', () => {
    const visits = new Visits();
    const add = (operation: number, time: number) =>
      visits.add({ service: 1, operation, time, bytes: 10, refused: 0, failed: 0, traits: 0, network: 1, client: 1 });
    for (let i = 0; i < 50; i++) add(7, i);
    assert.equal(visits.length, 1);
    assert.deepEqual([visits.list()[0]!.calls, visits.list()[0]!.bytes, visits.list()[0]!.to], [50, 500, 49]);
    for (let i = 0; i < 2 * mostVisits; i++) add(i, 100 + i);
    assert.equal(visits.length, mostVisits);
    assert.equal(visits.list()[0]!.operation, mostVisits);
    assert.deepEqual(new Visits(visits.save()).list(), visits.list());
    visits.forgetBefore(100 + 2 * mostVisits - 1);
    assert.equal(visits.length, 1);
  });

  it('are the same after a profile was saved and restored', () => {
    const profile = known();
    const restored = new Profile(JSON.parse(JSON.stringify(profile.save())));
    assert.deepEqual(scopeVector(restored, dayLater), scopeVector(profile, dayLater));
    for (const one of [profile, restored]) follow(one, [callAt(dayLater, { service: 'billing' })]);
    assert.deepEqual(scopeVector(restored, dayLater + 1), scopeVector(profile, dayLater + 1));
  });

  it('walk through the service that is moved in, not the one that bursts load or timers poll', () => {
    const calls: ApiTelemetry[] = [];
    for (let page = 0; page < 6; page++) {
      const time = t0 + page * 20_000;
      calls.push(callAt(time, { service: 'pages', operation: `GET /page/${page}` }));
      for (let file = 0; file < 12; file++)
        calls.push(callAt(time + 1, { service: 'files', operation: `GET /file/${file}` }));
      for (let report = 1; report < 9; report++)
        calls.push(callAt(time + report * 2000, { service: 'reports', operation: 'POST /report' }));
    }
    const vector = scopeVector(follow(new Profile(), calls), t0 + 120_000);
    assert.ok(Math.abs(vector[at['walk.gapQ50']]! - Math.log(20.5)) < 1e-9);
    assert.equal(vector[at['walk.revisits']], 0);
    assert.ok(Math.abs(vector[at['walk.length']]! - Math.log(7)) < 1e-9);
  });

  it('know what is new, and no credential so young that all is', () => {
    const young = follow(new Profile(), [
      callAt(t0),
      callAt(t0 + 1000, { service: 'billing', address: '198.51.100.1' }),
    ]);
    assert.equal(scopeVector(young, t0 + 2000)[at['novelty.networks']], 0);
    const old = follow(known(), [
      callAt(dayLater, { service: 'billing', address: '198.51.100.1', userAgent: 'curl/8' }),
    ]);
    const vector = scopeVector(old, dayLater + 1000);
    for (const name of ['services', 'operations', 'clients', 'networks'] as const)
      assert.ok(Math.abs(vector[at[`novelty.${name}`]]! - Math.LN2) < 0.01, name);
    assert.equal(scopeVector(old, dayLater + 20 * hour)[at['novelty.networks']]! < 0.001, true, 'it fades');
  });

  it('see a journey that cannot be', () => {
    assert.ok(Math.abs(distanceKm(48.2, 16.4, 40.7, -74) - 6800) < 60);
    const [vienna, newYork] = [
      { latitude: 48.2, longitude: 16.4 },
      { latitude: 40.7, longitude: -74 },
    ];
    const profile = follow(new Profile(), [callAt(t0, vienna), callAt(t0 + hour, newYork)]);
    assert.ok(Math.abs(scopeVector(profile, t0 + hour)[at['travel.speed']]! - Math.log1p(68)) < 0.05);
    const slow = follow(new Profile(), [callAt(t0, vienna), callAt(t0 + 24 * hour, newYork)]);
    assert.ok(scopeVector(slow, t0 + 24 * hour)[at['travel.speed']]! < Math.log1p(9));
  });

  it('see two callers that take turns with one credential, and not one that moves on or has two networks', () => {
    const [here, there] = [
      { address: '192.0.2.1', userAgent: 'agent' },
      { address: '203.0.113.9', userAgent: 'curl' },
    ];
    const turns = (callers: object[]) =>
      scopeVector(
        follow(
          new Profile(),
          callers.map((caller, i) => callAt(t0 + i * 1000, caller)),
        ),
        t0 + 60_000,
      )[at['client.turns']];
    assert.equal(turns([here, there, here, there]), Math.log(3));
    assert.equal(turns([here, here, there, there]), 0);
    assert.equal(turns([here, { ...there, userAgent: 'agent' }, here]), 0);
  });

  it('do not count what the gateway denies because the scope is narrowed already', () => {
    const denied = (narrowed: boolean) => {
      const profile = new Profile();
      for (let i = 0; i < 5; i++)
        profile.observe(callAt(t0 + i, { denied: true, operation: `GET /${i}` }), windowMs, narrowed);
      return scopeVector(profile, t0 + 10)[at['errors.refusedOperations']];
    };
    assert.equal(denied(false), Math.log(6));
    assert.equal(denied(true), 0);
  });
});

describe('operations', () => {
  it('are known by their names', () => {
    const cases: [string, number][] = [
      ['ListBuckets', trait.read],
      ['DescribeInstances', trait.read],
      ['GET /orders/{id}', trait.read],
      ['GetSecretValue', trait.read | trait.secret],
      ['CreateAccessKey', trait.privileged],
      ['AttachUserPolicy', trait.privileged],
      ['CreateLoginProfile', trait.privileged],
      ['UpdateAssumeRolePolicy', trait.privileged],
      ['POST /users/{id}/roles', trait.privileged],
      ['CreateSecurityGroup', 0],
      ['StopLogging', trait.evading],
      ['DeleteTrail', trait.evading],
      ['DeleteFlowLogs', trait.evading],
      ['ModifySnapshotAttribute', trait.exposing],
      ['RunInstances', trait.impact],
      ['PutObject', 0],
      ['POST /orders', 0],
    ];
    for (const [operation, expected] of cases) assert.equal(traitsOf(operation), expected, operation);
  });

  it('are refused by what services answer', () => {
    assert.ok(isRefusal(403, '') && isRefusal(400, 'AccessDenied') && isRefusal(400, 'Client.UnauthorizedOperation'));
    assert.ok(!isRefusal(404, '') && !isRefusal(400, 'NoSuchBucket') && !isRefusal(200, ''));
    assert.equal(networkOf('192.0.2.7'), '192.0');
    assert.equal(networkOf('2001:DB8:1::7'), '2001:db8');
    assert.equal(traitsOfClient('aws-cli/2.1 kali/2023'), trait.tool);
  });
});

describe('the default model', () => {
  const enumeration = (time: number) =>
    Array.from({ length: 60 }, (_, i) =>
      callAt(time + i * 200, {
        ...{ service: `service-${i % 12}`, operation: `List${i}`, address: '198.51.100.9', userAgent: 'Boto3/1.2' },
        ...(i % 2 ? { status: 400, errorCode: 'AccessDenied' } : {}),
      }),
    );

  it('leaves what is usual alone', () => {
    assert.ok(riskOf(known(), dayLater).risk < 5);
    assert.ok(riskOf(follow(new Profile(), [callAt(t0)]), t0).risk < 5);
  });

  it('sees a stolen key that enumerates, of a credential known or not, and says by what', () => {
    for (const profile of [known(), new Profile()]) {
      const { risk, parts } = riskOf(follow(profile, enumeration(dayLater)), dayLater + 12_000);
      assert.ok(risk > 90, `${risk}`);
      assert.equal(parts[0]!.feature, 'errors.refusedOperations');
      assert.ok(Math.abs(parts.reduce((sum, { weight }) => sum + weight, 0)) <= 1 + 1e-6);
    }
  });

  it('names features without which the risk would be lower', () => {
    const statistic = (calls: ApiTelemetry[]) => riskOf(follow(known(), calls), dayLater + 12_000).statistic;
    const whole = statistic(enumeration(dayLater));
    const allowed = statistic(enumeration(dayLater).map((call) => ({ ...call, status: 200, errorCode: '' })));
    const familiar = statistic(
      enumeration(dayLater).map((call) => ({ ...call, address: '192.0.2.7', userAgent: 'app/1.2' })),
    );
    assert.ok(allowed < whole - 1, `${allowed} ${whole}`);
    assert.ok(familiar < whole - 1, `${familiar} ${whole}`);
  });

  it('forgives a robot what it has always done', () => {
    const robot = (day: number) =>
      Array.from({ length: 80 }, (_, i) =>
        callAt(t0 + day * 24 * hour + i * 30_000, {
          service: `service-${i % 12}`,
          operation: i % 10 ? `Describe${i}` : `CreateRole`,
        }),
      );
    const fresh = riskOf(follow(new Profile(), robot(0)), t0 + 80 * 30_000).risk;
    const old = riskOf(follow(new Profile(), [0, 1, 2].flatMap(robot)), t0 + 48 * hour + 80 * 30_000).risk;
    assert.ok(fresh > 60 && old < 30, `${fresh} ${old}`);
  });
});

describe('emptyCall', () => {
  it('has no call in it', () => {
    assert.equal(emptyCall.frontendCredential, '');
  });
});
