import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { alarmWorth, nabProfiles, nabScore } from '../../../models/evaluation/nabScore.ts';

const series = (rows: number, windows: [number, number][], probation = 0) => ({
  name: 'a.csv',
  times: Float64Array.from({ length: rows }, (_, row) => row * 1000),
  values: new Float64Array(rows),
  windows,
  probation,
});

const alarmsAt = (rows: number, ...at: number[]): Float64Array => {
  const scores = new Float64Array(rows);
  for (const row of at) scores[row] = 1;
  return scores;
};

suite('nabScore()', () => {
  const one = series(100, [[40, 59]]);

  test('gives 0 to silence and 100 to one alarm at the beginning of each window', () => {
    assert.equal(nabScore([one], [new Float64Array(100)], nabProfiles.standard).score, 0);
    assert.equal(nabScore([one], [alarmsAt(100, 40)], nabProfiles.standard).score, 100);
  });

  test('pays less for a late alarm, and once for several in one window', () => {
    const early = nabScore([one], [alarmsAt(100, 45)], nabProfiles.standard).score;
    const late = nabScore([one], [alarmsAt(100, 57)], nabProfiles.standard).score;
    const both = nabScore([one], [alarmsAt(100, 45, 57)], nabProfiles.standard).score;
    assert.ok(early > late && late > 50);
    assert.equal(both, early);
  });

  test('takes off for false alarms: less just behind a window, more under the profile that minds them', () => {
    const behind = nabScore([one], [alarmsAt(100, 40, 61)], nabProfiles.standard).score;
    const far = nabScore([one], [alarmsAt(100, 40, 99)], nabProfiles.standard).score;
    const minded = nabScore([one], [alarmsAt(100, 40, 99)], nabProfiles.rewardLowFp).score;
    assert.ok(100 > behind && behind > far && far > minded);
    // One false alarm costs 0.11 at most, out of the two between missing and finding the only window.
    assert.ok(Math.abs(100 - far - (100 * 0.11) / 2) < 0.1);
  });

  test('does not look at probation', () => {
    const judged = series(100, [[40, 59]], 15);
    assert.equal(nabScore([judged], [alarmsAt(100, 3, 14, 40)], nabProfiles.standard).score, 100);
  });

  test('chooses one threshold for all series', () => {
    const other = { ...one, name: 'b.csv' };
    const loud = alarmsAt(100, 40).map((score) => score * 0.5);
    const noisy = alarmsAt(100, 40);
    for (let row = 70; row < 100; row++) noisy[row] = 0.5;
    const { score, threshold } = nabScore([one, other], [loud, noisy], nabProfiles.standard);
    assert.equal(threshold, 1);
    assert.equal(score, 50);
  });
});

suite('alarmWorth()', () => {
  test('falls from 1 to nearly 0 through a window, and on to −1 behind it', () => {
    const { worth, window } = alarmWorth(series(200, [[40, 59]]));
    assert.equal(worth[39], -1);
    assert.equal(worth[40], 1);
    for (let row = 41; row < 60; row++) assert.ok(worth[row]! < worth[row - 1]! && worth[row]! > 0);
    for (let row = 61; row < 115; row++) assert.ok(worth[row]! <= worth[row - 1]! && worth[row]! < 0);
    assert.equal(worth[199], -1);
    assert.deepEqual([window[39], window[40], window[59], window[60]], [-1, 0, 0, -1]);
  });
});
