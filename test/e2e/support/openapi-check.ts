/** JSON of any shape, because the shape is checked here. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- documents of unknown shape
type Json = any;

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];

/**
 * Lists what the linters of `npm test -- docs` do not know: errors that every operation with a key must have, and
 * values that fit their schemas.
 */
export function faultsOfOpenApi(document: Json): string[] {
  return operationsOf(document).flatMap(({ path, method, operation }) =>
    faultsOfOperation(document, operation, `${method.toUpperCase()} ${path}`),
  );
}

function faultsOfOperation(document: Json, operation: Json, at: string): string[] {
  const faults: string[] = [];
  const expectThat = (fact: boolean, fault: string): void => {
    if (!fact) faults.push(`${at}: ${fault}`);
  };
  const isOpen = operation.security?.length === 0;
  for (const status of isOpen ? [] : ['401', '403', '429']) {
    expectThat(status in operation.responses, `no ${status} although it takes the key`);
  }
  for (const [status, response] of Object.entries<Json>(operation.responses)) {
    const { description, content } = resolve(document, response);
    expectThat(description !== '', `description of ${status}`);
    const media = content?.['application/problem+json'];
    if (media === undefined) continue;
    expectThat(status === 'default' || media.examples !== undefined, `${status} without example`);
    for (const { value } of Object.values<Json>(media.examples ?? {})) {
      expectThat(String(value?.status) === status, `example of ${status}`);
    }
  }
  for (const one of operation.parameters ?? []) {
    expectThat(Object.keys(one.schema ?? {}).length > 0, `${one.name} without type`);
  }
  // The linters allow fields that a schema does not know.
  for (const { schema, example } of mediaOf(operation)) {
    if (example !== undefined) faults.push(...misfits(document, schema, example, at));
  }
  return faults;
}

/** The bodies of requests and answers in JSON. */
function mediaOf(operation: Json): Json[] {
  return [operation.requestBody, ...Object.values<Json>(operation.responses)].flatMap(
    (one) => one?.content?.['application/json'] ?? [],
  );
}

/** Every operation, in the order of the document. */
export function operationsOf(
  document: Json,
): { readonly path: string; readonly method: string; readonly operation: Json }[] {
  return Object.entries<Json>(document.paths).flatMap(([path, methods]) =>
    METHODS.filter((method) => method in methods).map((method) => ({
      path,
      method,
      operation: methods[method],
    })),
  );
}

/** Lists the differences between a value and its schema: wrong, missing and undocumented fields. */
export function misfits(document: Json, schemaOrRef: Json, value: Json, at = '$'): string[] {
  const schema = resolve(document, schemaOrRef);
  if (schema === undefined) return [`${at}: no schema`];
  if (value === undefined) return [`${at}: no JSON`];
  for (const word of ['anyOf', 'oneOf'] as const) {
    if (!Array.isArray(schema[word])) continue;
    const results = schema[word].map((one) => misfits(document, one, value, at));
    return results.find(({ length }) => length === 0) ?? results[0] ?? [];
  }
  if (Array.isArray(schema.allOf)) {
    return (schema.allOf as Json[]).flatMap((one) => misfits(document, one, value, at));
  }
  if (Array.isArray(schema.enum) && !schema.enum.includes(value)) {
    return [`${at}: ${JSON.stringify(value)} is none of ${schema.enum.join()}`];
  }
  const types = [schema.type].flat().filter((type) => type !== undefined);
  if (types.length > 0 && !types.some((type) => isOfType(value, type))) {
    return [`${at}: ${JSON.stringify(value).slice(0, 40)} is no ${types.join(' or ')}`];
  }
  if (Array.isArray(value) && schema.items !== undefined) {
    return value.flatMap((one, n) => misfits(document, schema.items, one, `${at}[${n}]`));
  }
  if (typeof value !== 'object' || value === null || schema.properties === undefined) return [];
  const known = Object.keys(schema.properties);
  return [
    ...(schema.required ?? [])
      .filter((name: string) => !(name in value))
      .map((name: string) => `${at}.${name} is missing`),
    ...Object.entries(value).flatMap(([name, field]) =>
      known.includes(name)
        ? misfits(document, schema.properties[name], field, `${at}.${name}`)
        : [`${at}.${name} is not told`],
    ),
  ];
}

function isOfType(value: Json, type: string): boolean {
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'object')
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  return typeof value === type;
}

export function resolve(document: Json, node: Json): Json {
  if (typeof node?.$ref !== 'string') return node;
  const steps = (node.$ref as string).replace(/^#\//, '').split('/');
  return steps.reduce((at, step) => at?.[step], document);
}
