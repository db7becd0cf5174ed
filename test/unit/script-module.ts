import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './repository';

/** Answers each message with the result of a module's function. */
const WORKER_SCRIPT = `
process.on('message', async ({ url, name, args }) => {
  const module = await import(url);
  process.send({ value: (await module[name](...args)) ?? null });
});`;

/** The scripts are ES modules, which jest does not load. A separate Node.js process loads them, one per test file. */
let worker: ChildProcess | null = null;
afterAll(() => worker?.kill());

export function call(module: string, name: string, ...args: unknown[]): Promise<unknown> {
  worker ??= spawn(process.execPath, ['--input-type=module', '-e', WORKER_SCRIPT], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const child = worker;
  const url = pathToFileURL(join(ROOT, 'scripts', 'lib', module)).href;
  return new Promise((resolve, reject) => {
    const onExit = (): void => reject(new Error(`${module} ended the process that called ${name}`));
    child.once('exit', onExit);
    child.once('message', ({ value }: { value: unknown }) => {
      child.off('exit', onExit);
      resolve(value);
    });
    child.send({ url, name, args });
  });
}

/** Results of one function for several lists of arguments. */
export async function callEach(
  module: string,
  name: string,
  argLists: readonly (readonly unknown[])[],
): Promise<unknown[]> {
  const results: unknown[] = [];
  for (const args of argLists) results.push(await call(module, name, ...args));
  return results;
}
