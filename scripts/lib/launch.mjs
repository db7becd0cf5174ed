import { pathToFileURL } from 'node:url';
import { PreparationError } from './prepare.mjs';

/** Runs a script's main function. A failed preparation is printed as a plain message, with exit code 1. */
export async function runScript(main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof PreparationError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}

/** Continues as another program in this process, so that the pid stays the same and signals need not be passed on. */
export async function becomeProgram(entry, args = process.argv.slice(2)) {
  process.argv.splice(1, Infinity, entry, ...args);
  await import(pathToFileURL(entry).href);
}
