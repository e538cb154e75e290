import type { ComponentType } from 'preact';
import { lazy } from 'preact-iso';
import type { PagePath } from '../../view/paths.ts';
import { may, me } from '../me.ts';
import type { IconName } from './icon.tsx';

/** Where a page stands in the navigation. */
export type PageGroup = 'Watch' | 'Work' | 'Govern';

/** One page of the console. */
export interface PageEntry {
  /** Its address, named in `view/paths.ts` too. */
  readonly path: PagePath;
  /** What the navigation and the window's title call it. */
  readonly title: string;
  /** Where it stands in the navigation; a page without is reached by links alone. */
  readonly group?: PageGroup;
  /** The letter that opens it after `g`. */
  readonly key?: string;
  readonly icon?: IconName;
  /** A sentence for the command palette. */
  readonly about?: string;
  /** Whether navigation and search offer it now; always when absent. */
  readonly offered?: () => boolean;
  /** Its component, loaded when first opened. The home page has none: it is always there, because it draws. */
  readonly component?: ComponentType;
}

const againMs = 1_500;
/** A page's part of the program that did not come is asked for once more. */
const page = (load: () => Promise<{ readonly default: ComponentType }>): ComponentType =>
  lazy(() =>
    load().catch(async () => {
      await new Promise((resolve) => setTimeout(resolve, againMs));
      return load();
    }),
  ) as unknown as ComponentType;

/** The pages that whoever looks has a use for. */
export const offeredPages = (): readonly PageEntry[] => pages.filter(({ offered }) => offered?.() ?? true);

/** Every page, in the order of the navigation. */
export const pages: readonly PageEntry[] = [
  {
    path: '/',
    title: 'Tide',
    group: 'Watch',
    key: 't',
    icon: 'tide',
    about: 'The remaining life of every credential, live',
  },
  {
    path: '/queue',
    title: 'Queue',
    group: 'Work',
    key: 'q',
    icon: 'queue',
    about: 'Decisions and alerts that nobody has judged, by what is at stake',
    component: page(() => import('../pages/queue/queue.tsx')),
  },
  {
    path: '/subjects',
    title: 'Subjects',
    group: 'Watch',
    key: 's',
    icon: 'subject',
    about: 'Find any credential, function or user',
    component: page(() => import('../pages/subjects/subjects.tsx')),
  },
  { path: '/subjects/:id', title: 'Subject', component: page(() => import('../pages/subject/subject.tsx')) },
  {
    path: '/investigations',
    title: 'Investigations',
    group: 'Work',
    key: 'i',
    icon: 'investigation',
    about: 'What is being looked into, by whom, and what was found',
    component: page(() => import('../pages/investigations/investigations.tsx')),
  },
  {
    path: '/investigations/:id',
    title: 'Investigation',
    component: page(() => import('../pages/investigations/investigation.tsx')),
  },
  {
    path: '/alerts',
    title: 'Alerts',
    group: 'Work',
    key: 'w',
    icon: 'alert',
    about: 'What nobody has seen to, who was told of it, and what is silent',
    component: page(() => import('../pages/alerts/alerts.tsx')),
  },
  {
    path: '/behaviour',
    title: 'Behaviour',
    group: 'Watch',
    key: 'b',
    icon: 'behaviour',
    about: 'Try how typing decides on the life of a key',
    component: page(() => import('../pages/behaviour/behaviour.tsx')),
  },
  {
    path: '/scope',
    title: 'Scope',
    group: 'Watch',
    key: 'o',
    icon: 'scope',
    about: 'What callers may do, what was refused to them, and why',
    component: page(() => import('../pages/scope/scope.tsx')),
  },
  {
    path: '/provisioning',
    title: 'Provisioning',
    group: 'Watch',
    key: 'p',
    icon: 'provision',
    about: 'Credentials prepared before they are asked for: what that saves and costs',
    component: page(() => import('../pages/provisioning/provisioning.tsx')),
  },
  {
    path: '/provisioning/:user',
    title: 'Access profile',
    component: page(() => import('../pages/provisioning/profile.tsx')),
  },
  {
    path: '/keys',
    title: 'Key lifespans',
    group: 'Watch',
    key: 'y',
    icon: 'key',
    about: 'How long keys live, by how much their holder behaves like themselves',
    component: page(() => import('../pages/keys/keys.tsx')),
  },
  {
    path: '/policy',
    title: 'Policy',
    group: 'Govern',
    key: 'l',
    icon: 'policy',
    about: 'Change a threshold, and see at once what would have differed',
    component: page(() => import('../pages/policy/policy.tsx')),
  },
  {
    path: '/models',
    title: 'Models',
    group: 'Govern',
    key: 'm',
    icon: 'model',
    about: 'Champion, challenger, versions and drift',
    component: page(() => import('../pages/models/models.tsx')),
  },
  {
    path: '/approvals',
    title: 'Approvals',
    group: 'Work',
    key: 'a',
    icon: 'people',
    about: 'What two people must agree on',
    offered: () => me.value?.approvals.on ?? false,
    component: page(() => import('../pages/approvals/approvals.tsx')),
  },
  {
    path: '/tokens',
    title: 'API tokens',
    group: 'Govern',
    key: 'k',
    icon: 'key',
    about: 'Machines that use the console',
    offered: () => may('administrator'),
    component: page(() => import('../pages/tokens/tokens.tsx')),
  },
  {
    path: '/record',
    title: 'Record',
    group: 'Govern',
    key: 'r',
    icon: 'record',
    about: 'What people did, why, and what came of it',
    offered: () => may('operator'),
    component: page(() => import('../pages/record/record.tsx')),
  },
];
