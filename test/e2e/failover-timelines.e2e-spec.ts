import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SIM_PIDS, startProduct, startSimulator } from './support';
import { FailoverStage, PLAYING, type Cause, type Scene } from './support/failover-stage';
import { whyNoPrograms } from './support/programs';
import { fromFirstFlag } from './support/recording';
import { distances, unitsOf } from './support/timed-units';

const CLIP = readFileSync(join(__dirname, '../../simulator/media/clip.mpegts'));
/** The clip repeats after this time, with the same pictures and audio. */
const CLIP_TICKS = 8 * 90_000;
const HOUR_TICKS = 3600 * 90_000;
const RADIO = '7e57ca4d00000000000000000000000000000004';

/** The engine fails. The content on the others has other timestamps and, if `pidShift` is given, other PIDs. */
function toAnother(name: string, ticks: number, pidShift = 0): Cause {
  return {
    name,
    strike: async ({ id, engine, others }) => {
      for (const other of others) {
        await other.setContent(id, { pts_offset: ticks });
        if (pidShift === 0) continue;
        await other.fault({ kind: 'foreign_pids', content: id, shift: pidShift, version: 3 });
      }
      await engine.fault({ kind: 'http_status', status: 403, content: id });
      await engine.actOnReaders('end', { content: id });
    },
    // It refuses; on a busy machine possibly after its limit of 1 s.
    sources: [/^end$/, /http_403|timeout/, PLAYING],
    endsOn: 'other',
    silenceMs: 0,
    splice: 'flagged',
  };
}

const PICTURES: readonly Cause[] = [
  toAnother('an hour ahead', HOUR_TICKS),
  toAnother('an hour ahead on other PIDs', HOUR_TICKS, 16),
  toAnother('five hours behind', -5 * HOUR_TICKS),
  // Not a whole number of pictures, nor of audio frames.
  toAnother('some minutes and a bit ahead', 200 * 90_000 + 1234),
];
const SOUND: readonly Cause[] = [toAnother('an hour ahead', HOUR_TICKS)];

describe('a splice to a source with other times', () => {
  let stage: FailoverStage;
  const struck = new Map<Cause, Promise<Scene>>();

  beforeAll(async () => {
    const engines = await Promise.all(
      ['one', 'two'].map((name) =>
        startSimulator({
          ...{ name, bitrateMbps: 1, startDelayMs: 300, burstSeconds: 4 },
          // Otherwise the broadcast's clock might wrap meanwhile.
          args: ['--pts-start', String(10 * HOUR_TICKS)],
        }),
      ),
    );
    const env = {
      MAX_STREAMS_PER_ENGINE: '20',
      PROXY_STARTS_PER_ENGINE: '20',
      PROXY_RETRY_BASE: '50ms',
    };
    // Detection by silence would take 15 s.
    stage = new FailoverStage(await startProduct({ engines, env }), engines, 10_000);
    const causes = [...PICTURES, ...SOUND];
    const scenes = await Promise.all(
      causes.map((cause) => stage.watch(SOUND.includes(cause) ? RADIO : undefined)),
    );
    for (const [n, cause] of causes.entries()) {
      const run = stage.strike(cause, scenes[n]!);
      run.catch(() => undefined);
      struck.set(cause, run);
    }
  });

  const why = whyNoPrograms('ffmpeg');
  const test = why === null ? it : it.skip;
  const table = (causes: readonly Cause[]): [string, Cause][] =>
    causes.map((cause) => [cause.name, cause]);

  test.each(table(PICTURES))(
    `%s: audio and video keep their distance ${why ?? ''}`,
    async (_, cause) => {
      const scene = await struck.get(cause)!;
      await stage.judge(cause, scene);
      const body = scene.viewer.kept();
      const after = fromFirstFlag(body);
      const before = body.subarray(0, body.length - after.length);
      for (const part of [before, after]) {
        const [video, audio] = [SIM_PIDS.video, SIM_PIDS.audio].map((pid) =>
          distances(unitsOf(part, pid), unitsOf(CLIP, pid), CLIP_TICKS),
        );
        // One distance for all pictures, and the same one for all audio.
        expect(video).toHaveLength(1);
        expect(audio).toEqual(video);
      }
    },
  );

  test.each(table(SOUND))(`%s: radio continues its own timeline ${why ?? ''}`, async (_, cause) => {
    const scene = await struck.get(cause)!;
    await stage.judge(cause, scene);
    const { pids } = scene.viewer.audit;
    expect(pids.has(SIM_PIDS.video)).toBe(false);
    expect(pids.get(SIM_PIDS.audio)).toMatchObject({ flagged: 1, backSteps: 0 });
    // The steps of audio are those of the broadcast, also across the splice, without gap or overlap.
    const times = unitsOf(CLIP, SIM_PIDS.audio).map(({ pts }) => pts);
    const usualMs = Math.max(...times.slice(1).map((pts, n) => (pts - times[n]!) / 90));
    expect(pids.get(SIM_PIDS.audio)!.largestStepMs).toBeLessThan(usualMs + 30);
  });
});
