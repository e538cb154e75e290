import type { Judgement } from './labels.ts';

/** Share of judged stretches, the latest, that only judge. */
const heldOutShare = 0.3;

/**
 * Hold the latest judged stretches out, of attacks and of benign ones each their share.
 *
 * @param stretches in order of time
 */
export const holdOut = <S extends { readonly judgement: Judgement }>(
  stretches: readonly S[],
): { readonly learned: S[]; readonly heldOut: S[] } => {
  const heldOut = new Set<S>();
  for (const attack of [true, false]) {
    const kind = stretches.filter(({ judgement }) => (judgement.verdict === 'maliciousActivity') === attack);
    for (const one of kind.slice(kind.length - Math.floor(kind.length * heldOutShare))) heldOut.add(one);
  }
  return { learned: stretches.filter((one) => !heldOut.has(one)), heldOut: [...heldOut] };
};

/** Whether a moment of a subject was judged. */
export const judgedTimes = (judgements: readonly Judgement[]): ((subject: string, timeMs: number) => boolean) => {
  const bySubject = new Map<string, Judgement[]>();
  for (const judgement of judgements) {
    const known = bySubject.get(judgement.subject);
    if (known) known.push(judgement);
    else bySubject.set(judgement.subject, [judgement]);
  }
  return (subject, timeMs) =>
    bySubject.get(subject)?.some(({ fromMs, toMs }) => timeMs >= fromMs && timeMs < toMs) ?? false;
};
