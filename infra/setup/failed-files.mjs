/** What node's runner says at the end, e.g. `pass 12`. */
const total = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) ([\d.]+)$/;

/** A reporter for node's runner: the files in which a test of the top level failed, and the totals, as lines of JSON. */
export default async function* failedFiles(source) {
  const files = new Set();
  for await (const { type, data } of source) {
    if (type === 'test:fail' && data.nesting === 0 && data.file && data.todo === undefined) files.add(data.file);
    const [, name, count] = (type === 'test:diagnostic' && data.nesting === 0 && total.exec(data.message)) || [];
    if (name) yield `${JSON.stringify({ total: name, count: Number(count) })}\n`;
  }
  for (const file of files) yield `${JSON.stringify({ failed: file })}\n`;
}

/**
 * @param {string} text what {@link failedFiles} wrote
 * @returns {{ failed: string[], totals: Record<string, number> }}
 */
export const readFailedFiles = (text) => {
  const lines = text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  return {
    failed: lines.flatMap((line) => line.failed ?? []),
    totals: Object.fromEntries(lines.flatMap((line) => (line.total ? [[line.total, line.count]] : []))),
  };
};

/** Totals of a run in which what failed was run again: those tests count as they came out at last. */
export const mergeTotals = (first, again) => ({
  ...first,
  pass: first.pass + first.fail + first.cancelled - again.fail - again.cancelled,
  fail: again.fail,
  cancelled: again.cancelled,
  duration_ms: first.duration_ms + again.duration_ms,
});
