// Compiles one of our programs: `node compile.mjs TSCONFIG FOLDER` checks its types and writes it to FOLDER. Paths
// are relative to the repository. Each program is compiled in its own process, to use more than one core. With
// `--describe` the output also describes the API: `npm run docs` writes docs/openapi.json from it. The program that
// runs does not need the descriptions, and is written without them and without the package that reads them.
import { posix } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import swagger from '@nestjs/swagger/plugin';
import ts from 'typescript';

/** Adds descriptions of types and comments to DTO classes, for OpenAPI and validation; other files are unchanged. */
const SWAGGER_OPTIONS = {
  introspectComments: true,
  dtoFileNameSuffix: ['.dto.ts'],
  classValidatorShim: true,
};

/** The path of the repository, and the path that the compiler sees; see `hideRoot`. */
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
  .replaceAll('\\', '/')
  .replace(/\/$/, '');
const SHOWN_ROOT = '/acefleet';

const FORMAT = {
  getCanonicalFileName: (name) => name,
  getCurrentDirectory: () => SHOWN_ROOT,
  getNewLine: () => '\n',
};

/** The package that describes the API, and our own module that replaces it, relative to the output. */
const SWAGGER = 'require("@nestjs/swagger")';
const SWAGGER_STAND_IN = 'app.no-swagger.js';

hideRoot(ts.sys);

/**
 * Writes nothing if there is an error.
 * @param {string} project path of a tsconfig
 * @param {string} folder
 * @param {boolean} describes whether the output describes the API
 * @returns {string} the errors; empty if there are none
 */
export function compile(project, folder, describes) {
  const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => undefined };
  const options = { outDir: shown(folder) };
  const config = ts.getParsedCommandLineOfConfigFile(shown(project), options, host);
  if (config === undefined) return `${project} cannot be read`;
  const program = ts.createProgram(config.fileNames, config.options);
  const errors = [...config.errors, ...ts.getPreEmitDiagnostics(program)];
  if (errors.length > 0) return ts.formatDiagnostics(errors, FORMAT);
  const transformers = describes ? { before: [swagger.before(SWAGGER_OPTIONS, program)] } : {};
  if (!describes) leaveOutSwagger(ts.sys, shown(folder));
  const { diagnostics } = program.emit(undefined, undefined, undefined, false, transformers);
  return ts.formatDiagnostics(diagnostics, FORMAT);
}

/**
 * Compiles again on every change. @param {string} project @param {string} folder
 * @param {(text: string) => void} report @param {() => void} onCompiled after each compile without an error
 * @returns {{ close(): void }}
 */
export function watch(project, folder, report, onCompiled) {
  const onDiagnostic = (diagnostic) =>
    report(ts.formatDiagnosticsWithColorAndContext([diagnostic], FORMAT));
  const onStatus = (status, newLine, options, errorCount) => {
    report(ts.flattenDiagnosticMessageText(status.messageText, '\n'));
    if (errorCount === 0) onCompiled();
  };
  const host = ts.createWatchCompilerHost(
    shown(project),
    { outDir: shown(folder) },
    ts.sys,
    ts.createEmitAndSemanticDiagnosticsBuilderProgram,
    onDiagnostic,
    onStatus,
  );
  leaveOutSwagger(ts.sys, shown(folder));
  return ts.createWatchProgram(host);
}

/** Makes files in this folder import the replacement instead of the package that describes the API. */
function leaveOutSwagger(sys, folder) {
  const { writeFile } = sys;
  sys.writeFile = (path, text, ...args) => {
    const standIn = posix.relative(posix.dirname(path), posix.join(folder, SWAGGER_STAND_IN));
    const plain = path.endsWith('.js') ? text.replaceAll(SWAGGER, `require("./${standIn}")`) : text;
    writeFile(path, plain, ...args);
  };
}

/**
 * The plugin for OpenAPI writes paths into the code, and wrong ones if the path of the repository contains
 * non-ASCII letters or a percent sign. So the compiler, and with it the plugin, sees the repository at another
 * path.
 */
function hideRoot(sys) {
  const real = { ...sys };
  const toReal = (path) => replaceStart(path, SHOWN_ROOT, ROOT);
  const toShown = (path) => replaceStart(path.replaceAll('\\', '/'), ROOT, SHOWN_ROOT);
  for (const name of [
    ...['readFile', 'writeFile', 'deleteFile', 'fileExists', 'getModifiedTime', 'setModifiedTime'],
    ...['directoryExists', 'createDirectory', 'getDirectories'],
  ]) {
    sys[name] = (path, ...args) => real[name](toReal(path), ...args);
  }
  for (const name of ['watchFile', 'watchDirectory']) {
    sys[name] = (path, onChange, ...args) =>
      real[name](toReal(path), (file, ...what) => onChange(toShown(file), ...what), ...args);
  }
  sys.readDirectory = (path, ...args) => real.readDirectory(toReal(path), ...args).map(toShown);
  sys.realpath = (path) => toShown(real.realpath(toReal(path)));
  sys.getCurrentDirectory = () => SHOWN_ROOT;
}

function replaceStart(path, start, replacement) {
  const isBelow = path === start || path.startsWith(`${start}/`);
  return isBelow ? replacement + path.slice(start.length) : path;
}

/** @param {string} path relative to the repository */
function shown(path) {
  return `${SHOWN_ROOT}/${path.replaceAll('\\', '/')}`;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [project, folder, option] = process.argv.slice(2);
  const errors = compile(project, folder, option === '--describe');
  process.stdout.write(errors);
  if (errors !== '') process.exitCode = 1;
}
