import { type Server } from 'node:net';

/** Tells the parent process which port was taken, or prints it when started by hand. */
export function announceListening(server: Server): void {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening on TCP');
  if (process.send) process.send({ type: 'listening', port: address.port });
  else console.log(`listening on 127.0.0.1:${address.port}`);
}

/**
 * A child of the benchmark lives exactly as long as the benchmark: it ends when the channel to the parent
 * closes, however the parent ended, and leaves Ctrl-C (which a terminal sends to the whole group) to it.
 */
export function endWithParent(): void {
  if (!process.send) return;
  process.on('SIGINT', () => undefined);
  process.once('disconnect', () => process.exit(0));
}
