/** Commands that are not run here, and why. */
export const elsewhere: Readonly<Record<string, string>> = {};
