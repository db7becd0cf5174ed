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
        path: printable(loggedPath(request)),
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

/**
 * The path of a request without secrets: an address that does not exist may contain a password, such as one of films at
 * servers of Xtream Codes, so only its first part is logged.
 */
function loggedPath({ is404, url }: FastifyRequest): string {
  const [path = ''] = url.split('?', 1);
  if (!is404) return path;
  const [, root = ''] = /^\/*([^/]*)/.exec(path) ?? [];
  return `/${root}${path.length > root.length + 1 ? '/…' : ''}`;
}
