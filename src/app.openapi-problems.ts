import { STATUS_CODES } from 'node:http';
import { type OpenAPIObject } from '@nestjs/swagger';
import { STREAM_OPERATION } from './access';
import { eachOperation, type Operation } from './app.openapi-document';
import { PROBLEM_CODES } from './http';
import { AppError, ERROR_CATALOG, type ErrorCode, toProblem } from './kernel/errors';

type Response = NonNullable<Operation['responses'][string]>;

const SCHEMA = 'Problem';
const MEDIA_TYPE = 'application/problem+json';
const REQUEST_ID = '5f0c9a71d2e84b36';

/** Errors that an operation can return because of its input. */
const ANY: readonly ErrorCode[] = ['invalid_request'];
const WITH_KEY_OR_TOKEN: readonly ErrorCode[] = ['unauthorized', 'forbidden', 'rate_limited'];
const WITH_BODY: readonly ErrorCode[] = ['payload_too_large', 'unsupported_media_type'];
const WITH_ID: readonly ErrorCode[] = ['not_found'];

/** RFC 9457 problem, as every address returns it; the codes are those of the catalogue. */
const PROBLEM_SCHEMA = {
  type: 'object' as const,
  required: ['type', 'title', 'status', 'code', 'detail', 'request_id'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', enum: Object.keys(ERROR_CATALOG) },
    detail: { type: 'string' },
    request_id: { type: 'string', description: 'The same id is in the log.' },
    retry_after: { type: 'integer', description: 'Seconds to wait before trying again.' },
  },
};

/**
 * Describes the errors of every operation: one response for each status, with its codes and an example of each, and
 * `default` for the rest.
 */
export function describeProblems(document: OpenAPIObject): void {
  const components = (document.components ??= {});
  components.schemas = { ...components.schemas, [SCHEMA]: PROBLEM_SCHEMA };
  const shared: Record<string, Response> = {
    [SCHEMA]: {
      description: 'Any other error. docs/errors.md explains all codes.',
      content: { [MEDIA_TYPE]: { schema: { $ref: `#/components/schemas/${SCHEMA}` } } },
    },
  };
  eachOperation(document, (operation, method) => {
    const responses = { ...operation.responses };
    for (const [status, codes] of byStatus(codesOf(operation, method))) {
      const known = responses[status];
      if (known !== undefined && 'description' in known) {
        // The handler's own text: another answer with this status, or the case in which this problem occurs.
        responses[status] = { ...responseOf(codes), ...known };
        continue;
      }
      const name = [SCHEMA, status, ...codes].join('_');
      shared[name] = responseOf(codes);
      responses[status] = { $ref: `#/components/responses/${name}` };
    }
    operation.responses = { ...responses, default: { $ref: `#/components/responses/${SCHEMA}` } };
  });
  components.responses = shared;
}

function codesOf(operation: Operation, method: string): ErrorCode[] {
  const marked = operation as { [PROBLEM_CODES]?: readonly ErrorCode[] };
  const own = marked[PROBLEM_CODES] ?? [];
  Reflect.deleteProperty(operation, PROBLEM_CODES);
  const isSecured = operation.security?.length !== 0;
  const followsStreamAccess = STREAM_OPERATION in operation;
  Reflect.deleteProperty(operation, STREAM_OPERATION);
  // PUT creates a missing resource, and only engines know whether a content exists.
  const seeks = method !== 'put' && isSecured && (operation.parameters ?? []).some(isPathId);
  const codes = [
    ...ANY,
    ...(isSecured || followsStreamAccess ? WITH_KEY_OR_TOKEN : []),
    ...(seeks ? WITH_ID : []),
    ...(operation.requestBody === undefined ? [] : WITH_BODY),
    ...own,
  ];
  return [...new Set(codes)];
}

function isPathId(parameter: object): boolean {
  const { in: place, name } = parameter as { in?: string; name?: string };
  return place === 'path' && /id$/i.test(name ?? '');
}

function byStatus(codes: readonly ErrorCode[]): ReadonlyMap<number, ErrorCode[]> {
  const groups = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { status } = ERROR_CATALOG[code];
    groups.set(status, [...(groups.get(status) ?? []), code]);
  }
  return groups;
}

function responseOf(codes: readonly ErrorCode[]): Response {
  const [first] = codes;
  const reason = first === undefined ? '' : STATUS_CODES[ERROR_CATALOG[first].status];
  return {
    description: `${reason}. ${codes.map((code) => `\`${code}\`: ${ERROR_CATALOG[code].meaning}`).join(' ')}`,
    content: {
      [MEDIA_TYPE]: {
        schema: { $ref: `#/components/schemas/${SCHEMA}` },
        examples: Object.fromEntries(
          codes.map((code) => [code, { value: toProblem(exampleOf(code), REQUEST_ID) }]),
        ),
      },
    },
  };
}

function exampleOf(code: ErrorCode): AppError {
  return new AppError(code, ERROR_CATALOG[code].meaning);
}
