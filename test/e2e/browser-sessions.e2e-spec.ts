import { join } from 'node:path';
import {
  API_KEY,
  Child,
  newContentId,
  openViewer,
  startProduct,
  startSimulator,
  streamPath,
  type Answer,
  type Product,
} from './support';
import { openPage, whyNoBrowser } from './support/browser';

const ACEFLEET = join(__dirname, '../../bin/acefleet.mjs');
const SESSIONS = '/api/v1/sessions';

describe('browsers', () => {
  let product: Product;

  beforeAll(async () => {
    product = await startProduct({
      engines: [await startSimulator({ startDelayMs: 0, bitrateMbps: 1 })],
      env: { STREAM_ACCESS: 'token', TRUSTED_PROXIES: '127.0.0.0/8' },
    });
  });

  const ownPage = (): Record<string, string> => ({ Origin: `http://127.0.0.1:${product.port}` });

  function signIn(body: object, headers: Record<string, string> = {}): Promise<Answer> {
    return product.api('POST', SESSIONS, body, { ...ownPage(), ...headers });
  }

  function cookieOf(answer: Answer): string {
    return answer.headers['set-cookie']![0]!.split(';')[0]!;
  }

  /** A request with the cookie of a session, from an own page. */
  function ask(method: string, path: string, cookie: string, body?: object): Promise<Answer> {
    return product.api(method, path, body, { ...ownPage(), Cookie: cookie });
  }

  /** The link that the command prints. */
  async function printedLink(): Promise<string> {
    const command = new Child('acefleet login', process.execPath, [ACEFLEET, 'login'], {
      env: { PATH: process.env['PATH'], API_KEY, HOST: '127.0.0.1', PORT: String(product.port) },
    });
    expect([(await command.exit).code, command.lines]).toEqual([0, expect.anything()]);
    return command.lines.find((line) => line.startsWith('http'))!;
  }

  it('sign in with a key, do what it may do, and stay signed in until it is removed', async () => {
    const { key, id: keyId } = (
      await product.api('POST', '/api/v1/keys', { name: 'kitchen', scope: 'operate' })
    ).body;
    const answer = await signIn({ key }, { 'User-Agent': 'Firefox' });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      signed_in_with: 'kitchen',
      scope: 'operate',
      ip_address: '127.0.0.1',
      user_agent: 'Firefox',
      is_current: true,
    });
    const [header] = answer.headers['set-cookie']!;
    expect(header).toMatch(
      /^acefleet_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=2592000$/,
    );
    const cookie = cookieOf(answer);
    expect((await ask('GET', '/api/v1/engines', cookie)).status).toBe(200);
    expect((await ask('GET', '/engines', cookie)).status).toBe(200);
    expect((await ask('POST', '/api/v1/checks', cookie)).status).toBe(202);
    expect((await ask('GET', '/api/v1/keys', cookie)).status).toBe(403);
    expect((await ask('GET', `${SESSIONS}/current`, cookie)).body).toMatchObject({
      id: answer.body.id,
    });
    const elsewhere = { Cookie: cookie, Origin: 'http://127.0.0.1:1' };
    expect((await product.api('POST', '/api/v1/checks', undefined, elsewhere)).status).toBe(403);
    const { sessions } = (await product.api('GET', SESSIONS)).body;
    expect(sessions).toContainEqual(
      expect.objectContaining({ id: answer.body.id, is_current: false }),
    );
    await product.api('DELETE', `/api/v1/keys/${keyId}`);
    const refused = await ask('GET', '/api/v1/engines', cookie);
    expect([refused.status, refused.body.code]).toEqual([401, 'unauthorized']);
    expect(product.logText()).not.toContain(cookie.split('=')[1]);
  });

  it('get a secure cookie when they use HTTPS', async () => {
    const headers = {
      Origin: 'https://tv.example',
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Host': 'tv.example',
    };
    const answer = await signIn({ key: API_KEY }, headers);
    expect(answer.headers['set-cookie']![0]).toMatch(/; Secure$/);
    expect((await signIn({ key: API_KEY }, { Origin: 'https://evil.example' })).status).toBe(403);
  });

  it('are refused with wrong keys, and then not asked to guess on', async () => {
    const from = { 'X-Forwarded-For': '203.0.113.77' };
    for (const body of [{}, { key: 'a', token: 'b' }, { key: 5 }]) {
      expect((await signIn(body, from)).status).toBe(400);
    }
    for (let count = 0; count < 5; count += 1) {
      expect((await signIn({ key: 'wrong' }, from)).status).toBe(403);
      expect((await signIn({ token: 'wrong' }, from)).status).toBe(403);
    }
    expect((await signIn({ token: 'wrong' }, from)).status).toBe(429);
    expect((await signIn({ key: API_KEY }, from)).status).toBe(201);
  });

  it('sign in with a link once, play streams, and sign out', async () => {
    const { url, expires_at } = (await product.api('POST', '/api/v1/sign-in-links')).body;
    expect(Date.parse(expires_at)).toBeGreaterThan(Date.now());
    const token = url.split('#token=')[1];
    const answer = await signIn({ token });
    expect(answer.body).toMatchObject({ signed_in_with: 'link', scope: 'admin' });
    expect((await signIn({ token })).status).toBe(403);
    const cookie = cookieOf(answer);
    const path = streamPath(newContentId());
    expect(await openViewer(product.url(path)).status()).toBe(401);
    const viewer = openViewer(product.url(path), { headers: { Cookie: cookie } });
    await viewer.playing();
    viewer.destroy();
    const out = await ask('DELETE', `${SESSIONS}/current`, cookie);
    expect([out.status, out.headers['set-cookie']![0]]).toEqual([
      204,
      expect.stringContaining('Max-Age=0'),
    ]);
    expect((await ask('GET', '/api/v1/engines', cookie)).status).toBe(401);
    expect(product.logText()).not.toContain(token);
  });

  it('are signed out by an administrator', async () => {
    const answer = await signIn({ key: API_KEY });
    const path = `${SESSIONS}/${answer.body.id}`;
    expect((await product.api('DELETE', path)).status).toBe(204);
    expect((await product.api('DELETE', path)).status).toBe(404);
    expect((await ask('GET', SESSIONS, cookieOf(answer))).status).toBe(401);
  });

  const why = whyNoBrowser();
  (why === null ? it : it.skip)(
    `follow the link that the command prints, and use the API page without a key ${why ?? ''}`,
    async () => {
      const { page, complaints, foreign } = await openPage();
      await page.goto(product.url('/login'));
      const field = page.getByLabel('API key');
      await field.fill('wrong');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByRole('alert').filter({ hasText: 'The API key is wrong.' }).waitFor();
      const link = await printedLink();
      expect(link).toMatch(
        new RegExp(`^http://127\\.0\\.0\\.1:${product.port}/login#token=[\\w-]{43}$`),
      );
      await page.goto(link);
      await page.waitForURL(product.url('/docs'));
      const engines = page.locator('.opblock-get', {
        has: page.locator('[data-path="/api/v1/engines"]'),
      });
      await engines.locator('.opblock-summary-control').click();
      await engines.locator('.try-out__btn').click();
      await engines.locator('.execute').click();
      await engines
        .locator('.live-responses-table .response-col_status', { hasText: '200' })
        .waitFor();
      await page.goto(product.url('/login'));
      await page.getByText('signed in with a one-time link (scope admin)').waitFor();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await field.fill(API_KEY);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.waitForURL(product.url('/docs'));
      // The page asks whether it is signed in, and the wrong key is refused.
      const refusals = complaints.filter((one) => !/status of 40[13]/.test(one));
      expect(refusals).toEqual([]);
      expect(foreign).toEqual([]);
    },
  );
});
