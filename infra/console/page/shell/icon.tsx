/** Icons, each the paths of a 20 × 20 drawing in strokes. */
const drawings = {
  tide: ['M2 8c2.700-2.600 5.300-2.600 8 0s5.300 2.600 8 0', 'M2 13.500c2.700-2.600 5.300-2.600 8 0s5.300 2.600 8 0'],
  queue: ['M3 5h14', 'M3 10h10', 'M3 15h6'],
  subject: [
    'M10 10.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7z',
    'M3.500 17c.8-3 3.300-4.500 6.500-4.500s5.700 1.500 6.500 4.500',
  ],
  investigation: ['M8.500 14a5.500 5.500 0 1 0 0-11 5.500 5.500 0 0 0 0 11z', 'M12.500 12.500 17 17'],
  behaviour: ['M2.500 6h15v9h-15z', 'M6 12.500h8', 'M5.500 9h.01M8.500 9h.01M11.500 9h.01M14.500 9h.01'],
  scope: ['M10 17.500a7.500 7.500 0 1 0 0-15 7.500 7.500 0 0 0 0 15z', 'M10 13a3 3 0 1 0 0-6 3 3 0 0 0 0 6z'],
  provision: ['M3 7.500 10 3l7 4.500v6L10 17l-7-3.500z', 'M3 7.500 10 11l7-3.500', 'M10 11v6'],
  key: ['M7 13a4 4 0 1 1 3.500-6L17 7v3h-2v2h-3l-1.500-2', 'M6.500 9h.01'],
  policy: ['M4 6h12', 'M4 14h12', 'M8 4v4', 'M12.500 12v4'],
  model: ['M5 5.500h.01M5 14.500h.01M15 10h.01', 'M5 5.500 15 10 5 14.500'],
  people: [
    'M7.500 9.500a3 3 0 1 0 0-6 3 3 0 0 0 0 6z',
    'M2 16.500c.5-3 2.500-4.500 5.500-4.500s5 1.500 5.500 4.500',
    'M13 4a3 3 0 0 1 0 5.500',
    'M15 12.500c1.700.6 2.700 2 3 4',
  ],
  alert: ['M5 13.500V9a5 5 0 0 1 10 0v4.500l1.500 1.500h-13z', 'M8.500 17.500h3'],
  record: ['M5 2.500h10v15H5z', 'M7.500 6.500h5M7.500 10h5M7.500 13.500h3'],
  search: ['M9 15A6 6 0 1 0 9 3a6 6 0 0 0 0 12z', 'M13.500 13.500 17 17'],
  menu: ['M3 5.500h14', 'M3 10h14', 'M3 14.500h14'],
} as const;

/** Names of the icons. */
export type IconName = keyof typeof drawings;

/** A drawing beside a word, which says the same: hidden from whoever listens. */
export const Icon = ({ name }: { readonly name: IconName }) => (
  <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
    {drawings[name].map((path) => (
      <path key={path} d={path} />
    ))}
  </svg>
);
