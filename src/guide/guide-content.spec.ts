import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { reduceGuide } from './fetch-guide';
import { GuideFile } from './guide-file';
import type { Directory } from './guide-file-format';
import type { WrittenGuide } from './guide-file-writer';
import { GuidePrograms } from './guide-programs';
import type { GuideSources } from './guide-sources';
import { executeGuideTask } from './guide-tasks';
import { renderGuide } from './render-guide';

const WANTED = [
  { tvgId: 'news', names: ['News'] },
  { tvgId: 'a&b', names: ['A & B'] },
];

const CHANNELS = WANTED.map(({ tvgId, names }) => ({ tvgId, name: names[0]!, logo: null }));

const GUIDE = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE tv SYSTEM "xmltv.dtd">
<tv>
  <channel id="NEWS"><display-name>News one</display-name></channel>
  <channel id="7"><display-name>A &amp; B</display-name></channel>
  <channel id="other"><display-name>Other</display-name></channel>
  <programme start="20261130190000 +0000" channel="NEWS"><title>Late</title></programme>
  <programme start="20261130180000 +0000" stop="20261130190000 +0000" channel="NEWS">
    <title lang="en">Caf&eacute; &lt;&quot;1&quot;&gt;</title><desc><![CDATA[a <b> & c]]></desc>
    <icon src="http://a/?x=1&amp;y=2"/>
  </programme>
  <programme start="20261130180000 +0000" channel="other"><title>Not wanted</title></programme>
  <programme start="20261130180000 +0000" channel="7"><title>Both</title></programme>
  <programme start="never" channel="7"><title>Without a time</title></programme>
</tv>
`;

describe('the content of a guide', () => {
  let folder: string;
  let count = 0;

  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'acefleet-guide-'))));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const path = (): string => join(folder, `${++count}.guide`);

  function reduce(guide: string | Buffer, to = path(), piece = 100): Promise<WrittenGuide> {
    const bytes = Buffer.from(guide);
    async function* pieces(): AsyncGenerator<Buffer> {
      for (let at = 0; at < bytes.length; at += piece) {
        yield await Promise.resolve(bytes.subarray(at, at + piece));
      }
    }
    return reduceGuide(pieces(), WANTED, to);
  }

  const errorOf = (guide: string | Buffer): Promise<unknown> =>
    reduce(guide).catch((error: unknown) => error);

  async function render(...guides: string[]): Promise<string> {
    const sources = await Promise.all(
      guides.map(async (guide) => {
        const file = path();
        await reduce(guide, file);
        return (await GuideFile.read(file))!;
      }),
    );
    const out = path();
    await renderGuide({ kind: 'render', channels: CHANNELS, sources, path: out }, sources);
    const text = readFileSync(out, 'utf8');
    expect(gunzipSync(readFileSync(`${out}.gz`)).toString()).toBe(text);
    return text;
  }

  it('is reduced to the wanted channels, with our ids, and sorted by channel and time', async () => {
    expect(await render(GUIDE)).toBe(
      `<?xml version="1.0" encoding="UTF-8"?>
<tv generator-info-name="acefleet">
<channel id="news"><display-name>News</display-name></channel>
<channel id="a&amp;b"><display-name>A &amp; B</display-name></channel>
<programme start="20261130180000 +0000" stop="20261130190000 +0000" channel="news">
    <title lang="en">Café &lt;"1"&gt;</title><desc>a &lt;b&gt; &amp; c</desc>
    <icon src="http://a/?x=1&amp;y=2"></icon>
  </programme>
