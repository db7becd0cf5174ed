import 'reflect-metadata';
import { engineSession, fault } from '../../testing/scripted-ace.spec-support';
import { ScriptedSource } from '../../testing/scripted-source.spec-support';
import { selector, LiveStage, type StageOptions } from '../../testing/live-stage.spec-support';
import { until, untilAborted } from '../../testing/until.spec-support';

const A = selector('a');

let stage: LiveStage;

async function open(options: StageOptions = {}): Promise<void> {
  stage = await LiveStage.open(options);
}

afterEach(() => stage.close());

describe('a start that an engine refuses', () => {
  it('asks the same engine for the other kind of id, then fails with content_not_found', async () => {
    await open();
    stage.ace.onStart = ({ number }) => Promise.reject(fault('content', `unknown-${number}`));
    const { ready, stream } = stage.join(A);
    await expect(ready).rejects.toMatchObject({ code: 'content_not_found' });
    expect(stage.ace.log).toEqual(['start e1 content_id', 'start e1 infohash']);
    expect(stream.attempts).toMatchObject([
      { engineId: 'e1', outcome: 'content_unknown', detail: expect.stringContaining('unknown-1') },
    ]);
  });

  it('plays the other kind of id when the engine knows it, and uses that kind from then on', async () => {
    await open();
    stage.ace.onStart = ({ number, selector: { kind } }) =>
      kind === 'infohash' ? engineSession(number) : Promise.reject(fault('content', 'unknown'));
    const { stream } = await stage.live(A);
    (await stage.source(1)).end();
    await stage.source(2);
    expect(stage.ace.log.filter((line) => line.startsWith('start'))).toEqual([
      'start e1 content_id',
      'start e1 infohash',
      'start e1 infohash',
    ]);
    expect(stream.isOver).toBe(false);
  });

  it('does not trust an engine without a network connection that calls the content unknown', async () => {
    await open();
    stage.engines.disconnect('e1');
    stage.ace.onStart = ({ engineId, number }) =>
      engineId === 'e1' ? Promise.reject(fault('content', 'unknown')) : engineSession(number);
    const { stream } = await stage.live(A);
    expect(stream.current?.engine.id).toBe('e2');
    expect(stage.engines.complaints).toEqual(['e1: bad_answer']);
    await until(() => stage.engines.inUse('e1') === 0);
  });

  it('goes to another engine at once, and complains about the first', async () => {
    await open();
    stage.ace.onStart = ({ engineId, number }) =>
      engineId === 'e1'
        ? Promise.reject(fault('engine', 'connect_refused'))
        : engineSession(number);
    const { stream } = await stage.live(A);
    expect(stream.current?.engine.id).toBe('e2');
    expect(stream.attempts.map(({ engineId }) => engineId)).toEqual(['e1', 'e2']);
    expect(stage.engines.complaints).toEqual(['e1: connect_refused']);
    expect(stream.failovers).toBe(0);
  });

  it('asks every engine once, then fails with the detail of the last', async () => {
    await open({ engines: 3 });
    stage.ace.onStart = ({ engineId }) => Promise.reject(fault('engine', `bad_json_${engineId}`));
    const { ready } = stage.join(A);
    await expect(ready).rejects.toMatchObject({
      code: 'engine_failed',
      detail: expect.stringContaining('bad_json_e3'),
    });
    expect(stage.ace.count('start')).toBe(3);
    await until(() => stage.engines.inUse() === 0);
  });

  it('fails with the error of the scheduler when there is no slot', async () => {
    await open({ engines: 1, slots: 0 });
    await expect(stage.join(A).ready).rejects.toMatchObject({ code: 'no_capacity' });
    expect(stage.ace.log).toEqual([]);
  });
});

