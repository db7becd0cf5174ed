import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
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
  let data: DataFolder | null;
  const opened: OpenSessionJournal[] = [];
  /** Opens the journal like a process that starts, after the last process was killed. */
  const open = async (): Promise<OpenSessionJournal> => {
    await data?.close();
    data = new DataFolder(join(folder, 'data'));
    await data.open();
    const journal = await OpenSessionJournal.from(data);
    opened.push(journal);
    return journal;
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'journal-'));
    path = join(folder, 'data', 'open-sessions.json');
    data = null;
  });
  afterEach(async () => {
    for (const journal of opened.splice(0)) await journal.close();
    await data?.close();
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
    expect((await open()).leftovers).toEqual([session(1), session(3)]);
  });

  it('writes also sessions that are opened while others are being written', async () => {
    const journal = await open();
    for (let n = 1; n <= 20; n += 1) {
      journal.opened(session(n));
      await new Promise(setImmediate);
    }
    await journal.flush();
    const { leftovers } = await open();
    expect(leftovers).toHaveLength(20);
    expect(new Set(leftovers)).toEqual(
      new Set(Array.from({ length: 20 }, (_, i) => session(i + 1))),
    );
  });

  it('keeps leftovers until they are closed', async () => {
    const first = await open();
    first.opened(session(1));
    await first.flush();
    const second = await open();
    second.opened(session(2));
    await second.flush();
    const third = await open();
    expect(third.leftovers).toEqual([session(1), session(2)]);
    third.closed(session(1));
    await third.flush();
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
    expect(data!.unlogged).toEqual([expect.stringMatching(/^open-sessions\.json is damaged: /)]);
    journal.opened(session(1));
    await journal.flush();
    expect((await open()).leftovers).toEqual([session(1)]);
  });

  describe('the file of an earlier release', () => {
    const textOf = (...sessions: OpenSession[]): string =>
      JSON.stringify({
        version: 1,
        sessions: sessions.map(({ engine: { host, port }, commandPath }) => ({
          host,
          port,
          command_path: commandPath,
        })),
      });

    it('is taken over once, and kept under another name', async () => {
      mkdirSync(join(folder, 'data'));
      writeFileSync(path, textOf(session(1), session(2)));
      const first = await open();
      expect(first.leftovers).toEqual([session(1), session(2)]);
      first.closed(session(1));
      await first.flush();
      expect((await open()).leftovers).toEqual([session(2)]);
      expect(readdirSync(join(folder, 'data'))).toEqual([
        'acefleet.db',
        'acefleet.db.bak',
        'open-sessions.json.imported',
      ]);
    });

    it('is taken over also if its last session is closed at once', async () => {
      mkdirSync(join(folder, 'data'));
      writeFileSync(path, textOf(session(1), session(2)));
      const first = await open();
      first.closed(session(2));
      await first.flush();
      expect(existsSync(path)).toBe(false);
      expect((await open()).leftovers).toEqual([session(1)]);
    });

    it('is taken from its copy if it is damaged', async () => {
      mkdirSync(join(folder, 'data'));
      writeFileSync(path, '{"version":1,"sess');
      writeFileSync(`${path}.bak`, textOf(session(1)));
      expect((await open()).leftovers).toEqual([session(1)]);
    });
  });

  it('logs once that it cannot be written, and otherwise has no effect', async () => {
    const journal = await open();
    await data!.database.close();
    journal.opened(session(1));
    await journal.flush();
    journal.opened(session(2));
    await journal.flush();
    expect(data!.unlogged).toEqual([expect.stringMatching(/^acefleet\.db cannot be written/)]);
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
      const killed = await OpenSessionJournal.from(data!);
      expect(killed.leftovers).toEqual([{ engine, commandPath: '/ace/cmd/1' }]);
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
