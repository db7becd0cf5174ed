import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, startProduct, startSimulator, type Product } from '../e2e/support';
import { Child } from '../e2e/support/child';
import { temporaryFolder, whyNoPrograms } from '../e2e/support/programs';
import { onScopeEnd } from '../e2e/support/scope';

const DISPLAY = ':77';
const RPC_PORT = 21_790;
const IPTV_SIMPLE = 'pvr.iptvsimple';
const KODI = '/usr/lib/x86_64-linux-gnu/kodi/kodi.bin';
/** Kodi draws without a graphics card here. */
const PATIENCE_MS = 90_000;
const CALL_TIMEOUT_MS = 5000;
const SCREENSHOT = join(process.cwd(), 'dist', 'kodi.png');

const why = whyNoPrograms('kodi', 'Xvfb', 'import', 'ffprobe');

/* eslint-disable-next-line @typescript-eslint/no-explicit-any -- what Kodi answers; the test asserts its shape */
type Answer = any;

interface KodiChannel {
  readonly channelid: number;
  readonly label: string;
}

/** Kodi in a home folder of its own, on a display without a screen, driven by JSON-RPC. */
class Kodi {
  private constructor(private readonly child: Child) {}

  static async start(product: Product): Promise<Kodi> {
    const home = temporaryFolder();
    const settings = (version: number, values: Record<string, string>): string =>
      [
        `<settings version="${version}">`,
        ...Object.entries(values).map(([id, value]) => `<setting id="${id}">${value}</setting>`),
        '</settings>',
      ].join('\n');
    const userdata = join(home, '.kodi', 'userdata');
    const addon = join(userdata, 'addon_data', IPTV_SIMPLE);
    mkdirSync(addon, { recursive: true });
    writeFileSync(
      join(userdata, 'guisettings.xml'),
      settings(2, {
        'services.webserver': 'true',
        'services.webserverport': String(RPC_PORT),
        'services.webserverauthentication': 'false',
        'audiooutput.audiodevice': 'NULL',
      }),
    );
    writeFileSync(
      join(addon, 'settings.xml'),
      settings(2, {
        m3uPathType: '1',
        m3uUrl: product.url('/playlist.m3u'),
        epgPathType: '1',
        epgUrl: product.url('/epg.xml'),
        logoPathType: '1',
      }),
    );
    const screen = new Child('Xvfb', 'Xvfb', [DISPLAY, '-screen', '0', '1280x720x24'], {});
    onScopeEnd(() => screen.kill());
    // An add-on of the system is disabled at first, and Kodi asks about it over what it shows. It does not ask again.
    const first = await Kodi.run(home);
    await eventually(() => first.enable(IPTV_SIMPLE), PATIENCE_MS, 'the add-on is enabled');
    first.child.kill('SIGTERM');
    await first.child.exit;
    return Kodi.run(home);
  }

  private static async run(home: string): Promise<Kodi> {
    const env = { ...process.env, HOME: home, DISPLAY, LIBGL_ALWAYS_SOFTWARE: '1' };
    const child = new Child('kodi', KODI, ['--standalone', '--windowing=x11'], { env });
    onScopeEnd(() => child.kill());
    const kodi = new Kodi(child);
    await eventually(() => kodi.call('JSONRPC.Ping'), PATIENCE_MS, 'Kodi answers');
    return kodi;
  }

  /** The result of a JSON-RPC call; null while Kodi cannot be reached. @throws for an error of Kodi */
  async call(method: string, params: object = {}): Promise<Answer> {
    expect(this.child.ended).toBeNull();
    const response = await fetch(`http://127.0.0.1:${RPC_PORT}/jsonrpc`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    }).catch(() => null);
    if (response === null) return null;
    const { result, error } = (await response.json()) as { result?: unknown; error?: object };
    if (error !== undefined) throw new Error(JSON.stringify(error));
    return result;
  }

  private async enable(addonid: string): Promise<boolean> {
    await this.call('Addons.SetAddonEnabled', { addonid, enabled: true });
    const { addon } = await this.call('Addons.GetAddonDetails', {
      addonid,
      properties: ['enabled'],
    });
    return addon.enabled;
  }

  async channels(): Promise<KodiChannel[]> {
    const list = await this.call('PVR.GetChannels', { channelgroupid: 'alltv' }).catch(() => null);
    return list?.channels ?? [];
  }

  /** Titles in the guide. */
  async programmes({ channelid }: KodiChannel): Promise<string[]> {
    const { broadcasts } = await this.call('PVR.GetBroadcasts', { channelid });
    return (broadcasts ?? []).map(({ label }: { label: string }) => label);
  }

  /** Writes what Kodi shows. */
  async screenshot(path: string): Promise<void> {
    const program = new Child(
      'import',
      'import',
      ['-display', DISPLAY, '-window', 'root', path],
      {},
    );
    expect((await program.exit).code).toBe(0);
  }
}

