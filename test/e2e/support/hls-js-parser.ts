import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { MediaPlaylist } from './hls';

/** The result of hls.js for one playlist. */
interface Reading {
  readonly error: string | null;
  readonly live: boolean;
  readonly target: number;
  readonly sequence: number;
  readonly discontinuitySequence: number;
  readonly segments: readonly {
    readonly number: number;
    readonly duration: number;
    readonly url: string;
    /** Discontinuities counted since the beginning of the stream. */
    readonly timeLine: number;
    readonly date: number | null;
  }[];
}

const LIBRARY = join(require.resolve('hls.js'), '..', 'hls.mjs');

/**
 * Reads playlists from stdin and prints the parser's results on stdout. The library is a module and needs a
 * browser's `self`.
 */
const SCRIPT = `
  globalThis.self = globalThis;
  const { M3U8Parser } = await import(${JSON.stringify(pathToFileURL(LIBRARY).href)});
  let text = '';
  for await (const piece of process.stdin) text += piece;
  const readings = JSON.parse(text).map(({ text, url }) => {
    const level = M3U8Parser.parseLevelPlaylist(text, url, 0, 'main', 0, null);
    return {
      error: level.playlistParsingError?.message ?? null,
      live: level.live,
      target: level.targetduration,
      sequence: level.startSN,
      discontinuitySequence: level.startCC,
      segments: level.fragments.map(({ sn, duration, url, cc, rawProgramDateTime }) => ({
        number: sn, duration, url, timeLine: cc,
        date: rawProgramDateTime ? Date.parse(rawProgramDateTime) : null,
      })),
    };
  });
  process.stdout.write(JSON.stringify(readings));
`;

/** Asserts that the parser of hls.js reads the same from playlists as our own strict one. */
export function expectReadAlike(playlists: readonly MediaPlaylist[]): void {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', SCRIPT],
    {
      input: JSON.stringify(playlists.map(({ text, url }) => ({ text, url }))),
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      timeout: 60_000,
    },
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const readings = JSON.parse(stdout) as Reading[];
  expect(readings).toHaveLength(playlists.length);
  readings.forEach((reading, i) => expect(reading).toEqual(asRead(playlists[i]!)));
}

function asRead(playlist: MediaPlaylist): Reading {
  const { target, sequence, discontinuitySequence } = playlist;
  let timeLine = discontinuitySequence;
  const segments = playlist.segments.map(({ number, duration, url, date, isDiscontinuity }) => {
    if (isDiscontinuity) timeLine++;
    return { number, duration, url, timeLine, date };
  });
  return { error: null, live: true, target, sequence, discontinuitySequence, segments };
}
