import { byId, h } from '../dom.ts';
import { drawMark, type MarkKind } from './draw/marks.ts';
import { type Palette, readPalette } from './draw/palette.ts';

const entries: readonly (readonly [MarkKind, boolean, string])[] = [
  ['extend', true, 'extended'],
  ['shorten', true, 'shortened'],
  ['revoke', true, 'revoked'],
  ['shorten', false, 'hollow: not applied, or its holder can undo it'],
];

const drawKey = (kind: MarkKind, applied: boolean, palette: Palette): HTMLCanvasElement => {
  const canvas = h('canvas', { width: 36, height: 36, class: 'key', 'aria-hidden': 'true' });
  const context = canvas.getContext('2d');
  context?.scale(2, 2);
  if (context) drawMark(context, kind, applied, 9, 9, 4.6, palette);
  return canvas;
};

/** What the marks and the water mean. */
export const drawLegend = (): void => {
  const palette = readPalette();
  byId('legend').replaceChildren(
    h('p', {}, h('span', { class: 'key water' }), 'Height of the water: remaining life, against the longest it may be'),
    h(
      'p',
      {},
      h('span', { class: 'key line' }),
      'Score, with the lines where the policy extends, shortens and revokes',
    ),
    ...entries.map(([kind, applied, text]) => h('p', {}, drawKey(kind, applied, palette), text)),
  );
};
