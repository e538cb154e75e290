/** One function of the demonstration. */
export interface Member {
  readonly function: string;
  readonly event: string;
}

/** A function that does what was recorded of a machine. */
export interface RecordedMember extends Member {
  /** Machine of the recordings. */
  readonly machine: string;
  /** Row of the calm recording that it begins with, so that two of one machine differ. */
  readonly startRow: number;
}

/** Eight functions over four real machines. */
export const fleet: readonly RecordedMember[] = [
  { function: 'checkout', event: 'order-placed', machine: 'smd-2-8', startRow: 0 },
  { function: 'invoices', event: 'order-paid', machine: 'smd-3-4', startRow: 0 },
  { function: 'search-index', event: 'catalogue-changed', machine: 'smd-2-1', startRow: 0 },
  { function: 'thumbnails', event: 'image-uploaded', machine: 'smd-1-6', startRow: 0 },
  { function: 'mail', event: 'mail-queued', machine: 'smd-2-8', startRow: 700 },
  { function: 'reports', event: 'report-asked', machine: 'smd-3-4', startRow: 700 },
  { function: 'stock-sync', event: 'stock-moved', machine: 'smd-2-1', startRow: 300 },
  { function: 'fraud-check', event: 'payment-started', machine: 'smd-1-6', startRow: 200 },
];

/** A function that really runs on this machine, under the eyes of a real host agent. */
export const ownMember: Member = { function: 'greeter', event: 'visitor-came' };

/** Who is taken over, in turn. The first one's machine runs into its own recorded anomaly. */
export const takenOver: readonly string[] = ['checkout', 'thumbnails', 'reports', 'stock-sync'];
