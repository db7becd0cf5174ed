import { openViewer, type Viewer } from './viewer';
import { streamPath } from './contents';
import type { Product } from './product';
import { eventually } from './wait';

/** Requests a content by its infohash. */
export function byInfohash(product: Product, infohash: string): Viewer {
  return openViewer(product.url(`/ace/getstream?infohash=${infohash}`));
}

/** Requests a content by its id. */
export function byId(product: Product, id: string): Viewer {
  return openViewer(product.url(streamPath(id)));
}

/** Asserts that each of the names leads to the same, only stream with this many viewers. */
export async function expectOneSession(
  product: Product,
  names: readonly string[],
  clients: number,
): Promise<void> {
  await eventually(
    async () => {
      expect(await product.sessionCount()).toBe(1);
      for (const name of names) {
        const { body } = await product.api('GET', `/ace/status?${name}`, undefined, {});
        expect(body.clients).toBe(clients);
      }
      return true;
    },
    20_000,
    'one session',
  );
}

/** Asserts that viewers continue to receive one content without loss, repetition or damage. */
export async function expectUntouched(viewers: readonly Viewer[], ms = 3000): Promise<void> {
  await Promise.all(viewers.map((viewer) => viewer.receiveMore(ms)));
  for (const { audit, ending } of viewers) {
    expect(ending).toBeNull();
    expect(audit).toMatchObject({ misaligned: 0, continuityErrors: 0 });
    expect(audit.markers).toMatchObject({ lostPackets: 0, repeatedPackets: 0, outOfOrder: 0 });
    expect(audit.markers.infohashes).toHaveLength(1);
  }
}
