import helmet from '@fastify/helmet';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { isStreamAddress } from './stream-address';

/**
 * Header fields that tell browsers to trust pages of ours with nothing they do not need. Streaming addresses set
 * their own. Everything that would demand HTTPS is off: at home this runs on plain HTTP, and a browser that
 * was once told otherwise does not come back.
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
        // The API page carries its styles in the page; scripts come from files only.
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
