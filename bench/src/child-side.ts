import { type Server } from 'node:net';

/** Sends the chosen port to the parent process, or prints it if started by hand. */
export function announceListening(server: Server): void {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening on TCP');
  if (process.send) process.send({ type: 'listening', port: address.port });
  else console.log(`listening on 127.0.0.1:${address.port}`);
}

/**
 * A child of the benchmark lives exactly as long as the benchmark: it ends when the channel to the parent closes,
 * however the parent ended. It ignores Ctrl-C, which a terminal sends to the whole process group, so that the
 * parent decides.
 */
export function endWithParent(): void {
  if (!process.send) return;
  process.on('SIGINT', () => undefined);
  process.once('disconnect', () => process.exit(0));
}
