import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { numberAfter, parseAuxv, parseIoStat, parseNetDev, parseStat } from '../../../../infra/agents/host/parse.ts';

const tail = 'S 1 100 100 0 -1 4194560 5 6 7 8 250 50 30 20 20 0 11 0 987654 1000000 2048 18446744073709551615 1 1';

test('parseStat must find the fields whatever the command is called', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 15 }), (command) => {
      const stat = parseStat(`42 (${command}) ${tail}`);
      assert.deepEqual(stat, {
        state: 'S',
        cpuTicks: 300,
        childCpuTicks: 50,
        threads: 11,
        startTicks: 987654,
        residentPages: 2048,
      });
    }),
  );
  assert.equal(parseStat(`42 (a) b) Z) ${tail}`)?.state, 'S');
});

test('parseStat must refuse what is no such line', () => {
  for (const text of ['', '42', '42 (sh) S 1 2', 'garbage']) assert.equal(parseStat(text), undefined);
});

test('numberAfter must take whole keys at the start of a line only', () => {
  const io = 'rchar: 5\nwchar: 7\nread_bytes: 4096\nwrite_bytes: 8192\ncancelled_write_bytes: 11\n';
  assert.equal(numberAfter(io, 'rchar:'), 5);
  assert.equal(numberAfter(io, 'write_bytes:'), 8192);
  assert.equal(numberAfter(io, 'bytes:'), 0);
  assert.equal(numberAfter('usage_usec 123456\nuser_usec 1\n', 'usage_usec '), 123456);
});

test('parseNetDev must add up interfaces, and loopback only when asked', () => {
  const text = [
    'Inter-|   Receive                                                |  Transmit',
    ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed',
    '    lo: 1000 1 0 0 0 0 0 0 1000 1 0 0 0 0 0 0',
    '  eth0:500 2 0 0 0 0 0 0 70 3 0 0 0 0 0 0',
    'wlan0: 20 2 0 0 0 0 0 0 5 3 0 0 0 0 0 0',
  ].join('\n');
  assert.deepEqual(parseNetDev(text, false), { received: 520, sent: 75 });
  assert.deepEqual(parseNetDev(text, true), { received: 1520, sent: 1075 });
});

test('parseIoStat must add up devices, and take an empty file as nothing', () => {
  const text = '8:0 rbytes=100 wbytes=200 rios=1 wios=2 dbytes=9 dios=0\n259:0 rbytes=1 wbytes=2 rios=1 wios=2\n';
  assert.deepEqual(parseIoStat(text), { read: 101, written: 202 });
  assert.deepEqual(parseIoStat(''), { read: 0, written: 0 });
});

test('parseAuxv must agree with getconf', { skip: process.platform !== 'linux' }, () => {
  const { pageBytes, ticksPerSecond } = parseAuxv(readFileSync('/proc/self/auxv'));
  assert.equal(pageBytes, Number(execFileSync('getconf', ['PAGESIZE']).toString()));
  assert.equal(ticksPerSecond, Number(execFileSync('getconf', ['CLK_TCK']).toString()));
});
