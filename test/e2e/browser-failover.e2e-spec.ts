import {
  eventually,
  newContentId,
  type Product,
  type Simulator,
  startProduct,
  startSimulator,
  streamPath,
} from './support';
import { openPage, whyNoBrowser } from './support/browser';
import { servePage, type Look } from './support/player-page';

const STARTS_WITHIN_MS = 40_000;
/** More than a player has buffered when the engine is killed, so that the later pictures came after the kill. */
const BEYOND_S = 3;
const PLAYS_ON_WITHIN_MS = 40_000;

describe('Chromium while the engine is killed', () => {
  const whyNot = whyNoBrowser();
  const test = whyNot === null ? it : it.skip;
  test.each([
    ['mpegts.js', (id: string) => streamPath(id)],
    ['hls.js', (id: string) => `/ace/manifest.m3u8?id=${id}`],
  ] as const)(`with %s continues to play ${whyNot ?? ''}`, playsOn);

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
    // Bytes that were in transit when the engine was killed have arrived by now.
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
