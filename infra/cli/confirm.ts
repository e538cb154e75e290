import { createInterface } from 'node:readline/promises';
import { EbbtideError } from '../../schemas/errors.ts';

/**
 * Ask before something that cannot be undone.
 *
 * @throws {EbbtideError} `REQUEST_INVALID` where nobody can be asked, `CANCELLED` where the answer is no
 */
export const confirm = async (question: string): Promise<void> => {
  if (!process.stdin.isTTY)
    throw new EbbtideError('REQUEST_INVALID', `${question} Nobody can be asked here: add --yes to say so beforehand`);
  const dialogue = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await dialogue.question(`${question} [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) throw new EbbtideError('CANCELLED', 'Nothing was done');
  } finally {
    dialogue.close();
  }
};
