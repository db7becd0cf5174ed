import type { Viewer } from '../viewers';
import { EgressLimit } from './egress-limit';

const M = 1_000_000;

/** Bit rate of a stream, and its numbers of viewers who receive media and who wait for them. */
type Facts = readonly [bps: number | null, fed: number, waiting?: number];

describe('EgressLimit', () => {
  function limitOf(
    settings: { total?: number; stream?: number },
    streams: Facts[] = [],
  ): EgressLimit {
    const { total = 0, stream = 0 } = settings;
    const viewer = (isFed: boolean): Viewer => ({ isFed }) as Viewer;
    return new EgressLimit(
      { maxEgressBps: total, proxyMaxStreamBps: stream },
      streams.map(([viewerBps, fed, waiting = 0]) => ({
        viewerBps,
        viewers: new Set([
          ...Array.from({ length: fed }, () => viewer(true)),
          ...Array.from({ length: waiting }, () => viewer(false)),
        ]),
      })),
    );
  }

  function refusal(limit: EgressLimit, streamBps: number | null): string | null {
    try {
      limit.check(streamBps);
      return null;
    } catch (error) {
      const { code, detail } = error as Record<string, string>;
      return `${code}: ${detail}`;
    }
  }

  it('counts the viewers who receive media, with the bit rates of their streams', () => {
    expect(
      limitOf({}, [
        [8 * M, 2, 5],
        [4 * M, 1],
        [3 * M, 0],
      ]).bps,
    ).toBe(20 * M);
    expect(limitOf({}, []).bps).toBe(0);
  });

  it('counts a stream that is not measured yet with the median of the others', () => {
    expect(
      limitOf({}, [
        [8 * M, 1],
        [4 * M, 0],
        [1 * M, 0],
        [null, 2],
      ]).bps,
    ).toBe(16 * M);
    expect(limitOf({}, [[null, 2]]).bps).toBe(0);
  });

  it('admits a viewer whose stream fits, up to the limit itself', () => {
    const limit = limitOf({ total: 20 * M }, [[4 * M, 3]]);
    expect(refusal(limit, 8 * M)).toBeNull();
    expect(refusal(limit, 8 * M + 1)).toBe(
      'egress_limit: Viewers take 12 Mbit/s of 20 Mbit/s, and one more needs 8 Mbit/s.',
    );
  });

  it('expects the median of the others of a stream that is not measured yet', () => {
    expect(refusal(limitOf({ total: 20 * M }, [[4 * M, 4]]), null)).toBeNull();
    expect(refusal(limitOf({ total: 20 * M - 1 }, [[4 * M, 4]]), null)).toMatch(/^egress_limit: /);
  });

  it('expects 2 Mbit/s while no stream is measured, but admits a first viewer whatever the limit is', () => {
    expect(refusal(limitOf({ total: 20 * M }, [[null, 9]]), null)).toBeNull();
    expect(refusal(limitOf({ total: 20 * M }, [[null, 10]]), null)).toBe(
      'egress_limit: Viewers take 20 Mbit/s of 20 Mbit/s, and one more needs 2 Mbit/s.',
    );
    expect(refusal(limitOf({ total: M }), null)).toBeNull();
    expect(refusal(limitOf({ total: M }, [[null, 0, 1]]), null)).toMatch(/^egress_limit: /);
  });

  it('counts viewers who wait for a start, so that many starts at once do not exceed the limit', () => {
    expect(refusal(limitOf({ total: 20 * M }, [[4 * M, 2, 2]]), 4 * M)).toBeNull();
    expect(refusal(limitOf({ total: 20 * M }, [[4 * M, 2, 3]]), 4 * M)).toMatch(/^egress_limit: /);
    const waiting = [
      [4 * M, 1],
      [null, 0, 4],
    ] satisfies Facts[];
    expect(refusal(limitOf({ total: 20 * M }, waiting), null)).toMatch(/^egress_limit: /);
  });

  it('does not count viewers who leave before the next one joins', () => {
    const viewer = { isFed: true } as Viewer;
    const streams = [{ viewerBps: 8 * M, viewers: new Set([viewer]) }];
    const limit = new EgressLimit({ maxEgressBps: 10 * M, proxyMaxStreamBps: 0 }, streams);
    expect(() => limit.check(4 * M)).toThrow(expect.objectContaining({ code: 'egress_limit' }));
    expect(() => limit.check(4 * M, [viewer])).not.toThrow();
    expect(() => limit.check(11 * M, [viewer])).toThrow('Viewers take 0 ');
  });

  it('refuses a stream above the highest bit rate, whatever is left', () => {
    expect(refusal(limitOf({ stream: 10 * M }), 10 * M)).toBeNull();
    expect(refusal(limitOf({ stream: 10 * M }), null)).toBeNull();
    expect(refusal(limitOf({ stream: 10 * M, total: 100 * M }), 12_340_000)).toBe(
      'bitrate_limit: The stream has 12.3 Mbit/s; viewers get at most 10 Mbit/s.',
    );
  });

  it('follows changes of MAX_EGRESS_BPS and PROXY_MAX_STREAM_BPS', () => {
    const settings = { maxEgressBps: 0, proxyMaxStreamBps: 0 };
    const limit = new EgressLimit(settings, []);
    expect(refusal(limit, 9 * M)).toBeNull();
    settings.maxEgressBps = 5 * M;
    expect(refusal(limit, 9 * M)).toMatch(/^egress_limit/);
    settings.proxyMaxStreamBps = 5 * M;
    expect(refusal(limit, 9 * M)).toMatch(/^bitrate_limit/);
  });

  it('limits nothing with 0', () => {
    const limit = limitOf({}, [[1e12, 3]]);
    expect(refusal(limit, 1e12)).toBeNull();
    expect(limit.maxBps).toBeNull();
    expect(limitOf({ total: M }).maxBps).toBe(M);
  });

  it('follows changes of MAX_EGRESS_BPS and PROXY_MAX_STREAM_BPS', () => {
    const settings = { maxEgressBps: 0, proxyMaxStreamBps: 0 };
    const limit = new EgressLimit(settings, []);
    expect(() => limit.check(5 * M)).not.toThrow();
    settings.maxEgressBps = 4 * M;
    expect(() => limit.check(5 * M)).toThrow(expect.objectContaining({ code: 'egress_limit' }));
    expect(limit.maxBps).toBe(4 * M);
    Object.assign(settings, { maxEgressBps: 0, proxyMaxStreamBps: 3 * M });
    expect(() => limit.check(5 * M)).toThrow(expect.objectContaining({ code: 'bitrate_limit' }));
  });
});
