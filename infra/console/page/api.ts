import { byId, h } from './dom.ts';

/**
 * Ask the server to do something.
 *
 * @throws {Error} with the server's own sentence
 */
export const post = async (path: string, body: unknown): Promise<void> => {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-ebbtide-console': '1' },
    body: JSON.stringify(body),
  });
  if (response.ok) return;
  const problem = (await response.json().catch(() => ({}))) as { detail?: string };
  throw new Error(problem.detail ?? `The console answered ${response.status}`);
};

const keptSayings = 8;

/** Say something to whoever listens to the page instead of looking at it. What is said at once is not lost for it. */
export const announce = (text: string): void => {
  const announcer = byId('announcer');
  announcer.append(h('p', {}, text));
  while (announcer.childElementCount > keptSayings) announcer.firstElementChild!.remove();
};
