/** Colours that the canvas needs, read from the style sheet so that both themes have one home. */
export interface Palette {
  readonly waterTop: string;
  readonly waterMid: string;
  readonly waterDeep: string;
  readonly stormTop: string;
  readonly stormDeep: string;
  readonly foam: string;
  readonly score: string;
  readonly scoreFaint: string;
  readonly line: string;
  readonly faint: string;
  readonly text: string;
  readonly background: string;
  readonly extend: string;
  readonly shorten: string;
  readonly revoke: string;
  readonly seabed: string;
  readonly sand: string;
  readonly font: string;
}

const names = [
  'waterTop',
  'waterMid',
  'waterDeep',
  'stormTop',
  'stormDeep',
  'foam',
  'score',
  'scoreFaint',
  'line',
  'faint',
  'text',
  'background',
  'extend',
  'shorten',
  'revoke',
  'seabed',
  'sand',
  'font',
] as const;

/** Read the palette in force. */
export const readPalette = (): Palette => {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(
    names.map((name) => [
      name,
      style.getPropertyValue(`--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`).trim(),
    ]),
  ) as unknown as Palette;
};

/** A hex colour with an opacity, 0 to 1. */
export const withAlpha = (hex: string, alpha: number): string =>
  `${hex}${Math.round(alpha * 255)
    .toString(16)
    .padStart(2, '0')}`;
