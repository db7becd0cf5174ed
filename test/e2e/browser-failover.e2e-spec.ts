import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import {
  eventually,
  newContentId,
  onScopeEnd,
  type Product,
  type Simulator,
  startProduct,
  startSimulator,
  streamPath,
} from './support';
import { openPage, whyNoBrowser } from './support/browser';

const STARTS_WITHIN_MS = 40_000;
/** Beyond what a player has buffered when the engine is killed: what it shows then came after that. */
const BEYOND_S = 3;
const PLAYS_ON_WITHIN_MS = 40_000;

const SCRIPTS: Readonly<Record<string, string>> = {
  '/mpegts.js': require.resolve('mpegts.js/dist/mpegts.js'),
  '/hls.js': require.resolve('hls.js/dist/hls.js'),
};

const PAGE = `<!doctype html><title></title><link rel="icon" href="data:,">
  <video muted playsinline></video>
  <script src="/mpegts.js"></script><script src="/hls.js"></script><script>
  const video = document.querySelector('video');
  const fail = (...what) => { document.title += what.join(' '); };
  window.play = {
    'mpegts.js': (url) => {
      mpegts.LoggingControl.enableAll = false;
      const player = mpegts.createPlayer({ type: 'mpegts', isLive: true, url }, { enableWorker: false });
      player.on(mpegts.Events.ERROR, (...what) => fail(...what.slice(0, 2)));
      player.attachMediaElement(video);
      player.load();
      player.play();
    },
    'hls.js': (url) => {
      const player = new Hls({ enableWorker: false });
      player.on(Hls.Events.ERROR, (_, { fatal, type, details }) => { if (fatal) fail(type, details); });
      player.attachMedia(video);
      player.loadSource(url);
      video.play();
    },
  };
  window.look = () => ({
    time: video.currentTime,
    buffered: video.buffered.length > 0 ? video.buffered.end(video.buffered.length - 1) : 0,
    width: video.videoWidth,
    failure: document.title,
  });
  </script>`;

interface Look {
  readonly time: number;
  /** Where what it has got so far ends. */
  readonly buffered: number;
  readonly width: number;
  readonly failure: string;
}

async function servePage(): Promise<string> {
  const server = createServer(({ url = '' }, response) => {
    const script = SCRIPTS[url];
    response.setHeader('Content-Type', script === undefined ? 'text/html' : 'text/javascript');
    response.end(script === undefined ? PAGE : readFileSync(script));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onScopeEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

describe('Chromium while the engine is killed', () => {
  const whyNot = whyNoBrowser();
  const test = whyNot === null ? it : it.skip;
  test.each([
    ['mpegts.js', (id: string) => streamPath(id)],
    ['hls.js', (id: string) => `/ace/manifest.m3u8?id=${id}`],
  ] as const)(`with %s plays on ${whyNot ?? ''}`, playsOn);

  async function playsOn(player: string, path: (id: string) => string): Promise<void> {
    const engines: Simulator[] = [await startSimulator(), await startSimulator()];
    const env = { HLS_SEGMENT_DURATION: '2s' };
    const product: Product = await startProduct({ engines, env });
    const { page } = await openPage();
    await page.goto(await servePage());
    const id = newContentId();
    const look = (): Promise<Look> => page.evaluate('look()');
    await page.evaluate(`play['${player}'](${JSON.stringify(product.url(path(id)))})`);
    await eventually(
      async () => {
        const { time, failure } = await look();
        if (failure !== '' || time <= 2) throw new Error(`${failure} at ${time}`);
        return true;
      },
      STARTS_WITHIN_MS,
      'pictures',
    );

    const used = (await product.session(id)).engine_port as number;
    engines.find(({ httpPort }) => httpPort === used)!.kill();
    const lost = async (): Promise<boolean> => (await product.session(id)).failovers > 0;
    await eventually(lost, PLAYS_ON_WITHIN_MS, 'the failover');
    // What was on its way to the player when the engine died is here by now.
    const { buffered } = await look();
    await eventually(
      async () => {
        const { time, failure } = await look();
        if (failure !== '') throw new Error(failure);
        return time > buffered + BEYOND_S;
      },
      PLAYS_ON_WITHIN_MS,
      'pictures beyond the kill',
    );
    expect(await look()).toMatchObject({ width: 640, failure: '' });
  }
});
