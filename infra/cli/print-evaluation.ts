import type { Evaluation } from '../../models/evaluation/evaluation.ts';
import { type Terminal, table } from './terminal.ts';

/** Print an evaluation's tables and notes, for people. */
export const printEvaluation = ({ title, tables, notes }: Evaluation, terminal: Terminal): void => {
  terminal.print(terminal.style('bold', title));
  for (const { title, headings, rows, note } of tables) {
    terminal.print();
    terminal.print(terminal.style('bold', title));
    for (const line of table(headings, rows)) terminal.print(line);
    if (note) terminal.print(terminal.style('dim', note));
  }
  terminal.print();
  for (const note of notes) terminal.print(terminal.style('dim', note));
};
