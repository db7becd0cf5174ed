import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  eventually,
  newContentId,
  openViewer,
  startProduct,
  startSimulator,
  type Product,
  type Simulator,
} from './support';
import { rowsIn } from './support/data-folder';
import { onScopeEnd } from './support/scope';

describe("the recent results of a channel's sources", () => {
  let dataDir: string;
  let engine: Simulator;
  const [dead, living] = [newContentId(), newContentId()];

  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'acefleet-memory-'));
    onScopeEnd(() => rmSync(dataDir, { recursive: true, force: true }));
    engine = await startSimulator({ startDelayMs: 20, bitrateMbps: 1 });
    await engine.fault({ kind: 'json_error', content: dead });
  });

  const start = (): Promise<Product> => startProduct({ engines: [engine], dataDir });
  const saved = (): string => JSON.stringify(rowsIn(dataDir, 'SELECT record FROM source_records'));

  async function play(product: Product): Promise<void> {
    const viewer = openViewer(product.url('/ace/getstream?channel=news'));
    await viewer.playing();
    viewer.destroy();
  }

  async function learn(product: Product): Promise<void> {
    await product.api('PUT', '/api/v1/channels/news', {
      name: 'News',
      sources: [{ id: dead }, { id: living }],
    });
    await play(product);
    await eventually(() => saved().includes(dead) && saved().includes(living));
  }

  it('are known after SIGKILL: the dead source is not tried again', async () => {
    const before = await start();
    await learn(before);
    before.kill('SIGKILL');
    await before.exit;
    await engine.clear();
    const after = await start();
    const { body } = await after.api('GET', '/api/v1/channels/news');
    expect(body.sources).toMatchObject([
      { id: dead, rank: 2, failed_at: expect.any(String), failure: expect.any(String) },
      { id: living, rank: 1, started_at: expect.any(String), start_ms: expect.any(Number) },
    ]);
    await play(after);
    expect(await engine.starts(dead)).toEqual([]);
  });

  it.each([
    ['nonsense', 'x{'],
    ['half of the file', '{"version":1,"entries":[{"source":'],
    ['invalid entries', '{"version":1,"entries":[null,7,{},{"source":"a"},[[]]]}'],
  ])('are discarded when the file of an earlier release contains %s', async (_, text) => {
    writeFileSync(join(dataDir, 'channel-sources.json'), text);
    const product = await start();
    await learn(product);
  });
});
