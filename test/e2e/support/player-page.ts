import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { onScopeEnd } from './scope';

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

/** The state of the page's player that `look()` returns. */
export interface Look {
  readonly time: number;
  /** End of the media that it has buffered. */
  readonly buffered: number;
  readonly width: number;
  readonly failure: string;
}

/** Serves a page whose `play['hls.js'](url)` or `play['mpegts.js'](url)` starts playback; returns its address. */
export async function servePage(): Promise<string> {
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
