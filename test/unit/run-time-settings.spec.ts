import ts from 'typescript';
import { SETTINGS } from '../../src/config/app-config';
import { type Setting } from '../../src/config/setting';
import { listFiles, readText } from './repository';

const PRODUCT = listFiles('src', '.ts');
/** Without the answers of the API, which show values as of one moment. */
const PROGRAM = PRODUCT.filter((path) => !/\.spec(-support)?\.ts$|\.dto\.ts$/.test(path));
const SPECS = [...listFiles('src', '.spec.ts'), ...listFiles('test', 'spec.ts')];

/** Settings that change while the program runs: variables by field. */
const AT_ONCE = new Map(
  Object.entries<Setting<unknown>>(SETTINGS)
    .filter(([, { change }]) => change === 'at_once')
    .map(([field, { variable }]) => [field, variable]),
);

/** Functions that get the configuration while something is created, and copy no setting that changes. */
const COPY_NOTHING = new Set([
  // These return views.
  ...['viewOf', 'limitsOf', 'historyLimits', 'fanoutLimits'],
  // These read only settings that need a restart.
  ...['usesStaticEngines', 'chooseDriver', 'createDockerClient', 'createRuntime', 'engineRecipe'],
  'makeProvisioning',
  // The parent's constructor is searched too.
  'super',
  // Fastify gets TRUSTED_PROXIES.
  'options',
  // The module of the log follows changes of the level.
  'loggerOptions',
  // The result is computed again in each tick.
  'tickFor',
]);

/** Nest calls these once, when it creates the modules. */
const FACTORIES = new Set(['useFactory', 'forRoot']);

/** `path:line field` for every setting that is read while something is created, and so is copied. */
function findCopies(path: string, text = readText(path)): string[] {
  const found: string[] = [];
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const report = (node: ts.Node, what: string): void => {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart());
    found.push(`${path}:${line + 1} ${what}`);
  };
  const visit = (node: ts.Node, isCreation: boolean): void => {
    if (isCreation) reportCopy(node, report);
    ts.forEachChild(node, (child) => {
      visit(child, begins(child) || (isCreation && !isDeferred(child)));
    });
  };
  visit(source, false);
  return found;
}

/** True if the code below the node runs once, when an object is created. */
function begins(node: ts.Node): boolean {
  if (ts.isConstructorDeclaration(node)) return true;
  if (ts.isMethodDeclaration(node)) return FACTORIES.has(node.name.getText());
  const { parent } = node;
  if (ts.isPropertyDeclaration(parent) && parent.initializer === node) return !isDeferred(node);
  return ts.isPropertyAssignment(parent) && FACTORIES.has(parent.name.getText());
}

/** True if the code below the node runs later, possibly often. */
function isDeferred(node: ts.Node): boolean {
  return ts.isFunctionLike(node) && !ts.isConstructorDeclaration(node);
}

function reportCopy(node: ts.Node, report: (node: ts.Node, what: string) => void): void {
  if (ts.isPropertyAccessExpression(node) && AT_ONCE.has(node.name.text)) {
    report(node, node.name.text);
  } else if (ts.isBindingElement(node)) {
    const field = (node.propertyName ?? node.name).getText();
    if (AT_ONCE.has(field)) report(node, field);
  } else if (ts.isCallExpression(node)) {
    const callee = node.expression.getText();
    const isGiven = node.arguments.some((argument) => /^(this\.)?config$/.test(argument.getText()));
    const name = callee.split('.').at(-1) ?? callee;
    if (isGiven && !COPY_NOTHING.has(name) && !FACTORIES.has(name))
      report(node, `${callee}(config)`);
  }
}

describe('a setting that changes at once', () => {
  it('is copied by no constructor and no factory', () => {
    expect(PROGRAM.flatMap((path) => findCopies(path))).toEqual([]);
  });

  it.each([...AT_ONCE])('is used: %s', (field) => {
    const users = PROGRAM.filter((path) => !path.startsWith('src/config/'));
    expect(users.some((path) => new RegExp(`\\b${field}\\b`).test(readText(path)))).toBe(true);
  });

  it('has a test whose title says that a change is followed', () => {
    const titles = SPECS.flatMap(
      (path) => readText(path).match(/follows changes of (?:[^'`]|' \+\s*')*/g) ?? [],
    );
    const named = new Set(titles.flatMap((title) => title.match(/[A-Z][A-Z_]+/g) ?? []));
    expect([...AT_ONCE.values()].filter((variable) => !named.has(variable))).toEqual([]);
  });
});

describe('the search for copies', () => {
  it.each([
    ['class A { constructor(config) { this.ms = config.proxyGracePeriodMs; } }', 1],
    ['class A { ms = this.config.proxyGracePeriodMs; }', 1],
    ['const a = { useFactory: ({ proxyGracePeriodMs }) => new A(proxyGracePeriodMs) };', 1],
    ['class A { constructor(config) { this.limits = copyOf(config); } }', 1],
    ['class A { constructor(config) { this.ms = () => config.proxyGracePeriodMs; } }', 0],
    ['class A { constructor(config) { this.b = new B(config); } }', 0],
    ['class A { get ms() { return this.config.proxyGracePeriodMs; } }', 0],
    ['class A { constructor(config) { this.port = config.port; } }', 0],
  ])('finds in %s: %i', (text, count) => {
    expect(findCopies('a.ts', text)).toHaveLength(count);
  });
});
