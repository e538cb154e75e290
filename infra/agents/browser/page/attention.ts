import { counted } from './cost.ts';
import type { Sink } from './types.ts';

/** Silence that ends a stretch of scrolling, milliseconds. */
const silenceMs = 500;
const fewestEvents = 4;

/** Watch scrolling: how fast, how even, how often it turns back. */
export const watchScrolling = (sink: Sink, signal: AbortSignal): void => {
  let steps: { readonly time: number; readonly by: number }[] = [];
  const finish = (): void => {
    const gaps = steps.slice(1).map((it, i) => ({ by: it.by, gap: Math.max(1, it.time - steps[i]!.time) / 1000 }));
    const turns = steps.filter((it, i) => i > 0 && Math.sign(it.by) !== Math.sign(steps[i - 1]!.by)).length;
    if (steps.length >= fewestEvents) {
      const speeds = gaps.map(({ by, gap }) => Math.abs(by) / gap);
      const mean = speeds.reduce((sum, it) => sum + it, 0) / speeds.length;
      const variance = speeds.reduce((sum, it) => sum + (it - mean) ** 2, 0) / speeds.length;
      sink({
        modality: 'scroll',
        specification: 'scrolling',
        time: Date.now(),
        features: {
          duration: gaps.reduce((sum, { gap }) => sum + gap, 0),
          distance: steps.reduce((sum, { by }) => sum + Math.abs(by), 0),
          'speed.mean': mean,
          'speed.sd': Math.sqrt(variance),
          step: Math.abs(steps[steps.length >> 1]!.by),
          turns,
          events: steps.length,
        },
      });
    }
    steps = [];
  };
  const wheel = counted((event: WheelEvent) => {
    if (!event.isTrusted) return;
    const last = steps.at(-1);
    if (last && event.timeStamp - last.time > silenceMs) finish();
    if (event.deltaY !== 0) steps.push({ time: event.timeStamp, by: event.deltaY });
    if (steps.length >= 400) finish();
  });
  addEventListener('wheel', wheel, { signal, passive: true, capture: true });
  addEventListener('pagehide', finish, { signal });
};

/** Watch whether the page is in front: how long, and how often that changes. */
export const watchAttention = (sink: Sink, signal: AbortSignal, everyMs = 60_000): void => {
  let since = performance.now();
  let begun = since;
  let visible = document.visibilityState === 'visible';
  let shown = 0;
  let switches = 0;
  const settle = (): void => {
    const now = performance.now();
    if (visible) shown += now - since;
    since = now;
    visible = document.visibilityState === 'visible';
  };
  const finish = (): void => {
    settle();
    const lasted = since - begun;
    if (lasted >= 1000)
      sink({
        modality: 'application',
        specification: 'attention',
        time: Date.now(),
        features: { duration: lasted / 1000, visible: shown / lasted, switches },
      });
    begun = since;
    shown = 0;
    switches = 0;
  };
  document.addEventListener(
    'visibilitychange',
    counted(() => {
      settle();
      switches++;
    }),
    { signal },
  );
  const timer = setInterval(finish, everyMs);
  signal.addEventListener('abort', () => clearInterval(timer));
  addEventListener('pagehide', finish, { signal });
};
