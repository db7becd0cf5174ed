import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  API_KEY,
  call,
  eventually,
  freePort,
  newContentId,
  NO_DOCKER,
  openViewer,
  startProduct,
  streamPath,
  type Product,
} from './support';
import { childrenOf } from './support/process-facts';
import { runProgram, temporaryFolder, whyNoPrograms } from './support/programs';

const DOCS = join(__dirname, '../../docs');
const why = whyNoPrograms('prometheus', 'promtool');
const describeIfThere = why === null ? describe : describe.skip;

/** A process start, some probes and a failover on a busy machine. */
const COMES_WITHIN_MS = 40_000;

interface Result {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

interface Rule {
  readonly name: string;
  readonly query: string;
  readonly health: string;
  readonly state: string;
}

describeIfThere(`Prometheus ${why ?? ''}`, () => {
  /** Runs engines; its metrics need a key. */
  let product: Product;
  /** Cannot reach Docker, so it has no engines, and knows nothing of its VPN. */
  let stranded: Product;
  let port: number;

  beforeAll(async () => {
    product = await startProduct({
      env: {
        ENGINE_DRIVER: 'simulator',
        MIN_REPLICAS: '2',
        MAX_REPLICAS: '2',
        MAX_EGRESS_BPS: '1000000000',
        METRICS_ACCESS: 'key',
        PROXY_RETRY_BASE: '100ms',
      },
    });
    stranded = await startProduct({
      env: { ENGINE_DRIVER: 'docker', DOCKER_HOST: NO_DOCKER, VPN_CONTAINERS: 'gluetun' },
      waitReady: false,
    });
    port = await startPrometheus();
    await eventually(async () => (await query('up == 1')).length === 2, COMES_WITHIN_MS, 'scrapes');
    await fail(newContentId());
    await failOver(newContentId());
  });

  /** With the rules from the docs, and the configuration from there with other targets and shorter intervals. */
  async function startPrometheus(): Promise<number> {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'data'));
    writeFileSync(join(folder, 'acefleet-key'), API_KEY);
    for (const name of ['prometheus.yml', 'acefleet-alerts.yml']) {
      const text = readFileSync(join(DOCS, 'prometheus', name), 'utf8')
        .replace(/_interval: 15s/g, '_interval: 500ms')
        .replace('localhost:8000', `127.0.0.1:${product.port}','127.0.0.1:${stranded.port}`)
        .replace(/^( *)# (authorization:|  credentials_file: )/gm, '$1$2');
      writeFileSync(join(folder, name), text);
    }
    const own = await freePort();
    const prometheus = runProgram(
      'prometheus',
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${own}`,
    );
    await prometheus.line((line) => (line.includes('ready to receive web requests') ? line : null));
    return own;
  }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers of Prometheus have many shapes
  async function ask(path: string): Promise<any> {
    const { status, text, body } = await call({ port, path });
    if (status !== 200) throw new Error(text);
    return body.data;
  }

  async function query(expression: string): Promise<Result[]> {
    return (await ask(`/api/v1/query?query=${encodeURIComponent(expression)}`)).result;
  }

  /** A stream whose engine dies continues on the other engine. */
  async function failOver(id: string): Promise<void> {
    const viewer = openViewer(product.url(streamPath(id)));
    await viewer.playing();
    const { container_id: engineId } = await product.session(id);
    const engine = childrenOf(product.pid).find((one) =>
      one.command.includes(`--name ${engineId} `),
    );
    process.kill(engine!.pid, 'SIGKILL');
    await eventually(async () => (await product.session(id)).failovers > 0, COMES_WITHIN_MS);
    await viewer.receiveMore(500, COMES_WITHIN_MS);
  }

  async function fail(id: string): Promise<void> {
    expect((await stranded.api('GET', streamPath(id))).status).toBe(503);
  }

  /** The expressions of this list without data. */
  async function withoutData(expressions: readonly string[]): Promise<string[]> {
    const empty = await Promise.all(
      expressions.map(async (expression) => {
        const results = await query(expression);
        // A quantile of nothing is not a number.
        return results.some(({ value: [, value] }) => value !== 'NaN') ? [] : [expression];
      }),
    );
    return empty.flat();
  }

  it('has data for every expression of the dashboard', async () => {
    const text = readFileSync(join(DOCS, 'grafana/acefleet.json'), 'utf8');
    const { panels } = JSON.parse(text) as { panels: { targets?: { expr: string }[] }[] };
    const expressions = panels
      .flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
      .map((expr) => expr.replaceAll('$__rate_interval', '1m').replaceAll('$instance', '.*'));
    expect(expressions.length).toBeGreaterThan(60);
    await eventually(async () => {
      expect(await withoutData(expressions)).toEqual([]);
      return true;
    }, COMES_WITHIN_MS);
  });

  it('has data for every rule, and fires for what is wrong', async () => {
    const rules = async (): Promise<Rule[]> =>
      (await ask('/api/v1/rules')).groups.flatMap((group: { rules: Rule[] }) => group.rules);
    // Without its limit, a rule has data in healthy times too.
    const figures = (await rules()).map(({ query: text }) => text.replace(/ (?:==|>) [\d.]+/g, ''));
    expect(figures.length).toBeGreaterThan(10);
    await eventually(async () => {
      expect(await withoutData(figures)).toEqual([]);
      return true;
    }, COMES_WITHIN_MS);
    await eventually(async () => {
      const all = await rules();
      expect(all.filter(({ health }) => health !== 'ok')).toEqual([]);
      const silent = all.filter(({ state }) => state === 'inactive').map(({ name }) => name);
      const wrong = ['EnginesMissing', 'NotReady', 'RuntimeDisconnected', 'VpnDown'];
      expect(wrong.filter((name) => silent.includes(`Acefleet${name}`))).toEqual([]);
      // A busy machine may cause others, but not these.
      expect(silent).toEqual(
        expect.arrayContaining(['AcefleetDown', 'AcefleetDegraded', 'AcefleetJobsFail']),
      );
      return true;
    }, COMES_WITHIN_MS);
  });

  it('finds no fault in names and types, which are those of docs/metrics.md', async () => {
    const texts = await Promise.all(
      [product, stranded].map(async (one) => (await one.api('GET', '/metrics')).text),
    );
    for (const input of texts) {
      const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
        input,
        encoding: 'utf8',
      });
      expect({ status, said: `${stdout}${stderr}` }).toEqual({ status: 0, said: '' });
    }
    const text = texts.join('\n');
    const served = new Map(
      [...text.matchAll(/^# TYPE (acefleet_\w+) (\w+)$/gm)].map(([, name, type]) => [name!, type!]),
    );
    const rows = readFileSync(join(DOCS, 'metrics.md'), 'utf8').matchAll(
      /^\| `(acefleet_\w+)` +\| (\w+) +\| ([^|]*?) +\| \S/gm,
    );
    const documented = [...rows].map(([, name, type, labels]) => ({ name, type, labels }));
    const labelsOf = (name: string): string => {
      const suffix = served.get(name) === 'histogram' ? '_bucket' : '';
      const series = new RegExp(`^${name}${suffix}\\{(.*)\\} `, 'm').exec(text)?.[1] ?? '';
      const names = [...series.matchAll(/(\w+)="/g)].map(([, label]) => label!);
      return names
        .filter((label) => label !== 'le')
        .map((label) => `\`${label}\``)
        .join(', ');
    };
    const expected = [...served].map(([name, type]) => ({ name, type, labels: labelsOf(name) }));
    const byName = (one: { name?: string }, other: { name?: string }): number =>
      one.name! < other.name! ? -1 : 1;
    expect(documented.sort(byName)).toEqual(expected.sort(byName));
  });
});
