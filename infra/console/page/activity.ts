const idleAfterMs = 60_000;
let activeAt = performance.now();

for (const kind of ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'] as const)
  addEventListener(
    kind,
    () => {
      activeAt = performance.now();
    },
    { passive: true, capture: true },
  );

/** What tells the server that nobody has touched the page lately: such a request keeps no session alive. */
export const idleHeader = (): Record<string, string> =>
  performance.now() - activeAt < idleAfterMs ? {} : { 'x-ebbtide-idle': '1' };
