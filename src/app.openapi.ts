import { type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { PUBLIC_OPERATION, SCOPE_OF_OPERATION, scopeOfMethod, SESSION_COOKIE } from './access';
import { AppModule } from './app.module';
import { describeAliases } from './app.openapi-aliases';
import { eachOperation, type Operation } from './app.openapi-document';
import { addExamples } from './app.openapi-examples';
import { nameOperations } from './app.openapi-names';
import { describeProblems } from './app.openapi-problems';
import { mendForOpenApi31 } from './app.openapi-3-1';
import { PRODUCT_NAME, productVersion } from './app-version';
import { resolveConfig, THIS_MACHINE } from './config';
import { Edge } from './http';
import { createLogOutput } from './logging';
import { isSecretSetting, Settings } from './settings';
import { DataFolder, SettingStore } from './storage';

const DESCRIPTION =
  'One address in front of a fleet of AceStream engines. Addresses under `/ace` and `/auto`, playlists and the tuner are for players; users request them below `/t/TOKEN`. ' +
  '`/api/v1` is the admin API. Many of its addresses also work without that prefix, with the duplicate fields of earlier programs; these are deprecated. Every error is a problem document (RFC 9457) with a `code`.';

/** The meaning of the tags, in the order of display. */
const TAGS = {
  streaming: 'Addresses for players: streams, playlists, and checks whether a content plays.',
  playlists: 'The channels in the forms that players and media servers import.',
  guide: 'The programme guide of the channels, and the sources that it is fetched from.',
  channels: 'Names under which several contents are one stream.',
  users: 'Users of streams: who may use the addresses for players with a secret of their own.',
  streams: 'Current and recent streams: statistics, stopping, moving to another engine.',
  proxy: 'Sessions of the proxy and their viewers.',
  engines: 'Engines one by one: state, selection, draining, restart, logs.',
  fleet: 'All engines together: how many there are, and why.',
  vpn: 'VPNs that engines are behind.',
  events: 'The event log.',
  webhooks: 'Notices to other services: who gets which, and how their deliveries go.',
  health: 'Checks for supervisors and load balancers, and the health of the fleet.',
  settings: 'Settings: values, where they come from, and changes without a restart.',
  metrics: 'Metrics for Prometheus, and figures for dashboards.',
  history: 'What streams and the whole installation have done.',
  keys: 'API keys, and what each may do.',
  sessions: 'Browsers that have signed in.',
};

/** Builds the OpenAPI 3.1 document of all addresses from the code alone, without engines, files or ports. */
export async function createOpenApiDocument(): Promise<OpenAPIObject> {
  const loaded = resolveConfig([], THIS_MACHINE);
  const { config } = loaded;
  const folder = new DataFolder(config.dataDir);
  const settings = new Settings(loaded, new SettingStore(folder, isSecretSetting));
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.forRoot(settings, createLogOutput(config), folder),
    new Edge(config).adapter,
    { preview: true, logger: false, abortOnError: false },
  );
  return buildDocument(app);
}

const USER_SECURITY = 'user';

/** What admits to operations with `PUBLIC_OPERATION`. */
const SECURITY: Record<'by_setting' | 'to_users', Record<string, string[]>[]> = {
  by_setting: [{}, { bearer: [] }, { api_key: [] }, { session: [] }],
  to_users: [{ [USER_SECURITY]: [] }],
};

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
      description: 'An API key, as `Authorization: Bearer KEY`.',
    })
    .addSecurity('api_key', {
      type: 'apiKey',
      in: 'header',
      name: 'X-API-Key',
      description: 'An API key, as `X-API-Key: KEY`.',
    })
    .addSecurity('session', {
      type: 'apiKey',
      in: 'cookie',
      name: SESSION_COOKIE,
      description:
        'The session of a browser, which `POST /api/v1/sessions` or the page `/login` begins. Requests that change something must come from a page of this server.',
    })
    .addSecurity(USER_SECURITY, {
      type: 'apiKey',
      in: 'query',
      name: 'password',
      description: 'The secret of a user of streams, beside the name of the user as `username`.',
    })
    .addSecurityRequirements('bearer')
    .addSecurityRequirements('api_key')
    .addSecurityRequirements('session');
  for (const [name, description] of Object.entries(TAGS)) builder.addTag(name, description);
  const document = SwaggerModule.createDocument(app, builder.build());
  Reflect.deleteProperty(document.info, 'contact');
  eachOperation(document, openPublicOperation);
  describeAliases(document);
  eachOperation(document, shortenSummary);
  eachOperation(document, (operation, method) => stateScope(operation, method, document));
  nameOperations(document);
  mendForOpenApi31(document);
  describeProblems(document);
  addExamples(document);
  return document;
}

function openPublicOperation(operation: Operation): void {
  const marked = operation as { [PUBLIC_OPERATION]?: keyof typeof SECURITY | true };
  const isPublic = marked[PUBLIC_OPERATION];
  if (isPublic === undefined) return;
  Reflect.deleteProperty(operation, PUBLIC_OPERATION);
  // That of its controller.
  if (isPublic === true) Reflect.deleteProperty(operation, SCOPE_OF_OPERATION);
  operation.security = isPublic === true ? [] : SECURITY[isPublic];
}

/**
 * States the scope that a key needs, as a role of the security schemes and in the description. Call after
 * `shortenSummary`, which fills the description.
 */
function stateScope(operation: Operation, method: string, document: OpenAPIObject): void {
  const declared = operation as { [SCOPE_OF_OPERATION]?: string };
  if (operation.security?.length === 0 || operation.security === SECURITY.to_users) {
    // Declared for the other operations of the controller.
    Reflect.deleteProperty(declared, SCOPE_OF_OPERATION);
    return;
  }
  const scope = (declared[SCOPE_OF_OPERATION] ??= scopeOfMethod(method));
  operation.security = (operation.security ?? document.security ?? []).map((schemes) =>
    Object.fromEntries(Object.keys(schemes).map((name) => [name, [scope]])),
  );
  operation.description = [operation.description ?? '', `Needs a key of scope \`${scope}\`.`]
    .filter((text) => text !== '')
    .join(' ');
}

/** The generator uses the whole comment of a handler as its summary; this keeps the first sentence. */
function shortenSummary(operation: Operation): void {
  const text = operation.summary?.replace(/\s+/g, ' ').trim() ?? '';
  const [, first = '', more = ''] = /^(.+?)\.?(?:(?<=\.) (.+))?$/.exec(text) ?? [];
  operation.summary = first;
  if (more !== '') operation.description ||= more;
}
