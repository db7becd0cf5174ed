// `npm run record`: creates the animation in the README. Plays a simulated broadcast in Chromium, kills the engine of the
// stream, and writes the page's pictures to docs/images/failover.webp. Needs Linux, Chromium and ffmpeg
// (scripts/services.sh).
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { runCommand } from './lib/command.mjs';
import { runScript } from './lib/launch.mjs';
import { prepare, PreparationError, ROOT } from './lib/prepare.mjs';
import { startScreencast, writeEvenly } from './recording/screencast.mjs';

const OUTPUT = join(ROOT, 'docs', 'images', 'failover.webp');
const MAX_BYTES = 1_000_000;
const CHROMIUM = '/usr/bin/chromium';
const CONTENT = '7e57ca4d00000000000000000000000000000001';
const KEY = 'key-of-the-recording';

const BEFORE_KILL_MS = 3000;
const AFTER_KILL_MS = 8500;
/** Duration of the last picture before the recording repeats. */
const HOLD_MS = 2500;
const PER_SECOND = 8;
/** Time in which a simulated engine prepares a content; real engines need at least one second. */
const ENGINE_START_MS = 1000;
/** Longer than the recording, so that the clock in the picture does not restart; a whole number of AAC frames. */
const CLIP_S = 48;
/** Includes the start of the stream and the past media that engines send. */
const RECORDED_S = 20;

await runScript(async () => {
  const [entry] = await prepare('npm run record', ['product', 'simulator'], { withDev: true });
  const folder = mkdtempSync(join(tmpdir(), 'acefleet-recording-'));
  const cleanup = [() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 })];
  try {
    const clip = await makeClip(folder);
    const product = await startProduct(entry, folder, cleanup);
    await configureEngines(product, clip);
    const page = await openPage(folder, cleanup);
    const { frames, fromMs, toMs, seen } = await record(page, product);
    check(seen);
    await encode(frames, { folder, fromMs, toMs });
    console.log(
      `${OUTPUT}: ${statSync(OUTPUT).size} bytes; gap ${seen.gapMs} ms, ${seen.stalls} stalls, ` +
        `${seen.connections} connection, ${seen.lost} pictures lost, ${seen.repeated} repeated`,
    );
  } finally {
    for (const undo of cleanup.reverse()) await undo();
  }
});

/** A test card with a clock, a moving dot and silence. */
async function makeClip(folder) {
  const clip = join(folder, 'clip.mpegts');
  const sound = join(folder, 'sound.aac');
  const clock = [
    "text='%{pts\\:hms}':fontsize=44:fontcolor=white:x=(w-tw)/2:y=250:box=1:boxcolor=black@0.7:boxborderw=12",
    "text='●':fontsize=72:fontcolor=white:x='(w-tw)*abs(mod(t\\,4)/2-1)':y=120",
  ];
  const video = ['-f', 'lavfi', '-i', `smptehdbars=size=640x360:rate=25:duration=${CLIP_S}`];
  await ffmpeg(['-f', 'lavfi', '-i', 'anullsrc=r=48000:cl=stereo', '-t', CLIP_S + 1, sound]);
  await ffmpeg([
    ...video,
    ...['-i', sound, '-vf', clock.map((text) => `drawtext=font=DejaVu Sans Mono:${text}`).join()],
    ...['-c:v', 'libx264', '-preset', 'fast', '-profile:v', 'main', '-pix_fmt', 'yuv420p'],
    ...['-crf', 20, '-maxrate', '2M', '-bufsize', '2M', '-g', 25, '-keyint_min', 25],
    ...['-sc_threshold', 0, '-flags', '+cgop', '-x264-params', 'open-gop=0'],
    ...['-c:a', 'copy', '-frames:a', (CLIP_S * 48_000) / 1024],
    ...['-mpegts_start_pid', 0x100, '-pcr_period', 20, '-muxdelay', 0, '-muxpreload', 0],
    ...['-f', 'mpegts', clip],
  ]);
  return clip;
}

