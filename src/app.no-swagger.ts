/**
 * Replaces @nestjs/swagger in the built program (scripts/lib/compile.mjs): every decorator does nothing, and every mapped
 * type (`OmitType`) is an empty class, to which the class that extends it adds its fields. They only describe the API for
 * docs/openapi.json, which `npm run docs` writes with the real package. So a running program does not load that package.
 */
const decorate = (): (() => undefined) => () => undefined;
const mapType = (): unknown =>
  function MappedType(): void {
    // Has no fields of its own.
  };

const decorators: Readonly<Record<string, unknown>> = new Proxy(
  {},
  { get: (_, name) => (String(name).endsWith('Type') ? mapType : decorate) },
);

export = decorators;
