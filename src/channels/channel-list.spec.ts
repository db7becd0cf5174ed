import 'reflect-metadata';
import fc from 'fast-check';
import { ChannelListFault, readChannelList } from './channel-list';

const ID = 'a'.repeat(40);
const source = (id = ID, more: object = {}): object => ({ id, ...more });
const channel = (more: object = {}): object => ({
  id: 'news',
  name: 'News',
  sources: [source()],
  ...more,
});
const textOf = (...channels: unknown[]): string => JSON.stringify({ channels });

describe('a list of channels', () => {
  it('is read into canonical form, without its optional fields', () => {
    const sources = [
      source(`acestream://${'AB'.repeat(20)}`, { label: 'HD' }),
      source('c'.repeat(40), { kind: 'infohash', label: null }),
    ];
    expect(readChannelList(`\ufeff${textOf(channel({ name: 'Nachrichten ü', sources }))}`)).toEqual(
      [
        {
          number: null,
          channel: {
            id: 'news',
            name: 'Nachrichten ü',
            group: null,
            logo: null,
            tvgId: null,
            isHidden: false,
            sources: [
              { kind: 'content_id', id: 'ab'.repeat(20), label: 'HD' },
              { kind: 'infohash', id: 'c'.repeat(40), label: null },
            ],
          },
        },
      ],
    );
    const listing = {
      number: 7,
      group: 'A, "B"',
      logo: 'https://x/ü.png?a=1',
      tvg_id: 'n.de',
      is_hidden: true,
    };
    expect(readChannelList(textOf(channel(listing)))).toMatchObject([
      {
        number: 7,
        channel: {
          group: 'A, "B"',
          logo: 'https://x/ü.png?a=1',
          tvgId: 'n.de',
          isHidden: true,
        },
      },
    ]);
    expect(readChannelList('{"channels":[]}')).toEqual([]);
  });

  const ids = (count: number): object[] =>
    Array.from({ length: count }, (_, i) => source(i.toString(16).padStart(40, '0')));

  it.each<[string, string, RegExp]>([
    ['no JSON', '{"channels":[', /^it is not JSON: /],
    ['a list', '[]', /an object with a list "channels"/],
    ['null', 'null', /an object with a list "channels"/],
    ['no channels', '{}', /^channels must be a list/],
    ['something else', '{"channels":[],"sources":[]}', /^"sources" is not a known field/],
    ['a later version', '{"version":2,"channels":[]}', /^version must be 1/],
    ['too many', textOf(...Array.from({ length: 10_001 }, () => 1)), /^channels has 10001 entries/],
    ['a number', textOf(channel({ id: 'a' }), 7), /^channels\[1\] must be an object/],
    ['no id', textOf({ name: 'x' }), /^channels\[0\]: id must be 1 to 64 of/],
    ['a bad id', textOf(channel({ id: 'News' })), /^channels\[0\]: id must be/],
    ['an id twice', textOf(channel(), channel()), /^channels\[1\]: id "news" is used twice/],
    ['no name', textOf(channel({ name: undefined })), /^channels\[0\]: name must be text/],
    ['an empty name', textOf(channel({ name: '' })), /^channels\[0\]: name must be text/],
    ['a name of lines', textOf(channel({ name: 'a\nb' })), /^channels\[0\]: name must be text/],
    ['a long name', textOf(channel({ name: 'x'.repeat(201) })), /name must be text of 1 to 200/],
    [
      'no sources',
      textOf(channel({ sources: [] })),
      /^channels\[0\]: sources must contain at least 1/,
    ],
    ['sources as text', textOf(channel({ sources: ID })), /^channels\[0\]: .*sources/],
    ['seventeen', textOf(channel({ sources: ids(17) })), /^channels\[0\]: sources .* 16 /],
    ['null for a source', textOf(channel({ sources: [null] })), /^channels\[0\]: .*sources/],
    ['text for a source', textOf(channel({ sources: [ID] })), /^channels\[0\]: .*sources/],
    ['a list for a source', textOf(channel({ sources: [[source()]] })), /^channels\[0\]/],
    [
      'an id of 39 digits',
      textOf(channel({ sources: [source(), source('a'.repeat(39))] })),
      /^channels\[0\]\.sources\[1\]: id must be 40 hexadecimal digits$/,
    ],
    [
      'a source twice',
      textOf(channel({ sources: [source(), source(ID.toUpperCase(), { kind: 'infohash' })] })),
      /^channels\[0\]: sources must have each id once$/,
    ],
    [
      'a kind that is none',
      textOf(channel({ sources: [source(ID, { kind: 'url' })] })),
      /^channels\[0\]\.sources\[0\]: kind must be one of/,
    ],
    [
      'a label that is no text',
      textOf(channel({ sources: [source(ID, { label: 7 })] })),
      /^channels\[0\]\.sources\[0\]: label must be text/,
    ],
    [
      'a number twice',
      textOf(channel({ number: 5 }), channel({ id: 'b', number: 5 })),
      /^channels\[1\]: number 5 is used twice$/,
    ],
    ...[0, -1, 1.5, 100_000, '5', true, []].map((number): [string, string, RegExp] => [
      `the number ${JSON.stringify(number)}`,
      textOf(channel({ number })),
      /^channels\[0\]: number must be/,
    ]),
    ...['', 'a\nb', 'x'.repeat(101), 7].map((group): [string, string, RegExp] => [
      `the group ${JSON.stringify(group).slice(0, 20)}`,
      textOf(channel({ group })),
      /^channels\[0\]: group must be text of 1 to 100 characters$/,
    ]),
    ...[
      'logo.png',
      'ftp://x/y',
      'javascript:alert(1)',
      'http://',
      'http://x/a b',
      'http://x/"',
      'http://x/\n',
      `http://x/${'y'.repeat(2048)}`,
      7,
    ].map((logo): [string, string, RegExp] => [
      `the logo ${JSON.stringify(logo).slice(0, 30)}`,
      textOf(channel({ logo })),
      /^channels\[0\]: logo must be an http or https address/,
    ]),
    ['an empty tvg_id', textOf(channel({ tvg_id: '' })), /^channels\[0\]: tvg_id must be text/],
    [
      'text for is_hidden',
      textOf(channel({ is_hidden: 'no' })),
      /is_hidden must be true or false$/,
    ],
    [
      'a name that is not known',
      textOf(channel({ source: [] })),
      /^channels\[0\]: property source should not exist/,
    ],
  ])('with %s is refused, and the error names the position', (_, text, words) => {
    expect(() => readChannelList(text)).toThrow(ChannelListFault);
    expect(() => readChannelList(text)).toThrow(words);
  });

  it('throws no other error, for any content of the file', () => {
    const anything = fc.oneof(
      fc.string(),
      fc.json(),
      fc.jsonValue().map((value) => JSON.stringify({ channels: [value] })),
      fc.jsonValue().map((value) => textOf({ id: 'a', name: 'b', sources: value })),
      fc.jsonValue().map((value) => textOf({ id: 'a', name: 'b', sources: [value] })),
    );
    fc.assert(
      fc.property(anything, (text) => {
        try {
          readChannelList(text);
        } catch (error) {
          expect(error).toBeInstanceOf(ChannelListFault);
        }
      }),
    );
  });
});
