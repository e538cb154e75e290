import { keysOf, timingNames } from '../../../models/biometric/keystrokes.ts';
import { inventedTyping } from '../../models/biometric/people.ts';
import type { Scenario } from './scenario.ts';

/** People who type one phrase, in the form of CMU's table. */
export const typingTable = (people: number, repetitions: number): string => {
  const { timings, typists } = inventedTyping(people, repetitions);
  const names = timingNames(keysOf(timings)).map((name) =>
    name.replace('hold', 'H').replace('downDown', 'DD').replace('upDown', 'UD'),
  );
  const rows = typists.flatMap(({ name, seconds }) =>
    Array.from({ length: repetitions }, (_, i) =>
      [name, 1, i + 1, ...seconds.subarray(i * timings, (i + 1) * timings)].join(','),
    ),
  );
  return `subject,sessionIndex,rep,${names.join(',')}\n${rows.join('\n')}\n`;
};

/** The comparator of keystrokes. */
export const biometric: Scenario = {
  title: 'biometric',
  prepare: async ({ write }) => {
    write('typing.csv', typingTable(9, 40));
    return [['VERSION', 'v1']];
  },
  commands: {
    'ebbtide train biometric --from file=typing.csv': {
      says: /Typing: 360 repetitions of 9 people/,
      adds: '--epochs 1 --backend wasm --out v1',
    },
    'ebbtide train biometric --from archive --since 90d': { says: /./, status: 1 },
    'ebbtide models promote VERSION --kind biometric': /Champion of biometric: v1/,
  },
};
