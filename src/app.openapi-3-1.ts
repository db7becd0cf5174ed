import { type OpenAPIObject } from '@nestjs/swagger';

type Node = Record<string, unknown>;

const SELECTORS: ReadonlySet<string> = new Set([
  ...['id', 'content_id', 'infohash', 'url', 'magnet', 'channel'],
]);

/**
 * Corrects OpenAPI 3.0 output of the generator for version 3.1: `nullable`, which 3.1 does not know, and path
 * parameters of handlers with several addresses, which the generator lists for all addresses.
 */
export function mendForOpenApi31(document: OpenAPIObject): void {
  for (const [path, item] of Object.entries(document.paths)) {
    for (const operation of Object.values(item) as unknown[]) {
      if (isNode(operation)) mendParameters(path, operation);
    }
  }
  mendNullables(document);
}

function mendParameters(path: string, operation: Node): void {
  if (!Array.isArray(operation.parameters)) return;
  operation.parameters = operation.parameters.filter(
    (parameter: Node) =>
      (parameter.in !== 'path' || path.includes(`{${String(parameter.name)}}`)) &&
      !(parameter.in === 'query' && isSecondSelector(path, String(parameter.name))),
  );
  for (const parameter of operation.parameters as Node[]) {
    if (parameter.in === 'path') parameter.required = true;
    const schema = isNode(parameter.schema) ? parameter.schema : {};
    // A rule for texts. The validator applies it before it converts the text to a number.
    if (schema.type !== 'string') delete schema.pattern;
  }
}

/** If the path names the content, no other selector is allowed, although the handler declares both. */
function isSecondSelector(path: string, name: string): boolean {
  return path.startsWith('/ace/') && path.includes('{id}') && SELECTORS.has(name);
}

function mendNullables(value: unknown): void {
  if (Array.isArray(value)) {
    value.forEach(mendNullables);
    return;
  }
  if (!isNode(value)) return;
  Object.values(value).forEach(mendNullables);
  if (typeof value.nullable === 'boolean') mendNullable(value);
}

function mendNullable(schema: Node): void {
  const isNullable = schema.nullable === true;
  delete schema.nullable;
  if (!isNullable) return;
  if (Array.isArray(schema.enum) && !schema.enum.includes(null)) schema.enum.push(null);
  if (typeof schema.type === 'string' && !('allOf' in schema)) {
    schema.type = [schema.type, 'null'];
    return;
  }
  const { description, ...rest } = schema;
  for (const name of Object.keys(schema)) Reflect.deleteProperty(schema, name);
  if (description !== undefined) schema.description = description;
  schema.anyOf = [rest, { type: 'null' }];
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
