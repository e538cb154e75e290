import { effect, signal } from '@preact/signals';

/** Themes that can be chosen; `auto` follows the system. */
export type Theme = 'auto' | 'dark' | 'light';

const key = 'ebbtide.theme';
const systemIsDark = matchMedia('(prefers-color-scheme: dark)');

const stored = (): Theme => {
  const value = localStorage.getItem(key);
  return value === 'dark' || value === 'light' ? value : 'auto';
};

/** The theme chosen by this reader on this machine. */
export const theme = signal<Theme>(stored());
const systemTheme = signal<'dark' | 'light'>(systemIsDark.matches ? 'dark' : 'light');
systemIsDark.addEventListener('change', () => {
  systemTheme.value = systemIsDark.matches ? 'dark' : 'light';
});

effect(() => {
  if (theme.value === 'auto') localStorage.removeItem(key);
  else localStorage.setItem(key, theme.value);
  document.documentElement.dataset.theme = theme.value === 'auto' ? systemTheme.value : theme.value;
});

/**
 * Hear when other colours come into force: whoever draws on a canvas draws anew.
 *
 * @returns a function that stops it
 */
export const onTheme = (changed: () => void): (() => void) =>
  effect(() => {
    void [theme.value, systemTheme.value];
    changed();
  });
