/** Themes that can be chosen; `auto` follows the system. */
export type Theme = 'auto' | 'dark' | 'light';

const key = 'ebbtide.theme';

/** The theme chosen before, by this reader on this machine. */
export const storedTheme = (): Theme => {
  const value = localStorage.getItem(key);
  return value === 'dark' || value === 'light' ? value : 'auto';
};

const systemIsDark = matchMedia('(prefers-color-scheme: dark)');

/** Put a theme in force and remember it. */
export const setTheme = (theme: Theme): void => {
  if (theme === 'auto') localStorage.removeItem(key);
  else localStorage.setItem(key, theme);
  document.documentElement.dataset.theme = theme === 'auto' ? (systemIsDark.matches ? 'dark' : 'light') : theme;
};

/** Follow the system when it changes, as long as nothing else is chosen. */
export const followSystem = (changed: () => void): void =>
  systemIsDark.addEventListener('change', () => {
    if (storedTheme() !== 'auto') return;
    setTheme('auto');
    changed();
  });
