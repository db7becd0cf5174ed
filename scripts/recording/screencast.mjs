import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const QUALITY = 100;

/**
 * Collects pictures of a Chromium page, one for each change.
 * @param {import('playwright-core').Page} page
 * @returns {Promise<{ stop: () => Promise<{ atMs: number, jpeg: Buffer }[]> }>} times are milliseconds since 1970
 */
export async function startScreencast(page) {
  const frames = [];
  const session = await page.context().newCDPSession(page);
  session.on('Page.screencastFrame', ({ data, metadata, sessionId }) => {
    frames.push({ atMs: metadata.timestamp * 1000, jpeg: Buffer.from(data, 'base64') });
    session.send('Page.screencastFrameAck', { sessionId }).catch(() => undefined);
  });
  await session.send('Page.startScreencast', { format: 'jpeg', quality: QUALITY });
  const stop = async () => {
    await session.send('Page.stopScreencast');
    return frames;
  };
  return { stop };
}

/**
 * Writes numbered pictures at a constant rate: each is the picture that the page showed at that time.
 * @param {{ atMs: number, jpeg: Buffer }[]} frames @param {{ folder: string, fromMs: number, toMs: number,
 *   perSecond: number }} options
 * @returns {number} the number of pictures
 */
export function writeEvenly(frames, { folder, fromMs, toMs, perSecond }) {
  let count = 0;
  for (let atMs = fromMs; atMs <= toMs; atMs += 1000 / perSecond) {
    const shown = frames.findLast((frame) => frame.atMs <= atMs) ?? frames[0];
    writeFileSync(join(folder, `${String(count).padStart(4, '0')}.jpg`), shown.jpeg);
    count += 1;
  }
  return count;
}
