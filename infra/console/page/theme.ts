/** Themes that can be chosen; `auto` follows the system. */
export type Theme = 'auto' | 'dark' | 'light';

const key = 'ebbtide.theme';

/** The theme chosen before, by this reader on this machine. */
export const storedTheme = (): Theme => {
  const value = localStorage.getItem(key);
  return value === 'dark' || value === 'light' ? value : 'auto';
};

/** Put a theme in force and remember it. */
export const setTheme = (theme: Theme): void => {
  if (theme === 'auto') {
    localStorage.removeItem(key);
    delete document.documentElement.dataset.theme;
  } else {
    localStorage.setItem(key, theme);
    document.documentElement.dataset.theme = theme;
  }
};
