import { Counter, type Registry } from 'prom-client';

/** Counts messages by mail. */
export const mailMetrics = (registry: Registry) => {
  const results = new Counter({
    name: 'ebbtide_mail_messages_total',
    help: 'Messages by what became of them: sent, refused by the server, given up, or above the limit of an address',
    labelNames: ['result'] as const,
    registers: [registry],
  });
  // From zero, so that the first one is an increase
  for (const result of ['sent', 'refused', 'givenUp', 'limited']) results.inc({ result }, 0);
  return results;
};
