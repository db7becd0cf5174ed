import { createServer } from 'node:net';
import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import { viewOf } from '../../config';
import { GluetunControlClient } from './gluetun-control-client';
import { ScriptedControlServer, KEY_REQUIRED } from './gluetun-server.spec-support';
import { withLag } from '../../kernel/testing/lag.spec-support';

const NEVER = new AbortController().signal;

const ADDRESS = { public_ip: '58.98.64.104', country: 'Denmark', city: 'Copenhagen' };
const TODAY = {
  '/v1/vpn/status': { status: 'running' },
  '/v1/portforward': { port: 5914 },
  '/v1/publicip/ip': ADDRESS,
};

describe('GluetunControlClient', () => {
  let gluetun: ScriptedControlServer;
  let client: GluetunControlClient;

  const use = (apiKey: string | null, deadlineMs = 3000): void => {
    client = new GluetunControlClient({ port: gluetun.port, apiKey, deadlineMs });
  };
  const ask = (signal = NEVER) => client.ask('127.0.0.1', signal);

  beforeEach(async () => {
    gluetun = await ScriptedControlServer.start();
    gluetun.routes = { ...TODAY };
    use(null);
  });

  afterEach(async () => {
    client.close();
    await gluetun.stop();
  });

  it('requests status, address and port, once each, and sends no key without VPN_CONTROL_API_KEY', async () => {
    expect(await ask()).toEqual({
      status: { value: 'running', reason: null },
      publicAddress: {
        value: { ip: '58.98.64.104', country: 'Denmark', city: 'Copenhagen', region: null },
        reason: null,
      },
      forwardedPort: { value: 5914, reason: null },
    });
    expect([...gluetun.paths].sort()).toEqual(Object.keys(TODAY).sort());
    expect(gluetun.asked.every(({ key }) => key === undefined)).toBe(true);
  });

  it('follows changes of VPN_CONTROL_PORT and VPN_CONTROL_API_KEY', async () => {
    const config = { vpnControlPort: 1, vpnControlApiKey: null as string | null };
    client = new GluetunControlClient(
      viewOf(config, { port: 'vpnControlPort', apiKey: 'vpnControlApiKey' }),
    );
    expect((await ask()).status.value).toBeNull();
    config.vpnControlPort = gluetun.port;
    config.vpnControlApiKey = 'changed';
    expect((await ask()).status.value).toBe('running');
    expect(gluetun.asked[0]?.key).toBe('changed');
  });

  it('sends its key with every request', async () => {
    use('secret');
    await ask();
    expect(gluetun.asked.map(({ key }) => key)).toEqual(['secret', 'secret', 'secret']);
  });

  it.each([400, 401, 403, 404])(
    'takes the older routes when the new ones answer %d',
    async (code) => {
      gluetun.routes = {
        '/v1/vpn/status': code,
        '/v1/portforward': code,
        '/v1/openvpn/status': { status: 'running' },
        '/v1/openvpn/portforwarded': { port: 6021 },
        '/v1/publicip/ip': ADDRESS,
      };
      expect(await ask()).toMatchObject({
        status: { value: 'running' },
        forwardedPort: { value: 6021 },
      });
    },
  );

  it('does not follow a redirect from the older route to the refused one', async () => {
    gluetun.routes['/v1/portforward'] = 401;
    gluetun.routes['/v1/openvpn/portforwarded'] = (_, response) => {
      response.writeHead(301, { Location: '/v1/portforward' }).end();
    };
    expect((await ask()).forwardedPort).toMatchObject({
      value: null,
      isFault: true,
      reason: expect.stringContaining('requires an API key for GET /v1/portforward'),
    });
    expect(gluetun.paths.filter((path) => path === '/v1/portforward')).toHaveLength(1);
  });

  it('says what to do when the key is missing or wrong', async () => {
    gluetun.routes = { ...KEY_REQUIRED };
    const without = await ask();
    expect(without.status).toEqual({
      value: null,
      isFault: true,
      reason:
        "its control server requires an API key for GET /v1/vpn/status: set VPN_CONTROL_API_KEY, and add the route to a role in Gluetun's configuration",
    });
    client.close();
    use('wrong-secret');
    const withKey = await ask();
    expect(withKey.publicAddress.reason).toBe(
      "its control server rejects VPN_CONTROL_API_KEY for GET /v1/publicip/ip: no role in Gluetun's configuration has both this key and this route",
    );
    expect(JSON.stringify(withKey)).not.toContain('wrong-secret');
  });

  it('returns the other answers when one is missing', async () => {
    gluetun.routes['/v1/publicip/ip'] = 500;
    const report = await ask();
    expect(report.publicAddress.reason).toBe(
      'its control server answers HTTP 500 to GET /v1/publicip/ip',
    );
    expect(report).toMatchObject({ status: { value: 'running' }, forwardedPort: { value: 5914 } });
  });

  it('gives up on a server that accepts and does not answer, without trying its older routes', async () => {
    use(null, 200);
    const hang = (): void => undefined;
    gluetun.routes = { '/v1/vpn/status': hang, '/v1/portforward': hang, '/v1/publicip/ip': hang };
    const before = performance.now();
    const report = await ask();
    expect(performance.now() - before).toBeLessThan(withLag(5000));
    for (const answer of Object.values(report)) {
      expect(answer).toMatchObject({
        isFault: true,
        reason: `its control server at http://127.0.0.1:${gluetun.port} gave no answer in time`,
      });
    }
    expect(gluetun.paths).toHaveLength(3);
  });

  it('gives up on a body that is too slow or too large', async () => {
    use(null, 3000);
    gluetun.routes['/v1/vpn/status'] = (_, response) => {
      const drip = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(drip));
    };
    gluetun.routes['/v1/portforward'] = (_, response) => {
      const flood = Buffer.alloc(64 * 1024, 0x20);
      const pour = (): void => {
        while (!response.destroyed && response.write(flood));
      };
      response.on('drain', pour);
      pour();
    };
    const report = await ask();
    expect(report.status.reason).toContain('no answer in time');
    expect(report.forwardedPort.reason).toContain('more than 16384 bytes');
    expect(report.publicAddress.value?.ip).toBe('58.98.64.104');
  });

  it('reports a refused connection', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    closed.close();
    await once(closed, 'close');
    client.close();
    client = new GluetunControlClient({ port, apiKey: null });
    expect((await ask()).status.reason).toBe(
      `its control server at http://127.0.0.1:${port} cannot be reached (ECONNREFUSED)`,
    );
  });

  it('ends at once when its caller aborts, before or during the query', async () => {
    gluetun.routes['/v1/vpn/status'] = () => undefined;
    const caller = new AbortController();
    use(null, 15_000);
    const asking = ask(caller.signal);
    setImmediate(() => caller.abort());
    const before = performance.now();
    expect((await asking).status.value).toBeNull();
    expect((await ask(caller.signal)).status.value).toBeNull();
    expect(performance.now() - before).toBeLessThan(withLag(10_000));
  });

  it('brackets IPv6 addresses', async () => {
    expect((await client.ask('::1', NEVER)).status.reason).toContain(
      `http://[::1]:${gluetun.port}`,
    );
  });
});
