import { type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { PUBLIC_OPERATION } from './access';
import { AppModule } from './app.module';
import { describeAliases } from './app.openapi-aliases';
import { eachOperation, type Operation } from './app.openapi-document';
import { addExamples } from './app.openapi-examples';
import { describeProblems } from './app.openapi-problems';
import { mendForOpenApi31 } from './app.openapi-3-1';
import { PRODUCT_NAME, productVersion } from './app-version';
import { loadConfig } from './config';
import { Edge } from './http';
import { createLogOutput } from './logging';
import { DataFolder } from './storage';

const DESCRIPTION =
  'One address in front of a fleet of AceStream engines. Addresses under `/ace` and `/auto`, playlists and the tuner are for players; users request them below `/t/TOKEN`. ' +
  '`/api/v1` is the admin API. Many of its addresses also work without that prefix, with the duplicate fields of earlier programs; these are deprecated. Every error is a problem document (RFC 9457) with a `code`.';

/** The meaning of the tags, in the order of display. */
const TAGS = {
  streaming: 'Addresses for players: streams, playlists, and checks whether a content plays.',
  playlists: 'The channels in the forms that players and media servers import.',
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

/** Builds the OpenAPI 3.1 document of all addresses from the code alone, without engines, files or ports. */
export async function createOpenApiDocument(): Promise<OpenAPIObject> {
  const config = loadConfig({});
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.forRoot(config, createLogOutput(config), new DataFolder(config.dataDir)),
    new Edge(config).adapter,
    { preview: true, logger: false, abortOnError: false },
  );
  return buildDocument(app);
}

function buildDocument(app: INestApplication): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle(PRODUCT_NAME)
    .setDescription(DESCRIPTION)
    .setLicense('MIT', 'https://spdx.org/licenses/MIT.html')
    .setVersion(productVersion())
    .addServer('/', 'This server')
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

function openPublicOperation(operation: Operation): void {
  if (!(PUBLIC_OPERATION in operation)) return;
  Reflect.deleteProperty(operation, PUBLIC_OPERATION);
  operation.security = [];
}

/**
 * The generator numbers handlers with several addresses in brackets, which is not valid in identifiers. The first
 * address is canonical.
 */
function nameOperation(operation: Operation): void {
  operation.operationId = operation.operationId
    ?.replace('[0]', '')
    .replace(/\[(\d+)\]$/, '_alias$1');
}

/** The generator uses the whole comment of a handler as its summary; this keeps the first sentence. */
function shortenSummary(operation: Operation): void {
  const text = operation.summary?.replace(/\s+/g, ' ').trim() ?? '';
  const [, first = '', more = ''] = /^(.+?)\.?(?:(?<=\.) (.+))?$/.exec(text) ?? [];
  operation.summary = first;
  if (more !== '') operation.description ||= more;
}
