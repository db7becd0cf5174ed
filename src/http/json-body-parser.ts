import { AppError } from '../kernel/errors';
import { type FastifyInstance } from './fastify.types';

/** Maximum nesting: deeper than any valid body, and far below what exhausts the stack of a recursive parser. */
const MAX_DEPTH = 32;

/**
 * Parses `application/json` bodies. The depth is measured on the text, before any recursive function reads it;
 * `__proto__` and `constructor.prototype` are refused. An empty body of any type counts as missing, because many
 * programs send a content type with every request.
 */
export function registerJsonBodies(fastify: FastifyInstance): void {
  const parse = fastify.getDefaultJsonParser('error', 'error');
  // Fastify's own parsers, for JSON and plain text, are removed.
  fastify.removeAllContentTypeParsers();
  fastify.addHook('onRequest', ({ raw: { headers } }, _reply, done) => {
    if (headers['content-length'] === '0') Reflect.deleteProperty(headers, 'content-type');
    done();
  });
  fastify.addContentTypeParser<string>(
    'application/json',
    { parseAs: 'string' },
    (request, body, done) => {
      if (body.trim() === '') {
        done(null, undefined);
      } else if (isDeeperThan(body, MAX_DEPTH)) {
        done(
          new AppError('invalid_request', `The body is nested deeper than ${MAX_DEPTH} levels.`),
        );
      } else {
        // The parser returns its result through the callback, although its type also allows a promise.
        void parse(request, body, done);
      }
    },
  );
}

/** Counts open brackets outside of strings, in one pass and without recursion. */
export function isDeeperThan(json: string, limit: number): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < json.length; i += 1) {
    const character = json[i];
    if (inString) {
      if (character === '\\') i += 1;
      else if (character === '"') inString = false;
    } else if (character === '"') {
      inString = true;
    } else if (character === '[' || character === '{') {
      depth += 1;
      if (depth > limit) return true;
    } else if (character === ']' || character === '}') {
      depth -= 1;
    }
  }
  return false;
}
