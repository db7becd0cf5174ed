import {
  expectProblem,
  newContentId,
  openViewer,
  startProduct,
  startSimulator,
  streamPath,
  type Product,
  type Simulator,
  type Viewer,
} from './support';
import { expectUntouched } from './support/session-facts';

describe('MPEG-TS with a packet distance other than 188 bytes', () => {
  let engine: Simulator;
  let product: Product;

  beforeAll(async () => {
    engine = await startSimulator({ bitrateMbps: 1, burstSeconds: 4 });
    product = await startProduct({ engines: [engine], env: { PROXY_GRACE_PERIOD: '0s' } });
  });

  async function open(ahead: number, behind: number): Promise<[string, Viewer]> {
    const id = newContentId();
    await engine.fault({ kind: 'framing', content: id, ahead, behind });
    return [id, openViewer(product.url(streamPath(id)))];
  }

  it.each([
    [192, 4, 0],
    [204, 0, 16],
    [208, 0, 20],
  ])(
    'plays packets at a distance of %d bytes, also for a later viewer',
    async (_, ahead, behind) => {
      const [id, first] = await open(ahead, behind);
      await first.receiveMore(2000);
      const later = openViewer(product.url(streamPath(id)));
      await later.receiveMore(1000);
      for (const { audit } of [first, later]) {
        expect(audit.misaligned).toBe(0);
        expect(audit.firstAt.randomAccess).not.toBeNull();
        expectUntouched(audit);
      }
      expect(await product.session(id)).toMatchObject({ state: 'live', resyncs: 0 });
    },
  );

  it('names an unknown framing in the error', async () => {
    const [, viewer] = await open(8, 0);
    const { detail } = await expectProblem(viewer, 501, 'unsupported_content');
    expect(detail).toContain('packets of 196 bytes');
  });
});
