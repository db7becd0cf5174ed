import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './repository';

/** Answers each message with what a function of a module returns. */
const SERVANT = `
process.on('message', async ({ url, name, args }) => {
  const module = await import(url);
  process.send({ value: (await module[name](...args)) ?? null });
});`;

/** The scripts are ES modules, which jest does not load: a Node.js of its own has them, one for each test file. */
let servant: ChildProcess | null = null;
afterAll(() => servant?.kill());

export function call(module: string, name: string, ...args: unknown[]): Promise<unknown> {
  servant ??= spawn(process.execPath, ['--input-type=module', '-e', SERVANT], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const child = servant;
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
