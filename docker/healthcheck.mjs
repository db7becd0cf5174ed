// Exit 0 when the process answers within two seconds: its event loop turns.
const port = process.env.PORT ?? process.env.APP_PORT ?? '8000';
try {
  const answer = await fetch(`http://127.0.0.1:${port}/health/live`, {
    signal: AbortSignal.timeout(2000),
  });
  process.exit(answer.ok ? 0 : 1);
} catch {
  process.exit(1);
}
