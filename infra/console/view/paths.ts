/**
 * Addresses of the console's pages, as patterns of segments: the server answers each with the page, and the page's own
 * table (`page/shell/pages.ts`) says what is shown there. A new page is named in both.
 */
export const pagePaths = [
  '/',
  '/queue',
  '/behaviour',
  '/subjects',
  '/subjects/:id',
  '/investigations',
  '/investigations/:id',
  '/alerts',
  '/policy',
  '/models',
  '/scope',
  '/provisioning',
  '/provisioning/:user',
  '/keys',
  '/approvals',
  '/tokens',
  '/record',
] as const;

/** One of the patterns. */
export type PagePath = (typeof pagePaths)[number];

/** Longest identifier that the console looks up, characters. */
export const longestId = 1_024;

/** The address of a subject's page. Dots alone would be taken for folders, so that they travel as a query. */
export const subjectPath = (id: string): string =>
  /^\.{1,2}$/.test(id) ? `/subjects/-?id=${id}` : `/subjects/${encodeURIComponent(id)}`;

/** The address of a user's access profile; see {@link subjectPath} of dots. */
export const profilePath = (user: string): string =>
  /^\.{1,2}$/.test(user) ? `/provisioning/-?user=${user}` : `/provisioning/${encodeURIComponent(user)}`;

/** The address of an investigation's page. */
export const investigationPath = (id: string): string => `/investigations/${encodeURIComponent(id)}`;
