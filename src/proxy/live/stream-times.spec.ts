import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import { selector, LiveStage } from '../testing/live-stage.spec-support';
import { until } from '../testing/until.spec-support';

const A = selector('a');
const FIRST_BYTE = 'acefleet_time_to_first_byte_seconds';
const GAP = 'acefleet_failover_gap_seconds';

describe('the times of streams in the metrics', () => {
  let stage: LiveStage;

  beforeEach(async () => {
    stage = await LiveStage.open({ engines: 2 });
  });
  afterEach(() => stage.close());

  async function value(series: string): Promise<number> {
    const text = await stage.metrics.registry.metrics();
    const line = text.split('\n').find((one) => one.startsWith(`${series} `));
    return Number(line?.slice(series.length));
  }

  it('include the wait of each viewer for its first byte', async () => {
    const beganMs = performance.now();
    const first = stage.join(A);
    const source = await stage.source(1);
    await delay(50);
    source.play(30);
    await first.ready;
    expect(await value(`${FIRST_BYTE}_count{delivery="mpegts"}`)).toBe(0);
    await stage.attach(first);
    await stage.attach(stage.join(A));
    expect(await value(`${FIRST_BYTE}_count{delivery="mpegts"}`)).toBe(2);
    const sum = await value(`${FIRST_BYTE}_sum{delivery="mpegts"}`);
    expect(sum).toBeGreaterThanOrEqual(0.045);
    expect(sum).toBeLessThanOrEqual((2 * (performance.now() - beganMs)) / 1000);
  });

  it('include the gap of a failover, until the first source that delivers', async () => {
    const { stream } = await stage.live(A);
    const beganMs = performance.now();
    (await stage.source(1)).end();
    (await stage.source(2)).end();
    const last = await stage.source(3);
    await delay(100);
    expect(await value(`${GAP}_count`)).toBe(0);
    const { ring } = stream.history;
    let { end } = ring;
    last.play(60);
    await until(() => ring.end > end, 'media of the last source');
    expect(stream.failovers).toBe(2);
    expect(await value(`${GAP}_count`)).toBe(1);
    const gap = await value(`${GAP}_sum`);
    expect(gap).toBeGreaterThanOrEqual(0.095);
    expect(gap).toBeLessThanOrEqual((performance.now() - beganMs) / 1000 + 1);
    ({ end } = ring);
    last.play(30);
    await until(() => ring.end > end, 'more media');
    expect(await value(`${GAP}_count`)).toBe(1);
  });

  it('include no gap of a planned move', async () => {
    const { stream } = await stage.live(A);
    const { result } = stream.moveToEngine(null);
    const next = await stage.source(2);
    (await stage.source(1)).play(10);
    next.play(40);
    await result;
    await until(() => stream.current?.engine.id === 'e2', 'the stream at e2');
    expect(await value(`${GAP}_count`)).toBe(0);
  });
});
