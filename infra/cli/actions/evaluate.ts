import { writeFile } from 'node:fs/promises';
import { findEvaluator } from '../../../models/evaluation/index.ts';
import { drawPage } from '../../../models/evaluation/page/page.ts';
import { measuredOn } from '../environment.ts';
import type { Action } from '../invocation.ts';
import { printEvaluation } from '../print-evaluation.ts';
import { createProgress } from '../progress.ts';
import { duration } from '../terminal.ts';

interface Options {
  readonly data: string;
  readonly detectors?: string;
  readonly html?: string;
}

/** Measure models on real data; tables for people, figures for programs, a page for both. */
export const run: Action<Options, [string]> = async ({ terminal }, { data, detectors, html }, subject) => {
  const { evaluate, folder, detectors: usual } = findEvaluator(subject, data);
  const names = detectors?.split(',').map((name) => name.trim()) ?? usual;
  const abort = new AbortController();
  const interrupt = (): void => abort.abort();
  process.once('SIGINT', interrupt);
  const progress = createProgress('Evaluating');
  const started = performance.now();
  try {
    const evaluation = await evaluate({
      folder,
      detectors: names,
      onProgress: (done, total, note) => progress.update(done, total, note),
      signal: abort.signal,
    });
    progress.stop();
    const seconds = Math.round((performance.now() - started) / 100) / 10;
    const environment = measuredOn(seconds);
    if (html) await writeFile(html, drawPage(evaluation, environment));
    if (terminal.json) {
      terminal.printJson({ name: evaluation.name, figures: evaluation.figures, environment });
      return;
    }
    printEvaluation(evaluation, terminal);
    terminal.say(`Evaluated in ${duration(seconds * 1000)}${html ? `; page in ${html}` : ''}`);
  } finally {
    progress.stop();
    process.off('SIGINT', interrupt);
  }
};
