import { type INestApplication } from '@nestjs/common';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { PUBLIC_OPERATION } from './access';
import { describeAliases } from './app.openapi-aliases';
import { eachOperation, type Operation } from './app.openapi-document';
import { addExamples } from './app.openapi-examples';
import { describeProblems } from './app.openapi-problems';
import { mendForOpenApi31 } from './app.openapi-3-1';
import { PRODUCT_NAME, productVersion } from './app.version';

const DOCS_PATH = 'docs';

const DESCRIPTION =
  'One address in front of a fleet of AceStream engines. Addresses under `/ace` are for players. `/api/v1` is the admin API. Many of ' +
  'its addresses also work without that prefix, with the duplicate fields of earlier programs; these are deprecated. Every error is a problem document (RFC 9457) with a `code`.';

/** What the tags mean, in the order in which they are shown. */
const TAGS = {
  streaming: 'Addresses for players: streams, playlists, and checks whether a content plays.',
  channels: 'Names under which several contents are one stream.',
  streams: 'Current and recent streams: statistics, stopping, moving to another engine.',
  proxy: 'Sessions of the proxy and their viewers.',
  engines: 'Engines one by one: state, selection, draining, restart, logs.',
  fleet: 'All engines together: how many there are, and why.',
  vpn: 'VPNs that engines are behind.',
  events: 'The event log.',
  health: 'Checks for supervisors and load balancers, and the health of the fleet.',
  metrics: 'Metrics for Prometheus.',
};

/**
 * The OpenAPI 3.1 document of every address, made from the code.
 *
 * @param publicUrl address under which the outside reaches us; null: the one at which the document is
 */
export function buildOpenApiDocument(
  app: INestApplication,
  publicUrl: string | null,
): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle(PRODUCT_NAME)
    .setDescription(DESCRIPTION)
    .setLicense('MIT', 'https://spdx.org/licenses/MIT.html')
    .setVersion(productVersion())
    .addServer(basePath(publicUrl), 'This server')
    .addSecurity('bearer', {
      type: 'http',
      scheme: 'bearer',
      description: 'The API key, as `Authorization: Bearer KEY`.',
    })
    .addSecurity('api_key', {
      type: 'apiKey',
      in: 'header',
      name: 'X-API-Key',
      description: 'The API key, as `X-API-Key: KEY`.',
    })
    .addSecurityRequirements('bearer')
    .addSecurityRequirements('api_key');
  for (const [name, description] of Object.entries(TAGS)) builder.addTag(name, description);
  const document = SwaggerModule.createDocument(app, builder.build());
  Reflect.deleteProperty(document.info, 'contact');
  eachOperation(document, openPublicOperation);
  describeAliases(document);
  eachOperation(document, nameOperation);
  eachOperation(document, shortenSummary);
  mendForOpenApi31(document);
  describeProblems(document);
  addExamples(document);
  return document;
}

/** Only the path of our address: a page on another host may not ask it. */
function basePath(publicUrl: string | null): string {
  const { pathname } = new URL(publicUrl ?? 'http://localhost');
  return pathname === '/' ? pathname : pathname.replace(/\/+$/, '');
}

/**
 * Serves the document at /openapi.json and a page to try it at /docs; all its files come from here, none from
 * elsewhere.
 */
export function serveOpenApi(app: NestFastifyApplication, publicUrl: string | null): void {
  // Both are documentation only, and the page loads the document, so both are open without a key.
  SwaggerModule.setup(DOCS_PATH, app, () => buildOpenApiDocument(app, publicUrl), {
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
    customSiteTitle: PRODUCT_NAME,
    swaggerOptions: { persistAuthorization: false },
  });
  leadBrowsersToDocs(app);
}

const PAGES = /text\/html|\*\/\*/;

/**
 * Redirects clients that accept pages (browsers, curl) from the bare address to the API page; others get 404. The target is relative, so that a
 * path prefix of a reverse proxy does not matter.
 */
function leadBrowsersToDocs(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.get('/', (request, reply) => {
    const takesPages = PAGES.test(request.headers.accept ?? '*/*');
    if (takesPages) void reply.header('Cache-Control', 'no-store').redirect(DOCS_PATH);
    else reply.callNotFound();
  });
}

function openPublicOperation(operation: Operation): void {
  if (!(PUBLIC_OPERATION in operation)) return;
  Reflect.deleteProperty(operation, PUBLIC_OPERATION);
  operation.security = [];
}

/**
 * Handlers with several addresses get a number in brackets, which is no name in any language. The first is canonical.
 */
function nameOperation(operation: Operation): void {
  operation.operationId = operation.operationId
    ?.replace('[0]', '')
    .replace(/\[(\d+)\]$/, '_alias$1');
}

/** Comments of handlers become summaries as a whole; the first sentence is one. */
function shortenSummary(operation: Operation): void {
  const text = operation.summary?.replace(/\s+/g, ' ').trim() ?? '';
  const [, first = '', more = ''] = /^(.+?)\.?(?:(?<=\.) (.+))?$/.exec(text) ?? [];
  operation.summary = first;
  if (more !== '') operation.description ||= more;
}
