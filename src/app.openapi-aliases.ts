import { type OpenAPIObject } from '@nestjs/swagger';
import { eachOperation, type Operation } from './app.openapi-document';
import { ALIAS_ANSWER, type AliasSchemas, API_PREFIX } from './http';

/** Prometheus scrapes this address by default, so it is not a deprecated alias. */
const NOT_DEPRECATED: ReadonlySet<string> = new Set(['/metrics']);

/** Marks aliases of canonical addresses as deprecated, and gives them the schemas of their answers. */
export function describeAliases(document: OpenAPIObject): void {
  eachOperation(document, (operation, _, path) => {
    const schemas = takeAliasSchemas(operation);
    const isAlias = `${API_PREFIX}${path}` in document.paths;
    if (!isAlias) return;
    if (!NOT_DEPRECATED.has(path)) operation.deprecated = true;
    if (schemas !== null) replaceSchema(operation.responses, schemas);
  });
}

function takeAliasSchemas(operation: Operation): AliasSchemas | null {
  if (!(ALIAS_ANSWER in operation)) return null;
  const schemas = operation[ALIAS_ANSWER] as AliasSchemas;
  Reflect.deleteProperty(operation, ALIAS_ANSWER);
  return schemas;
}

/** Replaces every reference to the canonical schema in a part of the document. */
function replaceSchema(node: unknown, { canonical, alias }: AliasSchemas): void {
  if (typeof node !== 'object' || node === null) return;
  const part = node as Record<string, unknown>;
  const reference = (name: string): string => `#/components/schemas/${name}`;
  if (part.$ref === reference(canonical)) part.$ref = reference(alias);
  for (const child of Object.values(part)) replaceSchema(child, { canonical, alias });
}
