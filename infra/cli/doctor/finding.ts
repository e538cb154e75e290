/** One thing that was looked for. */
export interface Finding {
  readonly name: string;
  /** Under which heading it is shown. */
  readonly group: 'machine' | 'packages' | 'servers';
  /** ok; absent, and not needed here; or missing, although it is needed. */
  readonly status: 'ok' | 'absent' | 'missing';
  /** What was found, with its version; or what went wrong. */
  readonly found: string;
  /** How to get it, or to repair it. */
  readonly remedy?: string;
}

/** Turn a look that may throw into a finding. */
export const look = async (
  about: Pick<Finding, 'name' | 'group'> & { readonly needed: boolean; readonly remedy: string },
  find: () => Promise<string> | string,
): Promise<Finding> => {
  const { needed, remedy, ...rest } = about;
  try {
    return { ...rest, status: 'ok', found: await find() };
  } catch (error) {
    const reason = (error as Error).message.split('\n')[0] ?? '';
    return { ...rest, status: needed ? 'missing' : 'absent', found: reason, remedy };
  }
};
