import { MetricsController } from './metrics.controller';
import { MetricsRegistry } from './metrics-registry';

describe('metrics', () => {
  let metrics: MetricsRegistry;
  let controller: MetricsController;

  beforeEach(() => {
    metrics = new MetricsRegistry();
    controller = new MetricsController(metrics);
  });
  afterEach(() => metrics.registry.clear());

  async function series(): Promise<string[]> {
    const text = await controller.text();
    return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  }

  it('reads gauges at each scrape, and drops samples that are gone', async () => {
    let states = ['healthy', 'gone'];
    const labelNames = ['state'];
    const samples = () => states.map((state) => ({ labels: { state }, value: 2 }));
    metrics.gauge('acefleet_engines', 'Engines.', samples, { labelNames });
    metrics.gauge('acefleet_one', 'One.', () => 7);
    expect(await series()).toEqual([
      'acefleet_engines{state="healthy"} 2',
      'acefleet_engines{state="gone"} 2',
      'acefleet_one 7',
    ]);
    states = ['healthy'];
    expect(await series()).toEqual(['acefleet_engines{state="healthy"} 2', 'acefleet_one 7']);
  });

  it('reports counters and histograms, with every combination of labels from the start', async () => {
    const labels = { cause: ['a', 'b'], result: ['x', 'y'] };
    metrics.counter('acefleet_moves_total', 'Moves.', { labels }).inc({ cause: 'b', result: 'x' });
    const took = { buckets: [1], labels: { kind: ['file', 'live'] } };
    metrics.histogram('acefleet_took_seconds', 'T.', took).observe({ kind: 'live' }, 1.5);
    expect(await series()).toEqual([
      'acefleet_moves_total{cause="a",result="x"} 0',
      'acefleet_moves_total{cause="a",result="y"} 0',
      'acefleet_moves_total{cause="b",result="x"} 1',
      'acefleet_moves_total{cause="b",result="y"} 0',
      'acefleet_took_seconds_bucket{le="1",kind="file"} 0',
      'acefleet_took_seconds_bucket{le="+Inf",kind="file"} 0',
      'acefleet_took_seconds_sum{kind="file"} 0',
      'acefleet_took_seconds_count{kind="file"} 0',
      'acefleet_took_seconds_bucket{le="1",kind="live"} 0',
      'acefleet_took_seconds_bucket{le="+Inf",kind="live"} 1',
      'acefleet_took_seconds_sum{kind="live"} 1.5',
      'acefleet_took_seconds_count{kind="live"} 1',
    ]);
  });

  it('reads totals that are kept elsewhere, which never decrease', async () => {
    const totals = { in: 5, out: 3 };
    const samples = () =>
      Object.entries(totals).map(([way, value]) => ({ labels: { way }, value }));
    metrics.sampledCounter('acefleet_bytes_total', 'B.', samples, { labelNames: ['way'] });
    await series();
    totals.in = 4;
    totals.out = 9;
    expect(await series()).toEqual([
      'acefleet_bytes_total{way="in"} 5',
      'acefleet_bytes_total{way="out"} 9',
    ]);
  });

  it('repeats a metric under its second name', async () => {
    const counter = metrics.counter('acefleet_viewers_total', 'V.', { alias: 'clients_total' });
    metrics.gauge('acefleet_engines', 'E.', () => 3, { alias: 'engines' });
    const options = { buckets: [1], alias: 'session_seconds' };
    metrics.histogram('acefleet_stream_seconds', 'S.', options).observe(2);
    counter.inc(2);
    for (const [alias, name] of [
      ['clients_total', 'acefleet_viewers_total'],
      ['engines', 'acefleet_engines'],
      ['session_seconds', 'acefleet_stream_seconds'],
    ] as const) {
      const ours = (await series()).filter((line) => line.startsWith(name));
      const others = (await series()).filter((line) => line.startsWith(alias));
      expect(ours.length).toBeGreaterThan(0);
      expect(others).toEqual(ours.map((line) => line.replace(name, alias)));
    }
    expect(await controller.text()).toContain(
      '# HELP clients_total V. The same as acefleet_viewers_total.\n# TYPE clients_total counter\n',
    );
  });

  it('reports the process and its event loop, but no gauge with the name of a counter', async () => {
    metrics.onModuleInit();
    const text = await controller.text();
    expect(text).toContain('nodejs_eventloop_lag_p99_seconds');
    expect(text).toContain('process_resident_memory_bytes');
    expect(text).not.toMatch(/^# TYPE \S+_total gauge$/m);
    expect(text).not.toMatch(/[0-9a-f]{40}|\d+\.\d+\.\d+\.\d+/);
  });

  it('collects once for concurrent requests', async () => {
    const collect = jest.fn(() => 1);
    metrics.gauge('acefleet_shared', 'Shared.', collect);
    await Promise.all([controller.text(), controller.text(), controller.text()]);
    expect(collect).toHaveBeenCalledTimes(1);
  });
});
