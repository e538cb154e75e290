import type { Health, Running } from '../context.ts';

/** How one part is, with its name. */
export interface PartHealth extends Health {
  readonly name: string;
}

/** How all parts of a process are: ready when each of them is. */
export interface ProcessHealth {
  readonly ready: boolean;
  readonly parts: readonly PartHealth[];
}

/**
 * Ask every part how it is. One that throws, or does not answer in time, is not ready and says so.
 *
 * @param parts - what runs in this process
 * @param timeoutMs - longest wait for one part's answer
 * @example
 * (await healthOf(parts)).parts.filter(({ ready }) => !ready);
 */
export const healthOf = async (parts: readonly Running[], timeoutMs = 2_000): Promise<ProcessHealth> => {
  const answers = await Promise.all(parts.map((part) => ask(part, timeoutMs)));
  return { ready: answers.length > 0 && answers.every(({ ready }) => ready), parts: answers };
};

const ask = async (part: Running, timeoutMs: number): Promise<PartHealth> => {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<Health>((resolve) => {
    timer = setTimeout(() => resolve({ ready: false, detail: `Gave no answer within ${timeoutMs} ms` }), timeoutMs);
  });
  try {
    return { name: part.name, ...(await Promise.race([part.health(), silence])) };
  } catch (error) {
    return { name: part.name, ready: false, detail: (error as Error).message };
  } finally {
    clearTimeout(timer);
  }
};
