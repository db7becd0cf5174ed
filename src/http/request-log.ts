import { type Logger } from '@nestjs/common';
import { monotonicMs } from '../kernel/clock';
import { printable } from '../logging';
import { type FastifyReply, type FastifyRequest } from './fastify.types';

const MAX_USER_AGENT = 256;

/**
 * Logs one line at debug level when a response has ended. It also does so for hijacked responses, which the
 * framework's own hooks may miss. The query is left out, because it may contain secrets.
 */
export function logWhenDone(request: FastifyRequest, reply: FastifyReply, logger: Logger): void {
  const startedAt = monotonicMs();
  reply.raw.once('close', () => {
    logger.debug(
      {
        request_id: request.id,
        method: request.method,
        path: printable(request.url.split('?', 1)[0] ?? ''),
        status: reply.raw.statusCode,
        finished: reply.raw.writableFinished,
        duration_ms: Math.round(monotonicMs() - startedAt),
        ip: request.ip,
        user_agent: printable(request.headers['user-agent'] ?? '', MAX_USER_AGENT),
      },
      'request',
    );
  });
}
