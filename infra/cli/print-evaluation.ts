import { writeFile } from 'node:fs/promises';
import type { Evaluation } from '../../models/evaluation/evaluation.ts';
import { drawPage } from '../../models/evaluation/page/page.ts';
import { measuredOn } from './environment.ts';
import { duration, type Terminal, table } from './terminal.ts';

/** Print an evaluation's tables and notes, for people. */
const printEvaluation = ({ title, tables, notes }: Evaluation, terminal: Terminal): void => {
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

/**
 * Tell an evaluation that took some seconds: as a page where one is asked for, and as JSON or for people.
 *
 * @param said - what was done, in a word
 * @param json - what JSON has of it beside name and environment
 */
export const tellEvaluation = async (
  evaluation: Evaluation,
  {
    terminal,
    seconds,
    html,
    said,
    json,
  }: {
    readonly terminal: Terminal;
    readonly seconds: number;
    readonly html: string | undefined;
    readonly said: string;
    readonly json: object;
  },
): Promise<void> => {
  const environment = measuredOn(seconds);
  if (html) await writeFile(html, drawPage(evaluation, environment));
  if (terminal.json) {
    terminal.printJson({ name: evaluation.name, ...json, environment });
    return;
  }
  printEvaluation(evaluation, terminal);
  terminal.say(`${said} in ${duration(seconds * 1000)}${html ? `; page in ${html}` : ''}`);
};
