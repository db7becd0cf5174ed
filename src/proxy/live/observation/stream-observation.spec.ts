import 'reflect-metadata';
import { fault, stat } from '../../testing/scripted-ace.spec-support';
import { selector, LiveStage, type Joined } from '../../testing/live-stage.spec-support';
import { SyntheticStream } from '../../testing/synthetic-stream.spec-support';
import { until } from '../../testing/until.spec-support';
import { LoopPolicy } from './loop-policy';
import { MAX_SAMPLES, StatHistory } from './stat-history';
import { Starvation } from './starvation';

const A = selector('a');
const NO_POSITION = {
  ...{ pos: null, liveFirst: null, liveLast: null, firstTs: null },
  ...{ lastTs: null, last: null, bufferPieces: null },
};

describe('StatHistory', () => {
  it('keeps the last 720 samples and returns those after a time', () => {
    const history = new StatHistory();
    for (let i = 0; i < 2000; i++) history.add({ unixMs: i, engineId: 'e1', stat: stat() });
    expect(history.since(-1)).toHaveLength(MAX_SAMPLES);
    expect(history.since(1997).map(({ unixMs }) => unixMs)).toEqual([1998, 1999]);
    expect(history.latest?.unixMs).toBe(1999);
  });
});

describe('Starvation', () => {
  const dry = stat({ peers: 0, speedDownKBps: 0 });
  const lookEvery2s = (
    starvation: Starvation,
    from: number,
    to: number,
    one = dry,
    engine = 'e1',
  ) => {
    const reportedAt: number[] = [];
    for (let s = from; s < to; s += 2)
      if (starvation.look(one, engine, s * 1000)) reportedAt.push(s);
    return reportedAt;
  };

  it('is reported once per 3 min', () => {
    expect(lookEvery2s(new Starvation(), 0, 600)).toEqual([180, 360, 540]);
  });

  it.each([
    ['with peers', stat({ peers: 1, speedDownKBps: 0 })],
    ['with download speed', stat({ peers: 0, speedDownKBps: 1 })],
    ['with unknown peers and speed', stat({ peers: null, speedDownKBps: null })],
  ])('is not reported for a stream %s', (_, one) => {
    expect(lookEvery2s(new Starvation(), 0, 600, one)).toEqual([]);
  });

  it('starts again after media have arrived and on another engine', () => {
    const starvation = new Starvation();
    lookEvery2s(starvation, 0, 170);
    lookEvery2s(starvation, 170, 172, stat());
    expect(lookEvery2s(starvation, 172, 340)).toEqual([]);
    expect(lookEvery2s(starvation, 340, 510, dry, 'e2')).toEqual([]);
    expect(starvation.isStarving(525_000)).toBe(true);
  });
});

describe('LoopPolicy', () => {
  it('moves the stream twice in 10 min, then only reports', () => {
    const policy = new LoopPolicy({ loopDetection: 'failover' });
    const actions = [0, 1, 2, 3].map((minute) => policy.decide(minute * 60_000));
    expect(actions).toEqual(['failover', 'failover', 'report', 'report']);
    expect(policy.decide(11 * 60_000)).toBe('failover');
  });

  it.each(['report', 'stop'] as const)('always decides %s in that mode', (mode) => {
    const policy = new LoopPolicy({ loopDetection: mode });
    expect([0, 1, 2].map((at) => policy.decide(at))).toEqual([mode, mode, mode]);
  });
});

