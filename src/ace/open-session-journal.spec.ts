import { once } from 'node:events';
import fs from 'node:fs/promises';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataFolder } from '../storage';
import { AceEngineClient } from './ace-engine-client';
import { type EngineEndpoint } from './ace.types';
import { type OpenSession, OpenSessionJournal } from './open-session-journal';

const SELECTOR = { kind: 'content_id', value: 'a'.repeat(40), fileIndex: 0 } as const;

describe('OpenSessionJournal', () => {
  let folder: string;
  let path: string;
  let data: DataFolder;
  const opened: OpenSessionJournal[] = [];
  /** Opens the journal like a process that starts. */
  const open = async (dataDir = join(folder, 'data')): Promise<OpenSessionJournal> => {
    data = new DataFolder(dataDir);
    const journal = await OpenSessionJournal.from(data);
    opened.push(journal);
    return journal;
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'journal-'));
    path = join(folder, 'data', 'open-sessions.json');
  });
  afterEach(async () => {
    for (const journal of opened.splice(0)) await journal.close();
    rmSync(folder, { recursive: true });
  });

  const session = (n: number): OpenSession => ({
    engine: { host: '::1', port: 6878 },
    commandPath: `/ace/cmd/${n}`,
  });

  it('gives the next process the open sessions, and nothing else', async () => {
    const journal = await open();
    expect(journal.leftovers).toEqual([]);
    for (const n of [1, 2, 3]) journal.opened(session(n));
    journal.closed(session(2));
    journal.closed(session(4));
    await journal.flush();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect((await open()).leftovers).toEqual([session(1), session(3)]);
  });

  it.each([0, 1, 2, 3, 4, 5])(
    'writes a session that is opened %p microtasks after the file was replaced',
    async (ticks) => {
      const journal = await open();
      const { rename } = fs;
      let opening = Promise.resolve();
      jest.spyOn(fs, 'rename').mockImplementationOnce(async (from, to) => {
        await rename(from, to);
        opening = (async () => {
          for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve();
          journal.opened(session(2));
        })();
      });
      journal.opened(session(1));
      await journal.flush();
      await opening;
      await journal.flush();
      expect((await open()).leftovers).toEqual([session(1), session(2)]);
    },
  );

  it('keeps leftovers until they are closed', async () => {
    const first = await open();
    first.opened(session(1));
    await first.flush();
    const second = await open();
    second.opened(session(2));
    await second.flush();
    expect((await open()).leftovers).toEqual([session(1), session(2)]);
    second.closed(session(1));
    await second.flush();
    expect((await open()).leftovers).toEqual([session(2)]);
  });

  it.each([
    ['text that is not JSON', 'x'],
    ['JSON without a list', '{"sessions":1}'],
    ['null', 'null'],
    ['an invalid entry', '{"sessions":[null]}'],
    [
      'an address of another host',
      '{"sessions":[{"host":"h","port":1,"command_path":"http://x/"}]}',
    ],
  ])('treats %s as empty, and logs it', async (_, text) => {
    mkdirSync(join(folder, 'data'));
    writeFileSync(path, text);
    const journal = await open();
    expect(journal.leftovers).toEqual([]);
    expect(data.unlogged).toEqual([expect.stringMatching(/^open-sessions\.json is damaged: /)]);
    journal.opened(session(1));
    await journal.flush();
    expect((await open()).leftovers).toEqual([session(1)]);
  });

  it('continues with its last good copy', async () => {
    const first = await open();
    first.opened(session(1));
    await first.flush();
    writeFileSync(path, '{"version":1,"sess');
    expect((await open()).leftovers).toEqual([session(1)]);
  });

  it('logs once that it cannot be written, and otherwise has no effect', async () => {
    const journal = await open('/proc/self/nowhere');
    journal.opened(session(1));
    await journal.flush();
    journal.opened(session(2));
    await journal.flush();
    expect(data.unlogged).toEqual(['open-sessions.json cannot be written (ENOENT)']);
  });

  describe('with a client', () => {
    let server: Server;
    let engine: EngineEndpoint;
    let targets: string[];
    let holdStops: Promise<void>;

    beforeEach(async () => {
      targets = [];
      holdStops = Promise.resolve();
      server = createServer((request, response) => {
        const target = request.url ?? '';
        targets.push(target);
        const answer = (): void => {
          const paths = { playback_url: '/ace/r/1', command_url: '/ace/cmd/1' };
          response.end(JSON.stringify({ response: { ...paths, is_live: 1 }, error: null }));
        };
        if (target.includes('method=stop')) void holdStops.then(answer);
        else answer();
      });
      await once(server.listen(0, '127.0.0.1'), 'listening');
      engine = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
    });
    afterEach(() => server.close());

    const start = (client: AceEngineClient) =>
      client.start(engine, SELECTOR, {
        playerId: 'p',
        timeoutMs: 5000,
        signal: new AbortController().signal,
      });

    it('records starts and stops', async () => {
      const journal = await open();
      const client = new AceEngineClient({}, journal);
      const opened = await start(client);
      await journal.flush();
      expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({
        version: 1,
        sessions: [{ host: engine.host, port: engine.port, command_path: '/ace/cmd/1' }],
      });
      await client.stop(engine, opened);
      await client.close();
      expect((await open()).leftovers).toEqual([]);
    });

    it('stops the sessions of an earlier run before it starts a session on that engine', async () => {
      const before = await open();
      before.opened({ engine, commandPath: '/ace/cmd/left' });
      await before.flush();
      let goOn = (): void => undefined;
      holdStops = new Promise((resolve) => (goOn = resolve));

      const journal = await open();
      const client = new AceEngineClient({}, journal);
      client.onApplicationBootstrap();
      const started = start(client);
      while (targets.length === 0) await new Promise(setImmediate);
      expect(targets).toEqual(['/ace/cmd/left?method=stop']);
      goOn();
      await started;
      expect(targets).toHaveLength(2);
      await client.close();
      expect((await open()).leftovers).toEqual([{ engine, commandPath: '/ace/cmd/1' }]);
    });
  });
});
