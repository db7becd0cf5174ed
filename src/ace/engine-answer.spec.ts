import fc from 'fast-check';
import { EngineFault } from './ace.types';
import {
  commandPathOf,
  faultOfBody,
  networkConnectedOf,
  sessionOf,
  statOf,
  versionOf,
  type EngineAnswer,
} from './engine-answer';

const HASH = 'ABCDEF0123456789abcdef0123456789abcdef01';

function answer(value: unknown, status = 200): EngineAnswer {
  return { status, body: typeof value === 'string' ? value : JSON.stringify(value) };
}

function response(fields: Record<string, unknown>): EngineAnswer {
  return answer({ response: { playback_url: 'http://e/ace/r/a/b', ...fields }, error: null });
}

describe('sessionOf', () => {
  it('describes the session with addresses of the engine itself', () => {
    const given = response({
      playback_url: 'http://10.9.9.9:1/ace/r/a/b',
      stat_url: 'http://bogus/ace/stat/a/b',
      command_url: '/ace/cmd/a/b',
      infohash: HASH,
      playback_session_id: 'f00',
      is_live: 1,
    });
    expect(sessionOf(given, 'p1')).toEqual({
      playbackPath: '/ace/r/a/b',
      statPath: '/ace/stat/a/b',
      commandPath: '/ace/cmd/a/b',
      infohash: HASH.toLowerCase(),
      playbackSessionId: 'f00',
      isLive: 1,
      playerId: 'p1',
    });
  });

  it('needs only the playback address, and ignores wrong types', () => {
    const empty = { statPath: null, commandPath: null, infohash: null, playbackSessionId: null };
    expect(sessionOf(response({}), 'p')).toMatchObject({ ...empty, isLive: -1 });
    const wrong = { stat_url: 7, command_url: {}, infohash: 'short', playback_session_id: [] };
    expect(sessionOf(response(wrong), 'p')).toMatchObject({ ...empty, isLive: -1 });
  });

  it.each([
    [1, 1],
    [0, 0],
    [-1, -1],
    ['1', 1],
    [true, 1],
    [false, 0],
    [2, -1],
    [null, -1],
    ['', -1],
  ])('is_live %j means %d', (isLive, expected) => {
    expect(sessionOf(response({ is_live: isLive }), 'p').isLive).toBe(expected);
  });

  it.each([
    ['', 200, 'engine', 'bad_json'],
    ['<html>', 200, 'engine', 'bad_json'],
    ['{"response":{"playback_url":"htt', 200, 'engine', 'bad_json'],
    ['['.repeat(60_000), 200, 'engine', 'bad_json'],
    ['[]', 200, 'engine', 'bad_json'],
    ['null', 200, 'engine', 'bad_json'],
    ['{}', 200, 'engine', 'no_response'],
    [{ response: null, error: null }, 200, 'engine', 'no_response'],
    [{ response: 'ok' }, 200, 'engine', 'no_response'],
    [{ response: [] }, 200, 'engine', 'no_response'],
    [{ response: {} }, 200, 'engine', 'no_playback_url'],
    [{ response: { playback_url: '' } }, 200, 'engine', 'no_playback_url'],
    [{ response: { playback_url: 5 } }, 200, 'engine', 'no_playback_url'],
    [{ response: { playback_url: 'file:///ace/r/a' } }, 200, 'engine', 'foreign_address'],
    [{ response: null, error: 'failed to load content' }, 200, 'content', 'failed_to_load_content'],
    [
      { response: {}, error: { message: 'got newer download' } },
      200,
      'session',
      'got_newer_download',
    ],
    [{ error: 'an unknown text' }, 200, 'engine', 'unknown_error'],
    [{ error: 'failed to start' }, 500, 'content', 'failed_to_start'],
    ['start timeout', 500, 'warming', 'start_timeout'],
    ['<html>', 500, 'engine', 'http_500'],
    ['{"response":{}}', 404, 'engine', 'http_404'],
  ])('%j with HTTP %d is the fault %s/%s', (body, status, kind, reason) => {
    expect(() => sessionOf(answer(body, status), 'p')).toThrow(
      expect.objectContaining({ name: 'EngineFault', kind, reason }),
    );
  });

  it.each(['stat_url', 'command_url'])('refuses a %s on another host', (field) => {
    expect(() => sessionOf(response({ [field]: 'http://h/latest' }), 'p')).toThrow(EngineFault);
  });

  it('throws only EngineFaults', () => {
    const body = fc.oneof(
      fc.string(),
      fc.json(),
      fc.json().map((j) => `{"response":${j}}`),
    );
    fc.assert(
      fc.property(body, fc.constantFrom(200, 500), (text, status) => {
        for (const parse of [statOf, versionOf, (a: EngineAnswer) => sessionOf(a, 'p')]) {
          try {
            parse(answer(text, status));
          } catch (error) {
            expect(error).toBeInstanceOf(EngineFault);
          }
        }
      }),
    );
  });
});