async function ffmpeg(args) {
  const all = ['-nostdin', '-loglevel', 'error', '-y', ...args.map(String)];
  const { ok, output } = await runCommand('ffmpeg', all, { cwd: ROOT, timeoutMs: 300_000 });
  if (!ok) throw new PreparationError(`ffmpeg failed:\n${output.trim()}`);
}

async function startProduct(entry, folder, cleanup) {
  const child = spawn(process.execPath, [entry], {
    // Not the repository, which may contain a user's .env.
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      HOST: '127.0.0.1',
      PORT: process.env.PORT ?? '0',
      API_KEY: KEY,
      DATA_DIR: join(folder, 'data'),
      ENGINE_DRIVER: 'simulator',
      LOG_FORMAT: 'json',
      SHUTDOWN_DRAIN: '0s',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  cleanup.push(async () => {
    child.kill();
    await ended;
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  const port = await until('the address of the product', () => {
    if (child.exitCode !== null) throw new PreparationError(`the product ended:\n${output}`);
    return /http:\/\/127\.0\.0\.1:(\d+)\/ace\/getstream/.exec(output)?.[1];
  });
  const base = `http://127.0.0.1:${port}`;
  const get = async (path) => {
    const answer = await fetch(base + path, { headers: { 'X-API-Key': KEY } });
    return answer.ok ? answer.json() : null;
  };
  return { pid: child.pid, base, get };
}

/** All engines play our clip and take as long to start it as a quick real engine. */
async function configureEngines({ get }, clip) {
  const engines = await until('two healthy engines', async () => {
    const list = await get('/api/v1/engines');
    return list.length === 2 && list.every(({ state }) => state === 'healthy') ? list : undefined;
  });
  for (const { labels } of engines) {
    const port = labels['acefleet.simulator.control_port'];
    const answer = await fetch(`http://127.0.0.1:${port}/__sim/content/${CONTENT}`, {
      method: 'PUT',
      body: JSON.stringify({ clip_path: clip, start_delay_ms: ENGINE_START_MS, bitrate_mbps: 2 }),
    });
    if (!answer.ok) throw new PreparationError(`the simulator: ${await answer.text()}`);
  }
}

async function openPage(folder, cleanup) {
  const require = createRequire(import.meta.url);
  const { chromium } = require('playwright-core');
  const script = readFileSync(require.resolve('mpegts.js/dist/mpegts.js'));
  const html = readFileSync(join(ROOT, 'scripts', 'recording', 'page.html'));
  const server = createServer(({ url }, response) => {
    const isScript = url === '/mpegts.js';
    response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html; charset=utf-8');
    response.end(isScript ? script : html);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanup.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const context = await chromium.launchPersistentContext(join(folder, 'browser'), {
    executablePath: CHROMIUM,
    args: [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
      '--autoplay-policy=no-user-gesture-required',
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
    ],
    viewport: { width: 800, height: 452 },
    timeout: 90_000,
  });
  cleanup.push(() => context.close());
  const page = await context.newPage();
  page.on('pageerror', (error) => {
    console.error(error);
    process.exitCode = 1;
  });
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  return page;
}

/** From a player that plays, through the kill, until the player has continued for a while. */
async function record(page, { pid, base, get }) {
  const look = () => page.evaluate('look()');
  await until('a moment long before the clip begins anew', () => {
    const second = (Date.now() / 1000) % CLIP_S;
    return second > RECORDED_S && second < CLIP_S - RECORDED_S ? true : undefined;
  });
  await page.evaluate(`play(${JSON.stringify(`${base}/ace/getstream?id=${CONTENT}`)})`);
  await until('pictures', async () => ((await look()).time > 2 ? true : undefined));

  let killed = { id: null, port: null };
  const show = async () => {
    const session = await get(`/api/v1/proxy/sessions/${CONTENT}`);
    const engines = (await get('/api/v1/engines')).sort((a, b) => a.id.localeCompare(b.id));
    const cards = engines.map((engine) => card(engine, session, killed));
    await page.evaluate(`engines(${JSON.stringify(cards)})`);
  };
  const goOnFor = async (ms) => {
    for (const end = Date.now() + ms; Date.now() < end; await delay(50)) await show();
  };
  await show();
  await page.evaluate('begin()');
  const screencast = await startScreencast(page);
  const fromMs = Date.now();
  await goOnFor(BEFORE_KILL_MS);
  const { container_id: id, engine_port: port } = await get(`/api/v1/proxy/sessions/${CONTENT}`);
  killed = { id, port };
  process.kill(childNamed(pid, id), 'SIGKILL');
  await page.evaluate(`killed(${JSON.stringify(nameOf(id))})`);
  await goOnFor(AFTER_KILL_MS);
  const toMs = Date.now();
  const frames = await screencast.stop();
  const session = await get(`/api/v1/proxy/sessions/${CONTENT}`);
  return { frames, fromMs, toMs, seen: { ...(await look()), failovers: session?.failovers } };
}

/** The state of an engine for the page. A killed engine stays `killed` until another process listens on its port. */
function card({ id, port, state }, session, killed) {
  const name = nameOf(id);
  const isNewProcess = id === killed.id && port !== killed.port;
  if (id === killed.id && !(isNewProcess && state === 'healthy')) {
    return { name, state: 'killed', words: 'killed (SIGKILL)' };
  }
  const attempt = session?.attempts.findLast(({ engine_id }) => engine_id === id);
  if (session?.container_id === id) {
    const isPlaying = attempt?.outcome === 'playing';
    return isPlaying
      ? { name, state: 'playing', words: 'playing' }
      : { name, state: 'ready', words: 'starting the stream' };
  }
  return { name, state: 'ready', words: isNewProcess ? 'a new process, ready' : 'ready' };
}

/** @param {string} id */
function nameOf(id) {
  return id.replace('sim-', 'engine ');
}

/** Simulated engines are children of the product and have their names on the command line. */
function childNamed(parent, name) {
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const parentOf = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      if (Number(parentOf) === parent && words.includes(name)) return Number(pid);
    } catch {
      // The process has ended meanwhile.
    }
  }
  throw new PreparationError(`there is no process of ${name}`);
}

/** Fails if the recording does not show what README claims. */
function check({ failure, stalls, connections, failovers, lost, repeated }) {
  const expected = { failure: '', stalls: 0, connections: 1, failovers: 1, lost: 0, repeated: 0 };
  const seen = { failure, stalls, connections, failovers, lost, repeated };
  if (JSON.stringify(seen) === JSON.stringify(expected)) return;
  throw new PreparationError(`not recorded: ${JSON.stringify(seen)} was seen`);
}

async function encode(frames, { folder, fromMs, toMs }) {
  const count = writeEvenly(frames, { folder, fromMs, toMs, perSecond: PER_SECOND });
  const hold = (HOLD_MS / 1000) * PER_SECOND;
  mkdirSync(dirname(OUTPUT), { recursive: true });
  await ffmpeg([
    ...['-framerate', PER_SECOND, '-i', join(folder, '%04d.jpg')],
    ...['-vf', `tpad=stop_mode=clone:stop=${hold}`, '-frames:v', count + hold],
    ...['-c:v', 'libwebp_anim', '-quality', 60, '-compression_level', 6, '-loop', 0, OUTPUT],
  ]);
  const { size } = statSync(OUTPUT);
  if (size > MAX_BYTES)
    throw new PreparationError(`${OUTPUT} has ${size} bytes, ${MAX_BYTES} at most`);
}

async function until(what, find) {
  const end = Date.now() + 60_000;
  for (; Date.now() < end; await delay(50)) {
    const found = await find();
    if (found !== undefined) return found;
  }
  throw new PreparationError(`${what}: not within a minute`);
}