describe('a start of unsupported content', () => {
  it('fails for a file, and stops its engine session', async () => {
    await open();
    stage.ace.onStart = ({ number }) => engineSession(number, { isLive: 0 });
    const { ready } = stage.join(A);
    await expect(ready).rejects.toMatchObject({ code: 'unsupported_content' });
    await until(() => stage.engines.inUse() === 0);
    expect(stage.ace.log).toEqual(['start e1 content_id', 'stop e1 /ace/cmd/1']);
  });

  it('fails at the first bytes of another container format', async () => {
    await open();
    const { ready } = stage.join(A);
    const mp4 = Buffer.concat([Buffer.from('\0\0\0\x20ftypisom', 'latin1'), Buffer.alloc(70_000)]);
    (await stage.source(1)).send(mp4);
    await expect(ready).rejects.toMatchObject({
      code: 'unsupported_content',
      detail: expect.stringContaining('MP4'),
    });
  });

  it('blames the engine for an error page and goes to another engine', async () => {
    await open();
    const { stream, ready } = stage.join(A);
    (await stage.source(1)).send(Buffer.from('<html>'.repeat(20_000)));
    (await stage.source(2)).play(30);
    await ready;
    expect(stream.current?.engine.id).toBe('e2');
    expect(stage.engines.complaints).toEqual(['e1: bad_answer']);
  });
});

describe('a start that takes long', () => {
  it('opens the same engine session again while the engine has no media yet', async () => {
    await open();
    let tries = 0;
    stage.ace.onOpen = () =>
      ++tries < 4 ? Promise.reject(fault('warming', 'http_500')) : new ScriptedSource().play(30);
    const { ready } = stage.join(A);
    await ready;
    expect(stage.ace.log).toEqual(['start e1 content_id', ...Array(4).fill('open e1 /ace/r/1')]);
  });

  it.each<[string, () => void]>([
    [
      'the engine never has media',
      () => {
        stage.ace.onOpen = () => Promise.reject(fault('warming', 'http_500'));
      },
    ],
    ['no bytes arrive', () => undefined],
    [
      'only bytes that are no media arrive',
      () => {
        stage.ace.onOpen = () => new ScriptedSource().send(Buffer.alloc(188 * 50, 0xff));
      },
    ],
    [
      'media without tables arrive, which nobody can join',
      () => {
        stage.ace.onOpen = () => {
          const source = new ScriptedSource({ psi: false });
          const playing = setInterval(() => source.play(1), 20);
          source.body.on('close', () => clearInterval(playing));
          return source;
        };
      },
    ],
  ])('fails within the start budget when %s', async (_, arrange) => {
    await open({ env: { PROXY_INIT_TIMEOUT: '600ms', PROXY_STALL_TIMEOUT: '400ms' } });
    arrange();
    const beganMs = performance.now();
    await expect(stage.join(A).ready).rejects.toMatchObject({ code: 'start_timeout' });
    expect(performance.now() - beganMs).toBeGreaterThan(500);
    await until(() => stage.engines.inUse() === 0);
    expect(stage.ace.count('stop')).toBe(1);
  });

  it('fails with start_timeout when the engine never answers', async () => {
    await open({ env: { PROXY_INIT_TIMEOUT: '300ms' } });
    stage.ace.onStart = ({ signal }) =>
      Promise.race([
        untilAborted(signal),
        new Promise<never>((_, reject) => {
          setTimeout(() => reject(fault('engine', 'answer_timeout')), 300);
        }),
      ]);
    await expect(stage.join(A).ready).rejects.toMatchObject({ code: 'start_timeout' });
    expect(stage.engines.inUse()).toBe(0);
  });
});

describe('the attempts of a start', () => {
  it('are listed with engine, duration and outcome', async () => {
    await open();
    stage.ace.onStart = ({ engineId, number }) =>
      engineId === 'e1' ? Promise.reject(fault('engine', 'bad_json')) : engineSession(number);
    const { stream } = await stage.live(A);
    expect(stream.attempts).toEqual([
      {
        engineId: 'e1',
        source: null,
        startedAt: expect.any(String),
        startedMs: expect.any(Number),
        answeredMs: null,
        durationMs: expect.any(Number),
        outcome: 'engine_failed',
        detail: 'bad_json: said the engine',
      },
      {
        engineId: 'e2',
        source: null,
        startedAt: expect.any(String),
        startedMs: expect.any(Number),
        answeredMs: expect.any(Number),
        durationMs: null,
        outcome: 'playing',
        detail: null,
      },
    ]);
    await stream.end('stopped');
    expect(stream.attempts[1]).toMatchObject({
      outcome: 'stopped',
      durationMs: expect.any(Number),
    });
  });
});