describe('commandPathOf', () => {
  it('finds the command path of a session whose media are unusable', () => {
    const given = { response: { playback_url: '', command_url: 'http://x/ace/cmd/a/b' } };
    expect(commandPathOf(answer(given))).toBe('/ace/cmd/a/b');
  });

  it.each(['<html>', { response: null }, { response: { command_url: 'http://x/admin' } }])(
    'finds no command path in %j',
    (body) => {
      expect(commandPathOf(answer(body))).toBeNull();
    },
  );
});

describe('statOf', () => {
  it('reads numbers and the strings of livepos', () => {
    const livepos = { pos: '10', live_last: '20', last: 30, first_ts: '1' };
    const fields = { status: 'dl', peers: 4, speed_down: '120', speed_up: 3, livepos };
    const rest = { downloaded: 16384, uploaded: 0 };
    expect(statOf(answer({ response: { ...fields, ...rest }, error: null }))).toEqual({
      status: 'dl',
      peers: 4,
      speedDownKBps: 120,
      speedUpKBps: 3,
      downloadedBytes: 16384,
      uploadedBytes: 0,
      livePosition: {
        pos: '10',
        liveFirst: null,
        liveLast: '20',
        firstTs: '1',
        lastTs: null,
        last: '30',
        bufferPieces: null,
      },
    });
  });

  it('reads no facts from the empty first answer, or from wrong types', () => {
    const nothing = {
      status: null,
      peers: null,
      speedDownKBps: null,
      speedUpKBps: null,
      downloadedBytes: null,
      uploadedBytes: null,
      livePosition: null,
    };
    expect(statOf(answer({ response: {}, error: null }))).toEqual(nothing);
    const wrong = { status: {}, peers: -1, speed_down: 'fast', uploaded: [], livepos: [] };
    expect(statOf(answer({ response: wrong }))).toEqual(nothing);
  });

  it('reports that the session is gone', () => {
    const gone = answer({ response: null, error: 'unknown playback session id' });
    expect(() => statOf(gone)).toThrow(expect.objectContaining({ kind: 'session' }));
  });
});

describe('probe answers', () => {
  it('reads the version, which may be missing', () => {
    expect(versionOf(answer({ result: { version: '3.2.3', code: 1 }, error: null }))).toBe('3.2.3');
    expect(versionOf(answer({ result: {} }))).toBeNull();
    expect(versionOf(answer({ error: { message: 'unknown method' } }))).toBeNull();
    expect(() => versionOf(answer({ result: null, error: 'access denied' }))).toThrow(EngineFault);
  });

  it('reads the network state, and takes every error as unknown', () => {
    expect(networkConnectedOf(answer({ result: { connected: true } }))).toBe(true);
    expect(networkConnectedOf(answer({ result: { connected: false } }))).toBe(false);
    expect(networkConnectedOf(answer({ result: { connected: 'yes' } }))).toBeNull();
    expect(networkConnectedOf(answer({ error: 'access denied' }))).toBeNull();
    expect(networkConnectedOf(answer('<html>', 404))).toBeNull();
  });
});

describe('faultOfBody', () => {
  it('reads refusals as JSON or as plain text', () => {
    expect(faultOfBody('{"error":"got newer download"}')?.kind).toBe('session');
    expect(faultOfBody('download not found')?.kind).toBe('warming');
    expect(faultOfBody('{"error":null}')).toBeNull();
    expect(faultOfBody('')).toBeNull();
  });
});
