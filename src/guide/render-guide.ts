import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { rename, unlink } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { GuideFault } from './guide-fault';
import { type GuideFile, readAt } from './guide-file';
import { attributeText, elementText } from './xml-text';

/** Programmes that are next to each other are copied together, up to this size. */
const COPY_BYTES = 256 * 1024;
const OWNER_ONLY = 0o600;

/** A channel of the rendered guide. */
export interface GuideChannel {
  readonly tvgId: string;
  readonly name: string;
  readonly logo: string | null;
}

export interface RenderTask {
  readonly kind: 'render';
  readonly channels: readonly GuideChannel[];
  /** Guide files. The first one that has programmes of a channel provides them. */
  readonly sources: readonly Pick<GuideFile, 'path' | 'id'>[];
  /** The guide; the compressed one has the same path with `.gz`. */
  readonly path: string;
}

/**
 * Writes the guide of the channels, plain and compressed. If that fails, no draft is left.
 *
 * @throws the error of the file system; RangeError for a damaged source; GuideFault if a source was replaced meanwhile
 */
export async function renderGuide(task: RenderTask, sources: readonly GuideFile[]): Promise<void> {
  const drafts = [`${task.path}.tmp`, `${task.path}.gz.tmp`] as const;
  try {
    await writeDrafts(task, sources, drafts);
    for (const draft of drafts) await rename(draft, draft.slice(0, -'.tmp'.length));
  } catch (error) {
    // On a full disk, they would occupy the space that the next attempt needs.
    for (const draft of drafts) await unlink(draft).catch(() => undefined);
    throw error;
  }
}

async function writeDrafts(
  task: RenderTask,
  sources: readonly GuideFile[],
  drafts: readonly [string, string],
): Promise<void> {
  const plain = createWriteStream(drafts[0], { mode: OWNER_ONLY });
  const gzip = createGzip();
  const packed = gzip.pipe(createWriteStream(drafts[1], { mode: OWNER_ONLY }));
  // The compressed file has errors of its own, such as a full disk.
  packed.once('error', (error) => gzip.destroy(error));
  const ends = Promise.all([finished(plain), finished(gzip), finished(packed)]);
  ends.catch(() => plain.destroy());
  const write = async (text: string | Buffer): Promise<void> => {
    const waits = [plain, gzip]
      .filter((stream) => !stream.write(text))
      .map((stream) => once(stream, 'drain'));
    await Promise.race([Promise.all(waits), ends]);
  };
  try {
    await write('<?xml version="1.0" encoding="UTF-8"?>\n<tv generator-info-name="acefleet">\n');
    for (const channel of task.channels) await write(channelElement(channel));
    for (const source of sources) {
      const earlier = sources.slice(0, sources.indexOf(source));
      const channels = task.channels.filter(
        ({ tvgId }) => source.has(tvgId) && !earlier.some((one) => one.has(tvgId)),
      );
      await copyProgrammes(source, channels, write);
    }
    await write('</tv>\n');
    plain.end();
    gzip.end();
    await ends;
  } finally {
    // A stream that is still opening its file would create it after the drafts are removed.
    await Promise.all([plain, gzip, packed].map(closed));
  }
}

/** Ends a stream, whatever it is doing. */
async function closed(stream: Writable): Promise<void> {
  if (stream.closed) return;
  const end = new Promise((resolve) => stream.once('close', resolve));
  stream.destroy();
  await end;
}

/** The guide would not have the content that its name stands for, so it must be rendered from the new sources. */
export function sourceReplaced(): GuideFault {
  return new GuideFault('internal_error', 'a source was replaced while the guide was written');
}

function channelElement({ tvgId, name, logo }: GuideChannel): string {
  const icon = logo === null ? '' : `<icon src="${attributeText(logo)}"/>`;
  const displayName = `<display-name>${elementText(name)}</display-name>`;
  return `<channel id="${attributeText(tvgId)}">${displayName}${icon}</channel>\n`;
}

async function copyProgrammes(
  source: GuideFile,
  channels: readonly GuideChannel[],
  write: (bytes: Buffer) => Promise<void>,
): Promise<void> {
  if (channels.length === 0) return;
  await source.use(async (file, { id }) => {
    if (id !== source.id) throw sourceReplaced();
    let start = 0;
    let end = 0;
    const copy = async (): Promise<void> => {
      if (end > start) await write(await readAt(file, start, end - start));
    };
    for (const { tvgId } of channels) {
      for (const { offset, length } of await source.programmes(file, tvgId)) {
        if (offset !== end || end - start + length > COPY_BYTES) {
          await copy();
          start = offset;
        }
        end = offset + length;
      }
    }
    await copy();
  });
}
