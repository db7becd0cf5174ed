import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Child } from './child';
import { call } from './json-http';
import { runProgram, temporaryFolder } from './programs';
import { eventually, freePort } from './wait';

const PAGE = join(__dirname, '../../../docs/reverse-proxies.md');
const STARTS_WITHIN_MS = 40_000;

/** A reverse proxy for which the documentation has a configuration. */
export type FrontProxyName = 'nginx' | 'caddy' | 'haproxy';

/**
 * The line of its configuration with its address, and the replacement for another port, on every address and
 * without TLS.
 */
const LISTENS: Readonly<Record<FrontProxyName, readonly [said: string, with_: string]>> = {
  nginx: ['listen 80;', 'listen PORT;'],
  caddy: ['tv.example.org {', 'http://:PORT {'],
  haproxy: ['bind :80', 'bind :PORT'],
};

/** The configuration from the documentation. @throws when there is not exactly one */
export function documentedConfiguration(name: FrontProxyName): string {
  const blocks = [...readFileSync(PAGE, 'utf8').matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)];
  const [block, ...more] = blocks.filter(([, language]) => language === name);
  if (block === undefined || more.length > 0) throw new Error(`no single block of ${name}`);
  return block[2]!;
}

/** Starts a proxy in front of a product. It ends with the test or file that started it. */
export async function startFrontProxy(
  name: FrontProxyName,
  configuration: string,
  productPort: number,
): Promise<{ readonly port: number; readonly child: Child }> {
  const port = await freePort();
  const [said, instead] = LISTENS[name];
  const text = [
    [said, instead.replace('PORT', String(port))] as const,
    ['127.0.0.1:8000', `127.0.0.1:${productPort}`] as const,
  ].reduce((before, [from, to]) => {
    if (!before.includes(from)) throw new Error(`the configuration of ${name} has no ${from}`);
    return before.replaceAll(from, to);
  }, configuration);
  const child = run(name, text);
  await eventually(
    async () => (await call({ port, path: '/health/live', timeoutMs: 5000 })).status === 200,
    STARTS_WITHIN_MS,
    name,
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${child.tail()}`);
  });
  return { port, child };
}

function run(name: FrontProxyName, text: string): Child {
  const folder = temporaryFolder();
  const file = join(folder, 'configuration');
  switch (name) {
    case 'nginx': {
      writeFileSync(file, text);
      const main = join(folder, 'nginx.conf');
      // The part of Debian's configuration around conf.d that matters here.
      writeFileSync(
        main,
        `daemon off; master_process off; pid ${folder}/pid; error_log stderr; events {}\n` +
          `http { access_log off; include ${file}; }\n`,
      );
      return runProgram('nginx', '-p', folder, '-e', 'stderr', '-c', main);
    }
    case 'caddy':
      // Its own API would listen on a fixed port.
      writeFileSync(file, `{\n\tadmin off\n}\n${text}`);
      return runProgram('caddy', 'run', '--adapter', 'caddyfile', '--config', file);
    case 'haproxy':
      writeFileSync(file, text);
      return runProgram('haproxy', '-db', '-f', file);
  }
}
