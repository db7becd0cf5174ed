import 'reflect-metadata';
import { broadcast, PLAIN } from '../../testing/broadcast.spec-support';
import { engineSession, fault } from '../../testing/scripted-ace.spec-support';
import { selector, LiveStage, type Joined } from '../../testing/live-stage.spec-support';
import { until } from '../../testing/until.spec-support';

/** The broadcast that all engines deliver, with a key frame each second. */
const BROADCAST = broadcast({
  ...{ seed: 1, frames: 700, gop: 25, bFrames: false, startTicks: 900_000 },
  layout: PLAIN,
});
const FRAMES = 50;

let stage: LiveStage;
let joined: Joined;
let opened: number;
/** Time that tests add to the monotonic clock. */
let passedMs: number;

const frames = (from: number, to: number): Buffer =>
  BROADCAST.bytes.subarray(BROADCAST.frameAt[from], BROADCAST.frameAt[to]);

async function open(env: Record<string, string>): Promise<void> {
  passedMs = 0;
  const real = performance.now.bind(performance);
  jest.spyOn(performance, 'now').mockImplementation(() => real() + passedMs);
  stage = await LiveStage.open({ env, engines: 9 });
  joined = stage.join(selector('a'));
  (await stage.source(1)).send(frames(0, FRAMES - 1));
  await joined.ready;
  opened = 1;
}

afterEach(async () => {
  jest.restoreAllMocks();
  await stage.close();
});

/** Lets `ms` pass; the source then delivers one more picture and ends. */
async function endAfter(ms: number): Promise<void> {
  passedMs += ms;
  const end = opened * FRAMES;
  (await stage.source(opened)).send(frames(end - 1, end)).end();
}

/** The source ends after `ms`. The next one begins a second before that end, or with a gap a second after it. */
async function change(how: 'without loss' | 'with a gap', ms: number): Promise<void> {
  const { stream } = joined;
  await endAfter(ms);
  const end = opened * FRAMES;
  const from = how === 'without loss' ? end - 25 : end + 25;
  opened++;
  (await stage.source(opened)).send(frames(from, end + FRAMES - 1));
  await until(() => stream.failovers === opened - 1 && stream.ingest.join !== null);
  expect(stream.ingest.join?.isFlagged).toBe(how === 'with a gap');
}

async function expectGivenUp(detail: string): Promise<void> {
  await endAfter(1000);
  await until(() => joined.stream.isOver);
  expect(joined.stream.error).toMatchObject({ code: 'engine_failed' });
  expect(joined.stream.error?.detail).toContain(detail);
  expect(joined.stream.attempts.at(-1)).toMatchObject({ outcome: 'source_lost_too_often' });
  expect(joined.viewer.leaveReason).toBe('stream_failed');
  await until(() => stage.engines.inUse() === 0);
}

describe('a stream whose source ends every 20 s', () => {
  it('continues while no media are lost, and fails at the limit of changes with a gap', async () => {
    await open({ PROXY_FAILOVER_LIMIT: '3', PROXY_STABLE_AFTER: '30s' });
    for (let n = 0; n < 7; n++) await change('without loss', 20_000);
    // Each change stayed on the same engine, because no media were lost.
    expect(stage.ace.log.filter((line) => line.startsWith('start e1'))).toHaveLength(8);
    for (let n = 0; n < 3; n++) {
      await change('with a gap', 20_000);
    }
    expect(joined.stream.isOver).toBe(false);
    await expectGivenUp('3 times within 300 s');
  });

  it('fails when no new source has media that viewers lack', async () => {
    await open({ PROXY_FAILOVER_LIMIT: '2' });
    await endAfter(20_000);
    for (let n = 2; n <= 3; n++) {
      const before = joined.stream.ingest.bytesIn;
      const next = (await stage.source(n)).send(frames(FRAMES - 25, FRAMES));
      await until(() => joined.stream.ingest.bytesIn > before);
      next.end();
    }
    await expectGivenUp('2 times within 300 s');
  });
});

describe('a stream whose source ends every second', () => {
  it('fails although no media are lost', async () => {
    await open({ PROXY_FAILOVER_LIMIT: '3' });
    for (let n = 0; n < 3; n++) {
      await change('without loss', 1000);
    }
    await expectGivenUp('lost 3 times within 15 s, each time replaced without a gap');
  });
});

describe('a stream whose engines die', () => {
  it('continues however many engines die', async () => {
    await open({ PROXY_FAILOVER_LIMIT: '1' });
    const dead = new Set<string>();
    stage.ace.onStart = ({ engineId, number }) =>
      dead.has(engineId)
        ? Promise.reject(fault('engine', 'connect_refused'))
        : engineSession(number);
    for (let n = 1; n <= 5; n++) {
      dead.add(`e${n}`);
      await change('with a gap', 1000);
      expect(joined.stream.engineId).toBe(`e${n + 1}`);
    }
    expect(joined.stream.failovers).toBe(5);
  });
});
