import { areaUnderRoc, equalErrorRate, errorCurve } from '../errorRates.ts';
import { logTimings } from '../keystrokes.ts';
import { makeTemplate } from '../template.ts';
import type { Typing } from '../typing.ts';
import type { Comparator } from './model.ts';

/** Share of a person's repetitions that are enrolled, at most so many; impostors' first ones try. */
const enrolledShare = 0.5;
const enrolledMost = 200;
const impostorFirst = 5;

/**
 * Judge a comparator by people that it has not seen: the second half of their repetitions against the first ones of the
 * others.
 *
 * @returns mean over people of the equal error rate and of the area under the ROC curve
 */
export const judgeComparator = async (
  comparator: Comparator,
  { timings, typists }: Typing,
): Promise<{ heldOutEer: number; heldOutAuc: number }> => {
  const logs = typists.map(({ seconds }) => logTimings(seconds, timings));
  const rows = (person: number, from: number, to: number): Float64Array[] =>
    Array.from({ length: Math.max(0, to - from) }, (_, i) =>
      logs[person]!.subarray((from + i) * timings, (from + i + 1) * timings),
    );
  const rates: number[] = [];
  const areas: number[] = [];
  for (const [person, { repetitions }] of typists.entries()) {
    const enrolled = Math.min(enrolledMost, Math.floor(repetitions * enrolledShare));
    const template = makeTemplate(logs[person]!.subarray(0, enrolled * timings), timings);
    const own = await comparator.logits(template, rows(person, enrolled, repetitions));
    const others = typists.flatMap((_, other) => (other === person ? [] : rows(other, 0, impostorFirst)));
    const foreign = await comparator.logits(template, others);
    rates.push(equalErrorRate(errorCurve(own, foreign)));
    areas.push(areaUnderRoc(own, foreign));
  }
  const mean = (values: readonly number[]): number => values.reduce((sum, it) => sum + it, 0) / values.length;
  return { heldOutEer: mean(rates), heldOutAuc: mean(areas) };
};
