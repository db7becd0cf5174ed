import helmet from '@fastify/helmet';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { isStreamAddress } from './stream-address';

/**
 * Sends header fields that restrict what browsers allow the program's pages to do. Streaming addresses send their
 * own. Header fields that require HTTPS are off: at home the program runs on plain HTTP, and a browser that was once
 * told to use HTTPS does not return to HTTP.
 */
export async function registerSecurityHeaders(app: NestFastifyApplication): Promise<void> {
  await app.register(helmet, {
    global: false,
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
        imgSrc: ["'self'", 'data:'],
        // The API page contains inline styles; scripts come from files only.
        styleSrc: ["'self'", "'unsafe-inline'"],
      },
    },
    frameguard: { action: 'deny' },
    strictTransportSecurity: false,
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
  });
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRequest', (request, reply, done) => {
      if (!isStreamAddress(request.url)) reply.helmet();
      done();
    });
}
