// Whether the process in this container lives: exit code 0 or 1. EBBTIDE_HEALTH_URL names another place than the default.
const url = process.env.EBBTIDE_HEALTH_URL ?? 'http://127.0.0.1:9464/health/live';
try {
  // Docker itself says how long this may take
  const { ok, status } = await fetch(url);
  if (!ok) throw new Error(`answered by ${status}`);
} catch (error) {
  process.stderr.write(`${url}: ${error.message}\n`);
  process.exitCode = 1;
}
