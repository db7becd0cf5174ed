// Compiles one of our programs: `node compile.mjs TSCONFIG FOLDER` checks its types and writes it to FOLDER.
// A process of its own per program: compilers beside each other use more than one core.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import swagger from '@nestjs/swagger/plugin';
import ts from 'typescript';

/** Adds to DTO classes what OpenAPI and validation need to know of their types and comments; other files stay as they are. */
const SWAGGER_OPTIONS = {
  introspectComments: true,
  dtoFileNameSuffix: ['.dto.ts'],
  classValidatorShim: true,
};

const FORMAT = {
  getCanonicalFileName: (name) => name,
  getCurrentDirectory: () => ts.sys.getCurrentDirectory(),
  getNewLine: () => '\n',
};

/**
 * Writes nothing when there is an error. @param {string} project path of a tsconfig @param {string} folder
 * @returns {string} the errors; empty when there are none
 */
export function compile(project, folder) {
  const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => undefined };
  const config = ts.getParsedCommandLineOfConfigFile(project, { outDir: folder }, host);
  if (config === undefined) return `${project} cannot be read`;
  const program = ts.createProgram(config.fileNames, config.options);
  const errors = [...config.errors, ...ts.getPreEmitDiagnostics(program)];
  if (errors.length > 0) return ts.formatDiagnostics(errors, FORMAT);
  const { diagnostics } = program.emit(
    undefined,
    undefined,
    undefined,
    false,
    transformers(program),
  );
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
    project,
    { outDir: folder },
    ts.sys,
    ts.createEmitAndSemanticDiagnosticsBuilderProgram,
    onDiagnostic,
    onStatus,
  );
  const { afterProgramCreate } = host;
  host.afterProgramCreate = (builder) => {
    const { emit } = builder;
    builder.emit = (file, write, token, declarationsOnly) =>
      emit(file, write, token, declarationsOnly, transformers(builder.getProgram()));
    afterProgramCreate(builder);
  };
  return ts.createWatchProgram(host);
}

function transformers(program) {
  return { before: [swagger.before(SWAGGER_OPTIONS, program)] };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [project, folder] = process.argv.slice(2);
  const errors = compile(project, join(process.cwd(), folder));
  process.stdout.write(errors);
  if (errors !== '') process.exitCode = 1;
}
