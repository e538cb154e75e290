import type { Page } from 'playwright-core';

// Runs in the page, where this project's types of Node know nothing: hence a text
const measure = (id: string) => `(() => {
  const canvas = document.querySelector('.lane[data-id="${id}"] canvas');
  const { width, height } = canvas;
  const ratio = width / canvas.clientWidth;
  const forecast = Math.round(Math.min(132, Math.max(36, canvas.clientWidth * 0.13)));
  const x = Math.round((canvas.clientWidth - forecast - 12) * ratio);
  const column = canvas.getContext('2d').getImageData(x, 0, 1, height).data;
  // Water is opaque: from the seabed up, the first pixel that is not
  let top = height - 1;
  while (top >= 0 && column[top * 4 + 3] > 250) top -= 1;
  return (height - 1 - top) / height;
})()`;

/**
 * Where the surface of a lane's water is just before the present, as a share of the lane's height from its bottom.
 *
 * Read from the pixels that were drawn, not from the state that drew them.
 */
export const waterLevel = async (page: Page, id: string): Promise<number> =>
  (await page.evaluate(measure(id))) as number;