/** Serves an XMLTV guide with one programme that runs now, and returns its address. */
async function serveGuide(channel: string, title: string): Promise<string> {
  const time = (hours: number): string => {
    const iso = new Date(Date.now() + hours * 3_600_000).toISOString();
    return `${iso.replace(/[-:T]/g, '').slice(0, 14)} +0000`;
  };
  const guide = [
    '<?xml version="1.0" encoding="UTF-8"?><tv>',
    `<channel id="${channel}"><display-name>${channel}</display-name></channel>`,
    `<programme start="${time(-1)}" stop="${time(2)}" channel="${channel}">`,
    `<title>${title}</title></programme></tv>`,
  ].join('');
  const server = createServer((_request, response) => response.end(guide));
  onScopeEnd(() => {
    server.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/guide.xml`;
}

(why === null ? describe : describe.skip)(`Kodi with PVR IPTV Simple ${why ?? ''}`, () => {
  it('imports the channels and the guide, and plays a channel', async () => {
    const engine = await startSimulator({ startDelayMs: 200 });
    const product = await startProduct({
      engines: [engine],
      env: { OUTBOUND_ALLOW: '127.0.0.1' },
    });
    const create = (id: string, group: string, digit: number): Promise<unknown> =>
      product.api('PUT', `/api/v1/channels/${id}`, {
        name: `Channel ${id}`,
        group,
        tvg_id: `${id}.example`,
        sources: [{ id: `7e57ca4d0000000000000000000000000000000${digit}` }],
      });
    await create('one', 'News', 1);
    await create('two', 'Sport', 2);
    const source = { name: 'Guide', url: await serveGuide('one.example', 'The news of today') };
    expect((await product.api('POST', '/api/v1/guide/sources', source)).status).toBe(201);
    await eventually(
      async () =>
        (await (await fetch(product.url('/epg.xml'))).text()).includes('The news of today'),
      PATIENCE_MS,
      'a guide',
    );
    const kodi = await Kodi.start(product);
    await eventually(async () => (await kodi.channels()).length === 2, PATIENCE_MS, 'channels');
    const channels = await kodi.channels();
    expect(channels.map(({ label }) => label)).toEqual(['Channel one', 'Channel two']);
    const groups = await kodi.call('PVR.GetChannelGroups', { channeltype: 'tv' });
    expect(groups.channelgroups.map(({ label }: { label: string }) => label)).toEqual(
      expect.arrayContaining(['News', 'Sport']),
    );
    await eventually(
      async () => (await kodi.programmes(channels[0]!)).includes('The news of today'),
      PATIENCE_MS,
      'the guide',
    );
    // Kodi refuses while it still prepares its channels.
    await eventually(
      () =>
        kodi.call('Player.Open', { item: { channelid: channels[0]!.channelid } }).catch(() => null),
      PATIENCE_MS,
      'Kodi opens a channel',
    );
    const playing = async (): Promise<Answer> =>
      kodi.call('Player.GetProperties', {
        playerid: 1,
        properties: ['speed', 'videostreams', 'audiostreams'],
      });
    await eventually(
      async () => ((await playing().catch(() => null))?.videostreams?.length ?? 0) > 0,
      PATIENCE_MS,
      'a picture',
    );
    expect(await playing()).toMatchObject({ speed: 1, videostreams: [{ codec: 'h264' }] });
    const { body } = await product.api('GET', '/proxy/status');
    expect(body).toMatchObject({ total_clients: 1, sessions: [{ channel: 'one' }] });
    const { bytes_out: before } = body.sessions[0];
    await eventually(async () => {
      const { sessions } = (await product.api('GET', '/proxy/status')).body;
      return Number(sessions[0]?.bytes_out) > Number(before) + 500_000;
    }, PATIENCE_MS);
    await kodi.call('GUI.SetFullscreen', { fullscreen: true });
    await kodi.screenshot(SCREENSHOT);
    expect(statSync(SCREENSHOT).size).toBeGreaterThan(5000);
    console.info(`what Kodi shows: ${SCREENSHOT}`);
  });
});
