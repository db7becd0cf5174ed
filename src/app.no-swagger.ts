/**
 * Replaces @nestjs/swagger in the built program (scripts/lib/compile.mjs): decorators do nothing, and derived types
 * (`OmitType`) have no metadata. Both only describe the API for docs/openapi.json, which `npm run docs` writes with the real
 * package. So a running program does not load that package. A class that checks requests must not be a derived type.
 */
const descriptions: Readonly<Record<string, unknown>> = new Proxy(
  {},
  {
    get: () => () =>
      // A function, because a decorator is called and a derived type is extended.
      function ignore() {
        return undefined;
      },
  },
);

export = descriptions;