describe('the observation of a stream', () => {
  let stage: LiveStage;

  afterEach(async () => {
    jest.restoreAllMocks();
    await stage.close();
  });

  async function open(env: Record<string, string> = {}): Promise<Joined> {
    stage = await LiveStage.open({ env });
    return stage.live(A);
  }

  it('keeps the last statistics of the engine', async () => {
    stage = await LiveStage.open();
    stage.ace.onStat = () => stat();
    const { stream } = await stage.live(A);
    await until(() => stream.observation.stat !== null);
    expect(stream.observation.stat).toMatchObject({ engineId: 'e1', stat: { peers: 5 } });
    expect(stream.observation.polls).toEqual({ answered: 1, failed: 0, session_gone: 0 });
  });

  it('leaves an engine session that the engine no longer knows', async () => {
    const { stream, viewer } = await open();
    stage.ace.onStat = ({ playbackSessionId }) => {
      if (playbackSessionId === 'session-1') throw fault('session', 'unknown_playback_session_id');
      return stat();
    };
    (await stage.source(2)).play(30);
    await until(() => stream.failovers === 1);
    expect(stream.attempts[0]!.outcome).toBe('session_gone');
    expect(stream.current?.engine.id).toBe('e1');
    expect(stage.engines.complaints).toEqual([]);
    expect(viewer.leaveReason).toBeNull();
  });

  const loop = (): Buffer => {
    // 12 s of media, so that one repetition is longer than LOOP_DETECTION_AFTER.
    return new SyntheticStream({ startMs: 5_000_000 }).take(300);
  };

  async function openLoop(mode: string): Promise<Joined> {
    stage = await LiveStage.open({
      env: { LOOP_DETECTION: mode, LOOP_DETECTION_AFTER: '5s' },
    });
    const joined = stage.join(A);
    (await stage.source(1)).send(loop());
    await joined.ready;
    return joined;
  }

  it('reports a source that repeats itself once, and keeps it', async () => {
    const { stream, viewer } = await openLoop('report');
    const source = await stage.source(1);
    source.send(loop()).send(loop());
    await until(() => stage.events.some(({ type }) => type === 'stream_looping'));
    source.send(loop());
    expect(stream.observation.finding).toMatchObject({ cause: 'media_repeats' });
    const event = stage.events.find(({ type }) => type === 'stream_looping');
    expect(event?.payload).toMatchObject({ engine_id: 'e1', action: 'report' });
    expect(viewer.leaveReason).toBeNull();
    expect(stage.ace.count('start')).toBe(1);
    expect((await stage.publishedTypes()).filter((type) => type === 'stream_looping')).toHaveLength(
      1,
    );
  });

  it('moves a stream whose source repeats itself to another engine, without a complaint', async () => {
    const { stream, viewer } = await openLoop('failover');
    (await stage.source(1)).send(loop()).send(loop());
    (await stage.source(2)).send(loop());
    await until(() => stream.current?.engine.id === 'e2');
    expect(stream.attempts[0]!.outcome).toBe('looping');
    expect(stage.engines.complaints).toEqual([]);
    expect(viewer.leaveReason).toBeNull();
    await until(() => stage.ace.count('stop e1') === 1);
  });

  it('ends a stream whose source repeats itself, and resets its viewers', async () => {
    const { stream, viewer } = await openLoop('stop');
    (await stage.source(1)).send(loop()).send(loop());
    await until(() => stream.isOver);
    expect([stream.state, stream.endReason]).toEqual(['ended', 'looping']);
    expect(viewer.leaveReason).toBe('stopped');
  });

  it('finds no loop when the wall clock is set', async () => {
    const { stream, viewer } = await open({ LOOP_DETECTION: 'stop' });
    const real = Date.now.bind(Date);
    const { observation } = stream;
    let seconds = 0;
    /** The engine reports a live position that grows with the real time, and the observation checks it. */
    const look = (): void => {
      const lastTs = String(Math.floor(real() / 1000) + seconds++);
      observation['answered'](stat({ livePosition: { ...NO_POSITION, lastTs } }), 'e1');
      observation['tick'](performance.now() + seconds * 10_000);
    };
    for (const hours of [0, 3, -3, 30, 0]) {
      jest.spyOn(Date, 'now').mockImplementation(() => real() + hours * 3_600_000);
      for (let n = 0; n < 3; n++) look();
      expect([hours, observation.finding, stream.state]).toEqual([hours, null, 'live']);
      expect(observation.stat).not.toBeNull();
    }
    expect(viewer.leaveReason).toBeNull();
  });

  it('finds no loop when a new source begins with media of the old one', async () => {
    const { stream } = await openLoop('report');
    stream.observation['tick'](performance.now() + 10_000);
    (await stage.source(1)).reset();
    // The splicer proves that the first 12 s were delivered before, and drops them.
    (await stage.source(2))
      .send(loop())
      .send(new SyntheticStream({ startMs: 5_012_000 }).take(300));
    await until(() => stream.failovers === 1 && stream.history.points.count >= 20);
    await until(() => stage.ace.sources[1]!.body.readableLength === 0);
    stream.observation['tick'](performance.now() + 20_000);
    expect(stream.observation.finding).toBeNull();
    expect(await stage.publishedTypes()).not.toContain('stream_looping');
  });

  it('logs an internal fault once and continues', async () => {
    const { stream, viewer } = await open();
    Object.defineProperty(stream.history, 'runsFrom', {
      value: () => {
        throw new Error('broken history');
      },
    });
    const complaints = (): string[] =>
      stage.log.lines.filter((line) => line.includes('stream observation failed'));
    await until(() => complaints().length > 0);
    const looked = stream.observation['lookedMs'];
    await until(() => stream.observation['lookedMs'] > looked);
    expect(complaints()).toHaveLength(1);
    expect(viewer.leaveReason).toBeNull();
    expect(stream.state).toBe('live');
  });
});
