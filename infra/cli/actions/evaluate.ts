import { findEvaluator } from '../../../models/evaluation/index.ts';
import type { Action } from '../invocation.ts';
import { tellEvaluation } from '../print-evaluation.ts';
import { createProgress } from '../progress.ts';

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
    const json = { figures: evaluation.figures };
    await tellEvaluation(evaluation, { terminal, seconds, html, said: 'Evaluated', json });
  } finally {
    progress.stop();
    process.off('SIGINT', interrupt);
  }
};
