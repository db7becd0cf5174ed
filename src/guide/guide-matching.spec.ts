import { GuideMatching } from './guide-matching';

const WANTED = [
  { tvgId: 'News.uk', names: ['The News'] },
  { tvgId: 'films', names: ['Films HD'] },
];

function match(...channels: [string, ...string[]][]): (id: string) => string | null {
  const matching = new GuideMatching(WANTED);
  for (const [id, ...names] of channels) matching.addChannel(id, names);
  return (id) => matching.wantedFor(id);
}

it.each<[string, [string, ...string[]][], string, string | null]>([
  ['the same id', [['News.uk']], 'News.uk', 'News.uk'],
  ['the same id in another case', [['NEWS.UK']], 'NEWS.UK', 'News.uk'],
  ['a display name that is the id', [['1', ' FILMS ']], '1', 'films'],
  ['a display name that is the name', [['1', 'x', 'films hd']], '1', 'films'],
  ['nothing in common', [['1', 'Weather']], '1', null],
  ['the same id, not listed', [], 'News.uk', 'News.uk'],
  ['the same id in another case, not listed', [], 'FILMS', 'films'],
  ['a better one by id', [['1', 'The News'], ['news.uk']], '1', null],
  ['a better one in the same case', [['news.uk'], ['News.uk']], 'news.uk', null],
  [
    'another one by name first',
    [
      ['1', 'The News'],
      ['2', 'The News'],
    ],
    '2',
    null,
  ],
])('%s', (_, channels, id, expected) => {
  expect(match(...channels)(id)).toBe(expected);
});

it('gives the programmes of one channel of the guide to a wanted one', () => {
  const wantedFor = match();
  expect(wantedFor('FILMS')).toBe('films');
  expect(wantedFor('films')).toBeNull();
  expect(wantedFor('FILMS')).toBe('films');
});
