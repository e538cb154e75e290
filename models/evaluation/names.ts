/** What can be evaluated, by its name on the command line; `index.ts` says how. */
export const evaluationSubjects = ['anomaly', 'access'] as const;

/** See {@link evaluationSubjects}. */
export type EvaluationSubjectName = (typeof evaluationSubjects)[number];
