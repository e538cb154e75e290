const modalities: Readonly<Record<string, string>> = {
  keystroke: 'Typing the phrase',
  typing: 'Free typing',
  mouse: 'Movement of the mouse',
  touch: 'Movement of a finger',
  scroll: 'Scrolling',
  application: 'Whether the page is in front',
};

/** What is compared, in words. @param name - of a modality, or of a verifier of it */
export const modalityOf = (name: string): string => modalities[name.split('.')[0]!] ?? name;
