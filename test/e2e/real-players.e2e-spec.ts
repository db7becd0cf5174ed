import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import {
  eventually,
  newContentId,
  onScopeEnd,
  PACKET_BYTES,
  startProduct,
  startSimulator,
  streamPath,
  type Child,
  type Product,
} from './support';
import { openPage, whyNoBrowser } from './support/browser';
import { runAsNobody, runProgram, temporaryFolder, whyNoPrograms } from './support/programs';

/** Time from the engine's first byte to the first picture. */
const PICTURE_WITHIN_MS = 3000;
/** A machine that runs other tests decodes slowly; a player without media shows nothing. */
const SLACK_MS = 12_000;
const ENDS_WITHIN_MS = 60_000;

const MPEGTS = require.resolve('mpegts.js/dist/mpegts.js');

/** The state of a page's video element. */
interface Look {
  readonly time: number;
  readonly width: number;
  readonly frames: number;
  /** The player's errors. */
  readonly failure: string;
}

describe('real players show pictures', () => {
  let product: Product;

  beforeAll(async () => {
    const engine = await startSimulator({ startDelayMs: 500, bitrateMbps: 4 });
    product = await startProduct({ engines: [engine] });
  });

  /** A test that needs these programs. */
  function withPrograms(names: readonly string[], what: string, run: () => Promise<void>): void {
    const why = whyNoPrograms(...names);
    (why === null ? it : it.skip)(`${what} ${why ?? ''}`, run);
  }

  async function expectQuick(id: string, shownAt: number): Promise<void> {
    const { timeline } = await product.session(id);
    const firstByteAt = Date.parse(timeline.first_byte_at);
    expect(shownAt - firstByteAt).toBeLessThan(PICTURE_WITHIN_MS + SLACK_MS);
  }

  /** Time at which the player printed this. */
  async function whenPrinted(player: Child, what: RegExp): Promise<number> {
    return player.line((line) => (what.test(line) ? Date.now() : null), ENDS_WITHIN_MS);
  }

  async function endOf(player: Child): Promise<number | null> {
    await eventually(() => player.ended !== null, ENDS_WITHIN_MS, `the end of ${player.name}`);
    return player.ended!.code;
  }

  withPrograms(['ffprobe'], 'ffprobe: H.264 and AAC, from a key frame on', async () => {
    const id = newContentId();
    const entries = 'stream=codec_name,width,height:frame=key_frame,pict_type';
    const probe = runProgram(
      'ffprobe',
      ...['-v', 'error', '-of', 'csv', '-show_entries', entries],
      ...['-select_streams', 'v', '-read_intervals', '%+#30', product.url(streamPath(id))],
    );
    expect(await endOf(probe)).toBe(0);
    await expectQuick(id, Date.now());
    const frames = probe.lines.filter((line) => line.startsWith('frame,'));
    expect(frames).toHaveLength(30);
    expect(frames[0]).toMatch(/^frame,1,I/);
    expect(probe.lines).toContain('stream,h264,640,360');
    const rest = probe.lines.filter((line) => !/^(?:frame|stream|program),|^$/.test(line));
    expect(rest).toEqual([]);
  });

  withPrograms(['ffmpeg'], 'ffmpeg: ten seconds without a decode error', async () => {
    const id = newContentId();
    const player = runProgram(
      'ffmpeg',
      ...['-hide_banner', '-nostdin', '-v', 'warning', '-err_detect', 'crccheck+bitstream+buffer'],
      ...['-progress', 'pipe:1', '-stats_period', '0.1', '-i', product.url(streamPath(id))],
      ...['-map', '0:v', '-map', '0:a', '-t', '10', '-f', 'null', '-'],
    );
    await expectQuick(id, await whenPrinted(player, /^frame=[1-9]/));
    expect(await endOf(player)).toBe(0);
    expect(player.lines.filter((line) => !/^\w+=/.test(line))).toEqual([]);
    const frames = player.lines.flatMap((line) => /^frame=(\d+)/.exec(line)?.[1] ?? []);
    // 25 pictures per second, each once.
    expect(Number(frames.at(-1))).toBeGreaterThanOrEqual(249);
    expect(Number(frames.at(-1))).toBeLessThanOrEqual(251);
    for (const counter of ['dup_frames', 'drop_frames']) {
      expect(player.lines).toContain(`${counter}=0`);
      expect(player.lines.filter((line) => line.startsWith(`${counter}=`))).not.toContainEqual(
        expect.stringMatching(/=[1-9]/),
      );
    }
  });

  withPrograms(['mpv'], 'mpv', async () => {
    const id = newContentId();
    const player = runProgram(
      'mpv',
      ...['--no-config', '--vo=null', '--ao=null', '--input-terminal=no', '--msg-level=all=v'],
      ...['--length=3', product.url(streamPath(id))],
    );
    await expectQuick(id, await whenPrinted(player, /first video frame after restart shown/));
    expect(await endOf(player)).toBe(0);
    const text = player.lines.join('\n');
    expect(text).toMatch(/VO: \[null\] 640x360/);
    expect(text).toMatch(/AO: \[null\] 48000Hz stereo/);
    expect(text).not.toMatch(
      /Invalid (?:video|audio) timestamp|error while decoding|corrupt|concealing/i,
    );
  });

  const vlc = process.getuid?.() === 0 ? ['cvlc', 'runuser'] : ['cvlc'];
  withPrograms(vlc, 'VLC', async () => {
    const id = newContentId();
    const player = runAsNobody(
      'cvlc',
      ...['--intf', 'dummy', '--no-dbus', '--vout', 'vdummy', '--aout', 'adummy'],
      ...['--avcodec-hw=none', '--no-color', '-vv', '--run-time', '3', '--play-and-exit'],
      ...[product.url(streamPath(id)), 'vlc://quit'],
    );
    await expectQuick(id, await whenPrinted(player, /decoder debug: Received first picture/));
    expect(await endOf(player)).toBe(0);
    const text = player.lines.join('\n');
    expect(text).toMatch(/pid 256 has now es fcc=h264/);
    expect(text).toMatch(/pid 257 has now es fcc=mp4a/);
    expect(text).not.toMatch(/discontinuity|libavcodec error|ts demux (?:error|warning)/i);
  });

  withPrograms(['curl', 'ffprobe'], 'curl: a file that plays', async () => {
    const id = newContentId();
    const file = join(temporaryFolder(), 'file.ts');
    const url = product.url(streamPath(id));
    const curl = runProgram('curl', '-sN', '--max-time', '10', '-o', file, '-w', '%{json}', url);
    // Exit code 28: curl's time limit ended the transfer, not the stream.
    expect(await endOf(curl)).toBe(28);
    expect(JSON.parse(curl.lines.join(''))).toMatchObject({
      http_code: 200,
      content_type: 'video/mp2t',
      num_redirects: 0,
    });
    const media = readFileSync(file);
    for (let at = 0; at < media.length; at += PACKET_BYTES) expect(media[at]).toBe(0x47);
    expect(statSync(file).size).toBeGreaterThan(100_000);
    const probe = runProgram('ffprobe', '-v', 'error', '-show_entries', 'stream=codec_name', file);
    expect(await endOf(probe)).toBe(0);
    expect(probe.lines).toContain('codec_name=h264');
  });

  const whyNot = whyNoBrowser();
  (whyNot === null ? it : it.skip)(`Chromium with mpegts.js ${whyNot ?? ''}`, async () => {
    const site = await servePage();
    const { page, complaints, foreign } = await openPage();
    await page.goto(site);
    const id = newContentId();
    await page.evaluate(`play(${JSON.stringify(product.url(streamPath(id)))})`);
    await page.waitForFunction('look().width > 0 && look().time > 0', undefined, {
      timeout: ENDS_WITHIN_MS,
      polling: 50,
    });
    await expectQuick(id, Date.now());
    const look = (): Promise<Look> => page.evaluate('look()');
    const before = await look();
    await eventually(async () => {
      const { time, frames } = await look();
      return time > before.time + 2 && frames > before.frames + 25;
    }, 40_000);
    expect(await look()).toMatchObject({ width: 640, failure: '' });
    expect(complaints).toEqual([]);
    expect(foreign).toEqual([]);
    // A viewer leaves when its tab is closed.
    await page.close();
    await eventually(async () => (await product.session(id)).client_count === 0, 20_000);
  });

  /** A page of another origin, like a panel or an IPTV site. */
  async function servePage(): Promise<string> {
    const html = `<!doctype html><title></title><link rel="icon" href="data:,">
      <video muted playsinline></video><script src="/mpegts.js"></script><script>
      window.play = (url) => {
        const player = mpegts.createPlayer({ type: 'mpegts', isLive: true, url }, { enableWorker: false });
        player.on(mpegts.Events.ERROR, (...what) => { document.title += what.slice(0, 2).join(' '); });
        player.attachMediaElement(document.querySelector('video'));
        player.load();
        player.play();
      };
      window.look = () => {
        const video = document.querySelector('video');
        const { totalVideoFrames: frames } = video.getVideoPlaybackQuality();
        return { time: video.currentTime, width: video.videoWidth, frames, failure: document.title };
      };
      mpegts.LoggingControl.enableAll = false;
      </script>`;
    const server = createServer(({ url }, response) => {
      const isScript = url === '/mpegts.js';
      response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html');
      response.end(isScript ? readFileSync(MPEGTS) : html);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onScopeEnd(() => {
      server.closeAllConnections();
      server.close();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }
});
