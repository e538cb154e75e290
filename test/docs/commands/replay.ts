import { revocation } from './archive.ts';
import type { Expected, Scenario } from './scenario.ts';

const page: Expected = { says: /against[\s\S]*<!doctype html>/, adds: '&& head -c 15 report.html' };

/** The past decided once more. */
export const replay: Scenario = {
  title: 'replay',
  prepare: async (stage) => {
    stage.write('stricter.yaml', 'mode: enforce\nlow: 0.2\nmoderate: 0.5\nhigh: 0.7\n');
    stage.write('new.yaml', 'mode: enforce\nlow: 0.4\n');
    stage.write('gentler.yaml', 'mode: enforce\nlow: 0.5\n');
    await revocation(stage);
    const day = (ms: number) => new Date(Date.now() + ms).toISOString().slice(0, 10);
    return [
      ['2026-01-01', day(-86_400_000)],
      ['2026-02-01', day(86_400_000)],
    ];
  },
  commands: {
    'ebbtide replay': /decisions/,
    'ebbtide replay --from 7d': /decisions/,
    'ebbtide replay --from 30d --policy stricter.yaml --against , --html report.html': page,
    'ebbtide replay --from 30d --policy stricter.yaml --against ,gentler.yaml --html report.html': page,
    'ebbtide replay --source archive --from 30d --policy new.yaml --fail-if "falseRevocations > 0"': /revocations/,
    'ebbtide replay --source archive --from 2026-01-01 --to 2026-02-01 --policy new.yaml --fail-if "falseRevocations > 0"':
      /falseRevocations +0/,
    'ebbtide replay --from 24h --out file:decisions.jsonl': {
      says: /"topic":"decisions"/,
      adds: '&& cat decisions.jsonl',
    },
  },
};
