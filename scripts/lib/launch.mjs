import { pathToFileURL } from 'node:url';
import { PreparationError } from './prepare.mjs';

/** Runs a script's main function; what could not be prepared is said in plain words, with exit code 1. */
export async function runScript(main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof PreparationError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}

/**
 * Goes on as another program in this very process: its pid is the one that whoever started the script
 * knows, and signals reach it without being passed on.
 */
export async function becomeProgram(entry, args = process.argv.slice(2)) {
  process.argv.splice(1, Infinity, entry, ...args);
  await import(pathToFileURL(entry).href);
}
