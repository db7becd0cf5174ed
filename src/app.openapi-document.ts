import { type OpenAPIObject } from '@nestjs/swagger';

export type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'] as const;

/** Calls `visit` for every operation, in the order of the document. */
export function eachOperation(
  document: OpenAPIObject,
  visit: (operation: Operation, method: (typeof METHODS)[number], path: string) => void,
): void {
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of METHODS) {
      const operation = item[method];
      if (operation !== undefined) visit(operation, method, path);
    }
  }
}
