import { DashboardLinkBuilder, DashboardLinkType } from '@grafana/grafana-foundation-sdk/dashboard';

/** Tag of every dashboard of ours, by which they find each other. */
export const tag = 'ebbtide';

/** Address of a subject's dashboard, out of a field `subject`. */
export const subjectDashboard = {
  title: 'Its life',
  url: '/d/ebbtide-subject?var-subject=${__data.fields.subject:percentencode}&${__url_time_range}&${datasource:queryparam}',
} as const;

/** Address of a subject's page in the console, out of a field `subject`. */
export const consolePath = {
  title: 'Open in the console',
  url: '${console}/subjects/${__data.fields.subject:percentencode}',
  targetBlank: true,
} as const;

/** To our other dashboards, with the range and variables kept. */
export const siblings = () =>
  new DashboardLinkBuilder('Ebbtide')
    .type(DashboardLinkType.Dashboards)
    .tags([tag])
    .asDropdown(true)
    .keepTime(true)
    .includeVars(true)
    .icon('external link');

/** To the console. */
export const toConsole = () =>
  new DashboardLinkBuilder('Console')
    .type(DashboardLinkType.Link)
    .url('${console}')
    .icon('dashboard')
    .targetBlank(true);
