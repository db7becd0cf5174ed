import { Injectable } from '@nestjs/common';
import { playlistText } from '../channels';
import { readAt } from './guide-file';
import { GuideSources } from './guide-sources';
import { plainTextOf } from './xml-text';

/** One programme of a channel. Times are in seconds since 1970. */
export interface GuideProgram {
  readonly title: string;
  readonly description: string;
  readonly startS: number;
  readonly stopS: number;
}

/** The programmes of single channels, read from the index on the disk. */
@Injectable()
export class GuidePrograms {
  constructor(private readonly sources: GuideSources) {}

  /**
   * The next programmes of a channel, beginning with the one that runs at `fromS`. Empty if there is no guide.
   *
   * @throws the error of the file system; RangeError or SyntaxError for a damaged file
   */
  async of(tvgId: string, fromS: number, limit: number): Promise<GuideProgram[]> {
    const id = playlistText(tvgId);
    const source = this.sources.files().find((file) => file.has(id));
    if (source === undefined) return [];
    return source.use(async (file, guide) => {
      const programmes = await guide.programmes(file, id);
      const next = programmes.filter(({ stopS }) => stopS > fromS).slice(0, limit);
      return Promise.all(
        next.map(async ({ startS, stopS, offset, length }) => {
          const xml = (await readAt(file, offset, length)).toString();
          return { title: textOf(xml, 'title'), description: textOf(xml, 'desc'), startS, stopS };
        }),
      );
    });
  }
}

/** The text of the first child of this name, in the form in which the guide file has it; empty without one. */
function textOf(programme: string, name: string): string {
  const [, text = ''] = new RegExp(`<${name}(?: [^>]*)?>([^<]*)</${name}>`).exec(programme) ?? [];
  return plainTextOf(text).trim();
}
