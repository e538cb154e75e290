import type { ActionEntry } from '../view/action.ts';
import type { QueueEntry } from '../view/desk.ts';
import type { Investigation, Step } from '../view/investigation.ts';

/** Text of people and machines as it is, whatever Markdown or HTML it looks like. */
const plain = (text: string): string =>
  text.replace(/[\\`*_{}[\]<>()#+\-.!|&~]/g, (mark) => `\\${mark}`).replace(/\r?\n/g, '  \n');
const instant = (at: number): string => new Date(at).toISOString();

const findings: Record<Step['finding'], string> = {
  none: 'none',
  legitimateAnomaly: 'legitimate anomaly',
  falsePositive: 'false positive',
  maliciousActivity: 'malicious activity',
  inconclusive: 'inconclusive',
};

const stepLine = ({ kind, assignee, finding, decisionId }: Step): string => {
  if (kind === 'assigned') return assignee === '' ? 'assigned it to nobody' : `assigned it to ${plain(assignee)}`;
  if (kind === 'closed') return `closed it: ${findings[finding]}`;
  if (kind === 'linked') return `added decision ${plain(decisionId ?? '')}`;
  return { opened: 'opened it', commented: 'commented', reopened: 'reopened it', unknown: 'did something' }[kind];
};

/** An investigation as Markdown, for a ticket or a report: every text in it is escaped. */
export const investigationMarkdown = (one: Investigation, decisions: readonly QueueEntry[], now: number): string =>
  [
    `# ${plain(one.title)}`,
    '',
    `- Investigation: ${plain(one.id)}`,
    `- Subject: ${plain(one.subject)}`,
    `- Status: ${one.status}`,
    `- Finding: ${findings[one.finding]}`,
    `- Assigned to: ${one.assignee === '' ? 'nobody' : plain(one.assignee)}`,
    `- Opened: ${instant(one.openedAt)} by ${plain(one.openedBy)}`,
    `- Exported: ${instant(now)}`,
    '',
    '## Decisions',
    '',
    ...(decisions.length === 0 ? one.decisionIds.map((id) => `- ${plain(id)}`) : []),
    ...decisions.map(
      ({ at, action, text, outcome, id }) =>
        `- ${instant(at)} ${action}, ${outcome ?? 'no answer yet'}: ${plain(text)} (${plain(id)})`,
    ),
    '',
    '## Steps',
    '',
    ...one.steps.flatMap((step) => [
      `### ${instant(step.at)} ${plain(step.by)} ${stepLine(step)}`,
      '',
      ...(step.text === '' ? [] : [plain(step.text), '']),
    ]),
  ].join('\n');

const columns = [
  'at',
  'endedAt',
  'name',
  'personId',
  'role',
  'entrance',
  'address',
  'action',
  'subject',
  'outcome',
  'reason',
  'result',
  'details',
  'actionId',
] as const satisfies readonly (keyof ActionEntry)[];

/** A cell that spreadsheets take for text: what begins like a formula is told apart by an apostrophe. */
const cell = (value: string): string => `"${(/^[=+\-@\t\r]/.test(value) ? `'${value}` : value).replaceAll('"', '""')}"`;

/**
 * People's actions as CSV (RFC 4180) with a row of headings; times are ISO 8601.
 *
 * @param missing - what the file lacks, in a sentence: a last row with nothing but that as its result; empty where it is whole
 */
export const actionsCsv = (entries: readonly ActionEntry[], missing = ''): string =>
  [
    columns.join(','),
    ...entries.map((entry) =>
      columns
        .map((name) => {
          const value = entry[name];
          return typeof value === 'number' ? instant(value) : cell(value);
        })
        .join(','),
    ),
    ...(missing === '' ? [] : [columns.map((name) => (name === 'result' ? cell(missing) : '')).join(',')]),
    '',
  ].join('\r\n');
