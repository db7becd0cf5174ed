/**
 * Replaces @nestjs/swagger in the built program (scripts/lib/compile.mjs): every decorator does nothing. The decorators
 * only describe the API for docs/openapi.json, which `npm run docs` writes with the real package. So a running program
 * does not load that package.
 */
const decorators: Readonly<Record<string, unknown>> = new Proxy(
  {},
  { get: () => () => () => undefined },
);

export = decorators;
