import { type INestApplication } from '@nestjs/common';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { PUBLIC_OPERATION } from './access';
import { mendForOpenApi31 } from './app.openapi-3-1';
import { PRODUCT_NAME, productVersion } from './app.version';
import { ERROR_CATALOG } from './kernel/errors';

const DOCS_PATH = 'docs';

const PROBLEM_RESPONSE = 'Problem';

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'] as const;

/** RFC 9457 problem as every address answers it; the codes are those of the catalogue. */
const PROBLEM_SCHEMA = {
  type: 'object' as const,
  required: ['type', 'title', 'status', 'code', 'detail', 'request_id'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', enum: Object.keys(ERROR_CATALOG) },
    detail: { type: 'string' },
    request_id: { type: 'string', description: 'Ties the answer to the log.' },
    retry_after: { type: 'integer', description: 'Seconds after which trying again makes sense.' },
  },
};

/** The OpenAPI 3.1 document of every address, made from the code. */
export function buildOpenApiDocument(app: INestApplication): OpenAPIObject {
  const base = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle(PRODUCT_NAME)
    .setDescription('One address in front of a fleet of AceStream engines.')
    .setLicense('MIT', 'https://spdx.org/licenses/MIT.html')
    .setVersion(productVersion())
    .addBearerAuth({ type: 'http', scheme: 'bearer' }, 'bearer')
    .addApiKey({ type: 'apiKey', in: 'header', name: 'X-API-Key' }, 'api_key')
    .addSecurityRequirements('bearer')
    .addSecurityRequirements('api_key')
    .build();
  const document = SwaggerModule.createDocument(app, base);
  describeProblems(document);
  eachOperation(document, openPublicOperation);
  eachOperation(document, nameOperation);
  mendForOpenApi31(document);
  return document;
}

/** Serves the document at /openapi.json and a page to try it at /docs; all its files come from here, none from elsewhere. */
export function serveOpenApi(app: NestFastifyApplication): void {
  // Both are documentation only, and the page loads the document, so both are open without a key.
  SwaggerModule.setup(DOCS_PATH, app, () => buildOpenApiDocument(app), {
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
    customSiteTitle: PRODUCT_NAME,
    swaggerOptions: { persistAuthorization: false },
  });
  leadBrowsersToDocs(app);
}

/**
 * Whoever types the bare address into a browser gets the page that there is; programs are told that there is nothing. The target is
 * relative, so that a path prefix in front of us does not matter.
 */
function leadBrowsersToDocs(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.get('/', (request, reply) => {
    const isBrowser = request.headers.accept?.includes('text/html') === true;
    if (isBrowser) void reply.header('Cache-Control', 'no-store').redirect(DOCS_PATH);
    else reply.callNotFound();
  });
}

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

function describeProblems(document: OpenAPIObject): void {
  const components = (document.components ??= {});
  components.schemas = { ...components.schemas, [PROBLEM_RESPONSE]: PROBLEM_SCHEMA };
  components.responses = {
    [PROBLEM_RESPONSE]: {
      description: 'Any error. Which codes there are and what they mean: docs/errors.md.',
      content: {
        'application/problem+json': {
          schema: { $ref: `#/components/schemas/${PROBLEM_RESPONSE}` },
        },
      },
    },
  };
  eachOperation(document, (operation) => {
    operation.responses = {
      ...operation.responses,
      default: { $ref: `#/components/responses/${PROBLEM_RESPONSE}` },
    };
  });
}

function openPublicOperation(operation: Operation): void {
  if (!(PUBLIC_OPERATION in operation)) return;
  Reflect.deleteProperty(operation, PUBLIC_OPERATION);
  operation.security = [];
}

/** Handlers with several addresses get a number in brackets, which is no name in any language. The first is canonical. */
function nameOperation(operation: Operation): void {
  operation.operationId = operation.operationId
    ?.replace('[0]', '')
    .replace(/\[(\d+)\]$/, '_alias$1');
}

function eachOperation(document: OpenAPIObject, visit: (operation: Operation) => void): void {
  for (const path of Object.values(document.paths)) {
    for (const method of METHODS) {
      const operation = path[method];
      if (operation !== undefined) visit(operation);
    }
  }
}
