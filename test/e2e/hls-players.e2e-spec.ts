import { eventually, newContentId, startProduct, startSimulator, type Product } from './support';
import { concurrently } from './support/concurrently';
import { manifestPath } from './support/hls';
import { runAsNobody, runProgram, whyNoPrograms } from './support/programs';
import { clientsOf } from './support/session-facts';

const ENDS_WITHIN_MS = 80_000;

describe('real players play HLS', () => {
  let product: Product;

  beforeAll(async () => {
    const engine = await startSimulator({ startDelayMs: 300, bitrateMbps: 4, burstSeconds: 16 });
    product = await startProduct({ engines: [engine], env: { HLS_SEGMENT_DURATION: '2s' } });
  });

  const tests: Record<string, () => Promise<void>> = {};

  function withPrograms(names: readonly string[], what: string, run: () => Promise<void>): void {
    const why = whyNoPrograms(...names);
    if (why === null) tests[what] = run;
    else it.skip(`${what} ${why}`, run);
  }

  withPrograms(['ffprobe'], 'ffprobe: H.264 and AAC, from a key frame on', async () => {
    const entries = 'stream=codec_name,width,height:frame=key_frame,pict_type';
    const probe = runProgram(
      'ffprobe',
      ...['-v', 'error', '-of', 'csv', '-show_entries', entries, '-select_streams', 'v'],
      ...['-read_intervals', '%+#30', product.url(manifestPath(newContentId()))],
    );
    await eventually(() => probe.ended !== null, ENDS_WITHIN_MS, 'the end of ffprobe');
    expect(probe.ended!.code).toBe(0);
    const frames = probe.lines.filter((line) => line.startsWith('frame,'));
    expect(frames).toHaveLength(30);
    expect(frames[0]).toMatch(/^frame,1,I/);
    expect(probe.lines.join('\n')).toContain('stream,h264,640,360');
  });

  withPrograms(['ffmpeg'], 'ffmpeg: twenty seconds without an error, as one viewer', async () => {
    const id = newContentId();
    const player = runProgram(
      'ffmpeg',
      ...['-hide_banner', '-nostdin', '-v', 'warning', '-err_detect', 'crccheck+bitstream+buffer'],
      ...['-progress', 'pipe:1', '-i', product.url(manifestPath(id))],
      ...['-map', '0:v', '-map', '0:a', '-t', '20', '-f', 'null', '-'],
    );
    let most = 0;
    await eventually(
      async () => {
        // After the player's first request.
        const session = await product.session(id);
        if (session !== undefined) most = Math.max(most, (await clientsOf(product, id)).length);
        return player.ended !== null;
      },
      ENDS_WITHIN_MS,
      'the end of ffmpeg',
    );
    expect(player.ended!.code).toBe(0);
    expect(player.lines.filter((line) => !/^\w+=/.test(line))).toEqual([]);
    const frames = player.lines.flatMap((line) => /^frame=\s*(\d+)/.exec(line)?.[1] ?? []);
    expect(Number(frames.at(-1))).toBeGreaterThanOrEqual(498);
    expect(player.lines).toContain('drop_frames=0');
    expect(most).toBe(1);
  });

  const vlc = process.getuid?.() === 0 ? ['cvlc', 'runuser'] : ['cvlc'];
  withPrograms(vlc, 'VLC: pictures and sound, as one viewer', async () => {
    const id = newContentId();
    const player = runAsNobody(
      'cvlc',
      ...['--intf', 'dummy', '--no-dbus', '--vout', 'vdummy', '--aout', 'adummy'],
      ...['--avcodec-hw=none', '--no-color', '-vv', '--run-time', '10', '--play-and-exit'],
      ...[product.url(manifestPath(id)), 'vlc://quit'],
    );
    let most = 0;
    await eventually(
      async () => {
        const session = await product.session(id);
        if (session !== undefined) most = Math.max(most, (await clientsOf(product, id)).length);
        return player.ended !== null;
      },
      ENDS_WITHIN_MS,
      'the end of VLC',
    );
    expect(player.ended!.code).toBe(0);
    const text = player.lines.join('\n');
    expect(text).toMatch(/decoder debug: Received first picture/);
    expect(text).toMatch(/has now es fcc=h264/);
    expect(text).toMatch(/has now es fcc=mp4a/);
    expect(text).not.toMatch(/libavcodec error|ts demux error|HTTP(\/[\d.]+)? 404\b/i);
    expect(most).toBe(1);
  });

  concurrently(tests);
});
