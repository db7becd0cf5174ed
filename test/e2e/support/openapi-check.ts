/** JSON of any shape, because the shape is checked here. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- documents of unknown shape
type Json = any;

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];
const TYPES = ['string', 'number', 'integer', 'boolean', 'object', 'array', 'null'];

/** Lists all violations of OpenAPI 3.1 and contradictions in a document. */
export function faultsOfOpenApi(document: Json): string[] {
  const faults: string[] = [];
  const expectThat = (fact: boolean, fault: string): void => {
    if (!fact) faults.push(fault);
  };
  expectThat(/^3\.1\.\d+$/.test(document.openapi), `openapi: ${document.openapi}`);
  expectThat(typeof document.info?.title === 'string', 'info.title');
  expectThat(typeof document.info?.version === 'string', 'info.version');
  const ids = operationsOf(document).map(({ operation }) => operation.operationId);
  expectThat(new Set(ids).size === ids.length, 'operationId given twice');
  expectThat(document.servers?.length > 0, 'no servers');
  const tags = new Map<string, string>(
    (document.tags ?? []).map(({ name, description }: Json) => [name, description ?? '']),
  );
  const used = new Set(operationsOf(document).flatMap(({ operation }) => operation.tags ?? []));
  for (const [name, text] of tags) {
    expectThat(text !== '' && used.has(name), `tag ${name}: without text or use`);
  }
  const schemes = document.components?.securitySchemes ?? {};
  expectThat(schemes.bearer?.bearerFormat === undefined, 'the key is no JWT');
  for (const { path, method, operation } of operationsOf(document)) {
    const at = `${method.toUpperCase()} ${path}`;
    expectThat(path.startsWith('/'), `${at}: path`);
    expectThat(operation.tags?.length === 1 && tags.has(operation.tags[0]), `${at}: tags`);
    expectThat(/^[A-Z][^.]{3,79}$/.test(operation.summary ?? ''), `${at}: ${operation.summary}`);
    faults.push(...faultsOfTexts(document, operation, at));
    expectThat(/^[A-Za-z_]\w*$/.test(operation.operationId), `${at}: ${operation.operationId}`);
    const responses = Object.entries<Json>(operation.responses ?? {});
    expectThat(responses.length > 0, `${at}: no responses`);
    for (const [status, response] of responses) {
      expectThat(/^(?:default|[1-5]\d\d)$/.test(status), `${at}: response ${status}`);
      const isTold = (resolve(document, response)?.description ?? '') !== '';
      expectThat(isTold, `${at}: description of ${status}`);
    }
    const inTemplate = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name);
    const parameters: Json[] = (operation.parameters ?? []).map((one: Json) =>
      resolve(document, one),
    );
    const keys = parameters.map((one) => `${one.in} ${one.name}`);
    expectThat(new Set(keys).size === keys.length, `${at}: a parameter twice`);
    for (const one of parameters) {
      expectThat('schema' in one || 'content' in one, `${at}: ${one.name} without schema`);
      if (one.in !== 'path') continue;
      expectThat(one.required === true, `${at}: path parameter ${one.name} not required`);
      expectThat(inTemplate.includes(one.name), `${at}: no {${one.name}} in the path`);
    }
    for (const name of inTemplate) {
      expectThat(keys.includes(`path ${name}`), `${at}: {${name}} is not described`);
    }
    for (const name of (operation.security ?? []).flatMap(Object.keys)) {
      expectThat(name in (document.components?.securitySchemes ?? {}), `${at}: security ${name}`);
    }
  }
  walk(document, '#', (node, at) => {
    if (typeof node.$ref === 'string') {
      expectThat(resolve(document, node) !== undefined, `${at}: ${node.$ref} leads nowhere`);
    }
    // A keyword of 3.0; in 3.1 it has no effect, so null would not be allowed.
    if (!at.endsWith('/properties')) expectThat(!('nullable' in node), `${at}: nullable`);
    const types = [node.type].flat().filter((type) => typeof type === 'string');
    if (/\/schema$|\/schemas\/[^/]+$|\/items$|\/properties\/[^/]+$/.test(at)) {
      expectThat(
        types.every((type) => TYPES.includes(type)),
        `${at}: type ${types.join()}`,
      );
    }
  });
  return faults;
}

/** Lists missing or wrong documentation of one operation: errors, parameters and bodies with their examples. */
function faultsOfTexts(document: Json, operation: Json, at: string): string[] {
  const faults: string[] = [];
  const expectThat = (fact: boolean, fault: string): void => {
    if (!fact) faults.push(`${at}: ${fault}`);
  };
  const isOpen = operation.security?.length === 0;
  const errors = Object.entries<Json>(operation.responses ?? {}).filter(
    ([status]) => status >= '4',
  );
  expectThat(
    errors.some(([status]) => /^4/.test(status)),
    'no 4xx',
  );
  for (const status of isOpen ? [] : ['401', '403', '429']) {
    expectThat(status in operation.responses, `no ${status} although it takes the key`);
  }
  for (const [status, response] of errors) {
    const media = resolve(document, response)?.content?.['application/problem+json'];
    if (media === undefined) continue;
    for (const { value } of Object.values<Json>(media.examples ?? {})) {
      faults.push(...misfits(document, media.schema, value, `${at} ${status}`));
      expectThat(String(value?.status) === status, `example of ${status}`);
    }
    expectThat(status === 'default' || media.examples !== undefined, `${status} without example`);
  }
  for (const one of operation.parameters ?? []) {
    expectThat((one.description ?? '') !== '', `${one.name} without description`);
    expectThat(Object.keys(one.schema ?? {}).length > 0, `${one.name} without type`);
    faults.push(...misfits(document, one.schema, one.example, `${at} ${one.name}`));
  }
  for (const { schema, example } of Object.values<Json>(operation.requestBody?.content ?? {})) {
    faults.push(...misfits(document, schema, example, `${at} body`));
  }
  return faults;
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

function walk(node: Json, at: string, visit: (node: Json, at: string) => void): void {
  if (typeof node !== 'object' || node === null) return;
  if (!Array.isArray(node)) visit(node, at);
  for (const [name, value] of Object.entries(node)) walk(value, `${at}/${name}`, visit);
}
