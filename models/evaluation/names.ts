/** What can be evaluated, by its name on the command line; `index.ts` says how. */
export const subjectNames = ['anomaly', 'scope', 'access', 'biometric'] as const;

/** See {@link subjectNames}. */
export type SubjectName = (typeof subjectNames)[number];
