import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { ROOT } from './repository';
import { call } from './script-module';

const TABLE = '../cli/table.mjs';

describe('tables of the command', () => {
  const render = async (rows: unknown[][], width = 200) =>
    (await call(TABLE, 'renderTable', ['ID', 'NAME'], rows, { width, hasColour: false })) as string;

  it('align columns, and mark what is missing', async () => {
    const rows = [
      ['a', 'News'],
      ['longer', null],
    ];
    expect(await render(rows)).toBe('ID      NAME\na       News\nlonger  -\n');
  });

  it('fit the terminal by cutting the widest columns', async () => {
    const text = await render([['a'.repeat(30), 'b'.repeat(50)]], 40);
    const lines = text.trimEnd().split('\n');
    expect(lines.map(({ length }) => length <= 40)).toEqual([true, true]);
    expect(lines[1]).toMatch(/^a+…  b+…$/);
  });

  it('count letters that take two columns, or none', async () => {
    const lines = (
      await render([
        ['新闻', 'x'],
        ['e\u0301', 'x'],
      ])
    ).split('\n');
    expect(lines.slice(1, 3)).toEqual(['新闻  x', 'e\u0301     x']);
  });

  it('contain no control characters from outside', async () => {
    expect(await render([['a\x1b[31m\nb', '\u202ename']])).toBe('ID        NAME\na [31m b  name\n');
  });

  it.each([
    ['a terminal', { isTTY: true, columns: 90 }, {}, { width: 90, hasColour: true }],
    ['NO_COLOR', { isTTY: true, columns: 90 }, { NO_COLOR: '1' }, { width: 90, hasColour: false }],
    ['a plain terminal', { isTTY: true }, { TERM: 'dumb' }, { width: 80, hasColour: false }],
    ['an empty NO_COLOR', { isTTY: true }, { NO_COLOR: '' }, { width: 80, hasColour: true }],
  ])('have the style of %s', async (_, stream, env, style) => {
    expect(await call(TABLE, 'outputStyle', stream, env)).toEqual(style);
  });
});

describe('the command and its key', () => {
  it('follow no redirect to another server', async () => {
    const asked: string[] = [];
    const stranger = createServer(({ headers }, response) => {
      asked.push(`stranger ${String(headers['x-api-key'])}`);
      response.end('[]');
    });
    await once(stranger.listen(0, '127.0.0.1'), 'listening');
    const { port } = stranger.address() as AddressInfo;
    const server = createServer((_, response) => {
      asked.push('server');
      response.writeHead(307, { Location: `http://127.0.0.1:${port}/` }).end();
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const program = join(ROOT, 'bin/acefleet.mjs');
    const env = { ...process.env, ACEFLEET_URL: url, API_KEY: 'marker-of-the-key' };
    const stderr = await new Promise<string>((resolve) => {
      execFile(process.execPath, [program, 'engines'], { env }, (_, __, text) => resolve(text));
    });
    for (const one of [server, stranger]) {
      one.closeAllConnections();
      one.close();
    }
    expect(asked).toEqual(['server']);
    expect(stderr).toBe(
      `acefleet engines: ${url} redirects to http://127.0.0.1:${port}: name the address of the server itself with --url\n`,
    );
  });
});

describe('the command line of the command', () => {
  function run(...args: string[]) {
    const program = join(ROOT, 'bin/acefleet.mjs');
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
      encoding: 'utf8',
    });
    return { status, stdout, stderr };
  }

  it.each([
    ['enginse', 'unknown command "enginse"; do you mean "engines"?'],
    ['engines drian e1', 'unknown command "engines drian"; do you mean "engines drain"?'],
    ['dance', 'unknown command "dance"; see acefleet --help'],
    ['scale', 'usage: acefleet scale N [options]'],
    ['scale 3 4', 'usage: acefleet scale N [options]'],
    ['backup', 'usage: acefleet backup FILE'],
    ['streams --everything', "Unknown option '--everything'; see acefleet streams --help"],
    ['status --url nowhere', '"nowhere" is no address such as http://HOST:8000'],
    ['scale many --url http://127.0.0.1:9', 'N must be a whole number, not "many"'],
  ])('%s: says what is wrong in one line, with exit code 2', (line, message) => {
    const { status, stdout, stderr } = run(...line.split(' '));
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^acefleet \w+(?: \w+)?: .+\n$/);
    expect(stderr).toContain(message);
  });

  it('explains all commands, and each of them', () => {
    expect(run()).toMatchObject({ status: 2, stderr: run('--help').stdout });
    const { status, stdout } = run('engines', '--help');
    expect(status).toBe(0);
    for (const text of [
      'Usage: acefleet engines [options]',
      'engines drain ID',
      '--json',
      '--url URL',
    ]) {
      expect(stdout).toContain(text);
    }
    expect(run('streams', 'move', '-h').stdout).toContain('--engine ID');
  });
});
