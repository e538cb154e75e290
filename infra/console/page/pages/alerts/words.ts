import type { AlertStanding } from '../../../../alerts/desk.ts';

/** How urgent an alert is, in a glyph: what is grave is full. */
export const severityGlyphs: Readonly<Record<string, string>> = { critical: '▲', warning: '△', info: '○' };

/** Colours of other pages: critical as a revocation, warning as a shortening. */
export const severityKinds: Readonly<Record<string, string>> = { critical: 'revoke', warning: 'shorten' };

/** What became of an alert on a route. */
export const toldWords: Readonly<Record<AlertStanding['told'][number]['state'], string>> = {
  pending: 'is being told',
  delivered: 'told',
  dead: 'given up',
  grouped: 'waits for its group',
  merged: 'told with its group',
  silenced: 'silent',
  escalated: 'passed on',
  acknowledged: 'seen to',
  unknown: 'not known',
};

/** Who was told, in a line. */
export const toldLine = ({ told, state, acknowledged }: AlertStanding): string => {
  if (state === 'acknowledged') return `seen to by ${acknowledged}`;
  const routes = told.map(({ route, state: now }) => `${route} ${toldWords[now]}`).join(', ');
  const ended = state === 'resolved' ? 'its cause has ended' : '';
  return [ended, routes || 'no route takes it'].filter(Boolean).join(' · ');
};