<programme start="20261130190000 +0000" channel="news"><title>Late</title></programme>
<programme start="20261130180000 +0000" channel="a&amp;b"><title>Both</title></programme>
</tv>
`,
    );
  });

  it('is the same for the same guide, in whatever pieces and packing it arrives', async () => {
    const first = await reduce(GUIDE);
    expect(first).toMatchObject({ channels: 2, programmes: 3 });
    expect(await reduce(GUIDE, path(), 1)).toEqual(first);
    expect(await reduce(gzipSync(GUIDE), path(), 1)).toEqual(first);
    expect(await reduce(Buffer.from(`\ufeff${GUIDE}`))).toEqual(first);
    expect((await reduce(GUIDE.replace('Late', 'Later'))).id).not.toBe(first.id);
  });

  it('may have another encoding', async () => {
    const guide = GUIDE.replace('UTF-8', 'ISO-8859-1').replace('&eacute;', 'é');
    const first = await reduce(GUIDE);
    expect(await reduce(Buffer.from(guide, 'latin1'))).toEqual(first);
    const utf16 = `\ufeff${GUIDE.replace('UTF-8', 'UTF-16')}`;
    expect(await reduce(Buffer.from(utf16, 'utf16le'))).toEqual(first);
  });

  it('has the programmes of a channel from the first source that has any', async () => {
    const other = GUIDE.replace('Late', 'From the second').replaceAll('channel="7"', 'channel="8"');
    const text = await render(other, GUIDE);
    expect(text).toContain('From the second');
    expect(text).not.toContain('Late');
    expect(text).toContain('Both');
  });

  it.each<[string, string | Buffer, string]>([
    ['nothing', '', 'the answer is empty'],
    ['another document', '<html><body>Forbidden</body></html>', 'the root element is not tv'],
    ['no document', '{"error": "x"}', 'not valid XML'],
    ['a part of a guide', GUIDE.slice(0, -10), 'not valid XML'],
    ['an unknown entity', GUIDE.replace('&eacute;', '&secret;'), 'not valid XML'],
    ['an unknown encoding', GUIDE.replace('UTF-8', 'x-none'), 'unknown character encoding'],
    [
      'a DTD that declares entities',
      GUIDE.replace('"xmltv.dtd"', '"xmltv.dtd" [<!ENTITY a "aaaaaaaaaa">]'),
      'a DTD of its own',
    ],
    ['a gzip bomb', gzipSync(Buffer.alloc(20 * 2 ** 20, ' ')), '200 times'],
    ['a damaged gzip file', gzipSync(GUIDE).subarray(0, 100), 'damaged'],
  ])('is refused if it is %s, and leaves no file', async (_, guide, detail) => {
    const before = readdirSync(folder);
    expect(await errorOf(guide)).toMatchObject({ detail: expect.stringContaining(detail) });
    expect(readdirSync(folder)).toEqual(before);
  });

  it('leaves out a programme that is far too long', async () => {
    const long = GUIDE.replace('Late', 'x'.repeat(300_000));
    expect(await reduce(long, path(), 65_536)).toMatchObject({ programmes: 2 });
  });

  it('tells what runs on a channel, and what follows', async () => {
    const file = path();
    await reduce(GUIDE, file);
    const files = [(await GuideFile.read(file))!];
    const programs = new GuidePrograms({ files: () => files } as unknown as GuideSources);
    const at = (iso: string): number => Date.parse(iso) / 1000;
    const [first, second] = [
      {
        title: 'Café <"1">',
        description: 'a <b> & c',
        startS: at('2026-11-30T18:00:00Z'),
        stopS: at('2026-11-30T19:00:00Z'),
      },
      {
        title: 'Late',
        description: '',
        startS: at('2026-11-30T19:00:00Z'),
        stopS: at('2026-11-30T20:00:00Z'),
      },
    ];
    expect(await programs.of('news', at('2026-11-30T18:30:00Z'), 5)).toEqual([first, second]);
    expect(await programs.of('news', at('2026-11-30T18:30:00Z'), 1)).toEqual([first]);
    expect(await programs.of('news', at('2026-11-30T19:00:00Z'), 5)).toEqual([second]);
    expect(await programs.of('news', at('2026-11-30T20:00:00Z'), 5)).toEqual([]);
    expect(await programs.of('unknown', 0, 5)).toEqual([]);
  });

  it('is read as it is now if its file was replaced since', async () => {
    const file = path();
    await reduce(GUIDE, file);
    const files = [(await GuideFile.read(file))!];
    const programs = new GuidePrograms({ files: () => files } as unknown as GuideSources);
    const next = path();
    await reduce(GUIDE.replace('<desc>', '<desc>longer than before'), next);
    renameSync(next, file);
    const [first, second] = await programs.of('news', 0, 5);
    expect([first?.description, second?.title]).toEqual(['longer than beforea <b> & c', 'Late']);
  });

  it('is not rendered from a file that was replaced since', async () => {
    const file = path();
    await reduce(GUIDE, file);
    const source = (await GuideFile.read(file))!;
    const next = path();
    await reduce(GUIDE.replace('Late', 'Later'), next);
    renameSync(next, file);
    const out = path();
    const task = { kind: 'render', channels: CHANNELS, sources: [source], path: out } as const;
    const before = readdirSync(folder);
    await expect(renderGuide(task, [source])).rejects.toThrow('replaced');
    await expect(executeGuideTask(task, new AbortController().signal)).rejects.toThrow('replaced');
    expect(readdirSync(folder)).toEqual(before);
  });

  it.each([
    ['plain', ''],
    ['compressed', '.gz'],
  ])('leaves no draft if the %s form cannot be written', async (_, ending) => {
    const out = path();
    const blocked = `${out}${ending}`;
    const before = readdirSync(folder);
    mkdirSync(blocked);
    const task = { kind: 'render', channels: CHANNELS, sources: [], path: out } as const;
    await expect(renderGuide(task, [])).rejects.toMatchObject({ syscall: 'rename' });
    rmSync(out, { recursive: true, force: true });
    rmSync(blocked, { recursive: true, force: true });
    expect(readdirSync(folder)).toEqual(before);
    // The draft itself.
    mkdirSync(`${blocked}.tmp`);
    await expect(renderGuide(task, [])).rejects.toMatchObject({ syscall: 'open' });
    rmSync(`${blocked}.tmp`, { recursive: true });
    expect(readdirSync(folder)).toEqual(before);
  });

  it('is not read from a missing or damaged file', async () => {
    expect(await GuideFile.read(join(folder, 'missing'))).toBeNull();
    const file = path();
    await reduce(GUIDE, file);
    const whole = readFileSync(file);
    for (const length of [0, 10, whole.length - 1]) {
      writeFileSync(file, whole.subarray(0, length));
      expect(await GuideFile.read(file)).toBeNull();
    }
    // The directory promises more records than there are.
    writeFileSync(file, whole.toString('latin1').replace('"news",0,2', '"news",0,9'), 'latin1');
    expect(await GuideFile.read(file)).toBeNull();
  });

  it.each([
    ['is far too long', 12, 0xffff_fff0],
    ['is outside', 8, 0xffff_fff0],
  ])('is not read if its index has an element that %s', async (_, field, value) => {
    const file = path();
    await reduce(GUIDE, file);
    const bytes = readFileSync(file);
    const source = (await GuideFile.read(file))!;
    const { indexOffset } = JSON.parse(
      /\{"version".*\}/.exec(bytes.toString('latin1'))![0],
    ) as Directory;
    bytes.writeUInt32LE(value, indexOffset + field);
    writeFileSync(file, bytes);
    const programs = new GuidePrograms({ files: () => [source] } as unknown as GuideSources);
    await expect(programs.of('news', 0, 5)).rejects.toThrow('the index does not fit the file');
  });
});
