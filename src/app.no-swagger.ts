/**
 * Replaces @nestjs/swagger in the built program (scripts/lib/compile.mjs): decorators do nothing, and derived types
 * (`OmitType`) have no metadata. Both only describe the API for docs/openapi.json, which `npm run docs` writes with
 * the real package, so the built program does not load it. A class that validates requests must not be a derived
 * type.
 */
const descriptions: Readonly<Record<string, unknown>> = new Proxy(
  {},
  {
    get: () => () =>
      // A function, because decorators are called and derived types are extended.
      function ignore() {
        return undefined;
      },
  },
);

export = descriptions;
