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

  it('reads gauges at each scrape, and drops samples that are gone', async () => {
    let states = ['healthy', 'gone'];
    metrics.gauge(
      'engines',
      'Engines.',
      () => states.map((state) => ({ labels: { state }, value: 2 })),
      ['state'],
    );
    metrics.gauge('one', 'One.', () => 7);
    expect(await controller.text()).toContain('engines{state="gone"} 2');
    states = ['healthy'];
    const text = await controller.text();
    expect(text).toContain('engines{state="healthy"} 2');
    expect(text).not.toContain('gone');
    expect(text).toContain('\none 7\n');
  });

  it('reports counters and histograms', async () => {
    metrics.counter('bytes_total', 'Bytes.').inc(5);
    metrics.histogram('took_seconds', 'Time.', { buckets: [1, 2] }).observe(1.5);
    const text = await controller.text();
    expect(text).toContain('bytes_total 5');
    expect(text).toContain('took_seconds_bucket{le="2"} 1');
  });

  it('reports the process and its event loop, but not who watches what', async () => {
    const text = await controller.text();
    expect(text).toContain('nodejs_eventloop_lag_p99_seconds');
    expect(text).toContain('process_resident_memory_bytes');
    expect(text).not.toMatch(/[0-9a-f]{40}|\d+\.\d+\.\d+\.\d+/);
  });

  it('collects once for concurrent requests', async () => {
    const collect = jest.fn(() => 1);
    metrics.gauge('shared', 'Shared.', collect);
    await Promise.all([controller.text(), controller.text(), controller.text()]);
    expect(collect).toHaveBeenCalledTimes(1);
  });
});
