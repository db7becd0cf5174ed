import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { PRODUCT_NAME } from './app-version';
import type { AppConfig } from './config';
import { type FastifyReply, type FastifyRequest, streamTokenOf } from './http';

/** Written by `npm run docs`; next to the build in a repository and in the image. */
const DOCUMENT = join(__dirname, '..', 'docs', 'openapi.json');

const UI_MANIFEST = require.resolve('swagger-ui-dist/package.json');

/** The files of Swagger UI that the page loads, and their types. */
const UI_FILES: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'application/javascript; charset=utf-8',
  'swagger-ui-standalone-preset.js': 'application/javascript; charset=utf-8',
  'favicon-16x16.png': 'image/png',
  'favicon-32x32.png': 'image/png',
};

/**
 * Serves the OpenAPI document at /openapi.json and a page to try it at /docs, without resources from other servers.
 * Both are documentation, so they need no key.
 */
export function serveDocs(app: NestFastifyApplication, config: Pick<AppConfig, 'publicUrl'>): void {
  const fastify = app.getHttpAdapter().getInstance();
  // Read at start, because a later build may replace the file, and this program serves the API of its own version.
  const document = readFileSync(DOCUMENT);
  fastify.get('/openapi.json', OUTSIDE_TOKEN, (_, reply) => {
    void reply.send(atPublicPath(document, config.publicUrl));
  });
  for (const address of ['/docs', '/docs/', '/docs/index.html']) {
    // Relative, because a reverse proxy may add a path prefix.
    const folder = address === '/docs' ? './docs/' : './';
    fastify.get(address, OUTSIDE_TOKEN, (_, reply) => {
      void reply.type('text/html; charset=utf-8').send(pageHtml(folder));
    });
  }
  fastify.get('/docs/swagger-ui-init.js', OUTSIDE_TOKEN, (_, reply) => {
    void reply.type('application/javascript; charset=utf-8').send(PAGE_SCRIPT);
  });
  serveUiFiles(app);
  leadBrowsersToDocs(app);
}

/** Options of a route that does not exist below `/t/TOKEN`, where only the addresses of players are. */
const OUTSIDE_TOKEN = {
  onRequest: (request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
    if (streamTokenOf(request) === null) done();
    else reply.callNotFound();
  },
};

/** Returns the document with the path of the public address as its server. Requests to other hosts would be refused. */
function atPublicPath(document: Buffer, publicUrl: string | null): object {
  const api = JSON.parse(document.toString('utf8')) as { servers: { url: string }[] };
  const { pathname } = new URL(publicUrl ?? 'http://localhost');
  const url = pathname === '/' ? pathname : pathname.replace(/\/+$/, '');
  return { ...api, servers: api.servers.map((server) => ({ ...server, url })) };
}

function serveUiFiles(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  const { version } = JSON.parse(readFileSync(UI_MANIFEST, 'utf8')) as { version: string };
  const etag = `"${version}"`;
  for (const [name, type] of Object.entries(UI_FILES)) {
    fastify.get(`/docs/${name}`, OUTSIDE_TOKEN, async (request, reply): Promise<FastifyReply> => {
      void reply.headers({ 'Cache-Control': 'public, max-age=0', ETag: etag });
      if (request.headers['if-none-match'] === etag) return reply.code(304).send();
      return reply.type(type).send(await readFile(join(dirname(UI_MANIFEST), name)));
    });
  }
}

const PAGES = /text\/html|\*\/\*/;

/**
 * Redirects clients that accept pages (browsers, curl) from the root address to the API page; others get 404. The
 * target is relative, because a reverse proxy may add a path prefix.
 */
function leadBrowsersToDocs(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.get('/', OUTSIDE_TOKEN, (request, reply) => {
    const acceptsPages = PAGES.test(request.headers.accept ?? '*/*');
    if (acceptsPages) void reply.header('Cache-Control', 'no-store').redirect('docs');
    else reply.callNotFound();
  });
}

/** @param folder relative address of the page's files */
function pageHtml(folder: string): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="UTF-8">
  <title>${PRODUCT_NAME}</title>
  <link rel="stylesheet" type="text/css" href="${folder}swagger-ui.css">
  <link rel="icon" type="image/png" href="${folder}favicon-32x32.png" sizes="32x32">
  <link rel="icon" type="image/png" href="${folder}favicon-16x16.png" sizes="16x16">
  <style>
    body { margin: 0; background: #fafafa; }
    .swagger-ui .topbar .download-url-wrapper { display: none; }
  </style>
</head>
<body>
<div id="swagger-ui"></div>
<script src="${folder}swagger-ui-bundle.js"></script>
<script src="${folder}swagger-ui-standalone-preset.js"></script>
<script src="${folder}swagger-ui-init.js"></script>
</body>
</html>
`;
}

/** A separate file, because the page's security policy forbids inline scripts. */
const PAGE_SCRIPT = `const address = new URL('../openapi.json', document.currentScript.src).href;
window.onload = () => {
  window.ui = SwaggerUIBundle({
    url: address,
    dom_id: '#swagger-ui',
    deepLinking: true,
    persistAuthorization: false,
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
    plugins: [SwaggerUIBundle.plugins.DownloadUrl],
    layout: 'StandaloneLayout',
  });
};
`;
