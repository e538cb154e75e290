import { startHarness } from './harness.ts';

/**
 * A console over a made-up fleet, to look at: `npx tsx test/infra/console/preview.ts [credentials] [port]`.
 * It begins with two minutes of past, in which one function was taken over and its credential revoked.
 */
const count = Number(process.argv[2] ?? 8);
const harness = await startHarness({
  port: Number(process.argv[3] ?? 7071),
  ...(process.env.LINK_FILE && { linkFile: process.env.LINK_FILE }),
});
const { feed } = harness;
const windowMs = 500;
const start = Math.floor(Date.now() / windowMs) * windowMs - 130_000;

feed.mode('enforce', start);
feed.issue(count, start);
const taken = feed.functions[0]!;
const troubled = feed.functions[4] ?? taken;
for (let at = start + windowMs; at <= Date.now(); at += windowMs) {
  if (at === start + 84_000) taken.misbehaving = true;
  if (at === start + 60_000) troubled.misbehaving = true;
  if (at === start + 62_000) troubled.misbehaving = false;
  // Others go astray now and then, so that the queue has something in it
  const other = feed.functions[(at / windowMs) % feed.functions.length]!;
  if (count > 8 && at % 11_000 === 0) other.misbehaving = true;
  if (at % 8_000 === 0) for (const one of feed.functions.slice(5)) one.misbehaving = false;
  feed.step(at);
}
let next = Math.floor(Date.now() / windowMs) * windowMs + windowMs;
const told = new Set<string>();
const tellRefusals = (): void => {
  for (const one of feed.functions.filter(({ ended }) => ended)) {
    const { credentialId } = one.credential;
    if (told.has(credentialId)) continue;
    told.add(credentialId);
    const at = one.endedAt + 700;
    harness.demoEvents.next({
      credentialId,
      kind: 'refused',
      text: 'Vault refused the next request: 403 permission denied',
      at,
    });
  }
};
setInterval(() => {
  for (; next <= Date.now(); next += windowMs) feed.step(next);
  tellRefusals();
}, 100);
process.stdout.write(`${harness.console.link}\n`);
process.on('SIGTERM', () => process.exit(0));
