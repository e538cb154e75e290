/** A life as a clock shows it: `0:07`, `1:42`, `3:20:00`, `2 d 4 h`. */
export const clock = (ms: number): string => {
  const total = Math.ceil(Math.max(0, ms) / 1_000);
  const [days, hours, minutes, seconds] = [
    Math.floor(total / 86_400),
    Math.floor(total / 3_600) % 24,
    Math.floor(total / 60) % 60,
    total % 60,
  ];
  const two = (value: number): string => String(value).padStart(2, '0');
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours}:${two(minutes)}:${two(seconds)}`;
  return `${minutes}:${two(seconds)}`;
};

/** A life as it is read aloud: `1 minute 42 seconds`. */
export const spoken = (ms: number): string => {
  const total = Math.ceil(Math.max(0, ms) / 1_000);
  const [hours, minutes, seconds] = [Math.floor(total / 3_600), Math.floor(total / 60) % 60, total % 60];
  const parts = [count(hours, 'hour'), count(minutes, 'minute'), count(seconds, 'second')].filter(
    (_, index) => [hours, minutes, seconds][index]! > 0,
  );
  return parts.length > 0 ? parts.join(' ') : 'no time';
};

/** `1 window`, `3 windows`. */
export const count = (value: number, word: string): string => `${value} ${word}${value === 1 ? '' : 's'}`;

/** A duration, short: `320 ms`, `4.2 s`, `60 s`, `2 min`. */
export const duration = (ms: number): string => {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${Number((ms / 1_000).toFixed(1))} s`;
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 7_200_000) return `${Number((ms / 60_000).toFixed(1))} min`;
  return `${Number((ms / 3_600_000).toFixed(1))} h`;
};

const time = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hour12: false,
});

/** Time of day to the second, in the reader's place. */
export const timeOfDay = (at: number): string => time.format(at);

/** A score, two digits. */
export const score = (value: number): string => Math.min(1, Math.max(0, value)).toFixed(2);

const figure = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const smallFigure = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });

/** A rate or count with separators; one digit after the point below ten. */
export const number = (value: number): string => (value < 10 ? smallFigure : figure).format(value);

const words: Record<string, string> = {
  legitimateAnomaly: 'legitimate anomaly',
  falsePositive: 'false positive',
  maliciousActivity: 'malicious activity',
  killSwitch: 'kill switch',
  'lifespans.classes': 'lifespans by risk',
  'lifespans.otherwise': 'lifespan below them',
  preProvisioned: 'pre-provisioned',
};

/** A name of the code as words: `memoryBytes` → `memory bytes`. */
export const plain = (name: string): string =>
  words[name] ??
  name
    .replace(/([a-z0-9])([A-Z])/g, (_, left: string, right: string) => `${left} ${right.toLowerCase()}`)
    .replace(/[_.]/g, ' ');
