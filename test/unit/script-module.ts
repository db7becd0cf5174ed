import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './repository';

const TIMEOUT_MS = 60_000;

/** Results of one function for several lists of arguments. The scripts are ES modules, which jest does not load. */
export function callEach(module: string, name: string, argLists: readonly unknown[]): unknown[] {
  const url = pathToFileURL(join(ROOT, 'scripts', 'lib', module)).href;
  const code = `const m = await import(${JSON.stringify(url)});
    const results = [];
    for (const args of ${JSON.stringify(argLists)}) results.push(await m[${JSON.stringify(name)}](...args));
    process.stdout.write(JSON.stringify(results));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
  });
  return JSON.parse(output) as unknown[];
}

export function call(module: string, name: string, ...args: unknown[]): unknown {
  return callEach(module, name, [args])[0];
}
