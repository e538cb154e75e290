import type { Lane } from '../../view/lane.ts';
import { wordOf } from '../../view/word.ts';
import { nameOf, stateWords } from '../words.ts';

/** How lanes are ordered. */
export type Order = 'function' | 'score' | 'life' | 'name';

/** Orders, as they are shown. */
export const orders: readonly (readonly [Order, string])[] = [
  ['function', 'In order of appearance'],
  ['score', 'Highest score first'],
  ['life', 'Least life first'],
  ['name', 'By name'],
];

const issuedAt = (lane: Lane): number => lane.credential?.issuedAt ?? lane.activeAt;

/** Lanes in an order; equal ones in order of issue. */
export const order = (lanes: readonly Lane[], by: Order, now: number): Lane[] => {
  // A function's next credential belongs beside the one that it lost
  const first = new Map<string, number>();
  for (const lane of lanes)
    first.set(nameOf(lane), Math.min(first.get(nameOf(lane)) ?? Number.POSITIVE_INFINITY, issuedAt(lane)));
  const keys: Record<Order, (lane: Lane) => number | string> = {
    function: (lane) => first.get(nameOf(lane))!,
    score: (lane) => -(lane.lastScore && !lane.lastScore.learning ? lane.lastScore.score : -1),
    life: (lane) => lane.life.remainingAt(now) ?? Number.POSITIVE_INFINITY,
    name: nameOf,
  };
  const key = keys[by];
  return lanes
    .map((lane) => ({ lane, key: key(lane), issued: issuedAt(lane) }))
    .sort((left, right) =>
      left.key < right.key
        ? -1
        : left.key > right.key
          ? 1
          : (nameOf(left.lane) < nameOf(right.lane)
              ? -1
              : nameOf(left.lane) > nameOf(right.lane)
                ? 1
                : left.issued - right.issued) || (left.lane.id < right.lane.id ? -1 : 1),
    )
    .map(({ lane }) => lane);
};

/** Whether a lane's function, instance, event, role or state contains what was typed. */
export const matches = (lane: Lane, filter: string, now: number): boolean => {
  if (filter === '') return true;
  const { credential } = lane;
  const text = [
    lane.id,
    credential?.function,
    credential?.instance,
    credential?.event,
    credential?.role,
    stateWords[wordOf(lane, now)],
  ]
    .join('\n')
    .toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
};
