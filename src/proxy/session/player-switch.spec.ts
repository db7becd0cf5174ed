import { Viewer } from '../viewers';
import { isSwitch } from './player-switch';

function player(ip: string, userAgent = 'VLC/3.0.20'): Viewer {
  return new Viewer({ id: 'v', ip, userAgent, path: '/ace/getstream' });
}

function segments(ip: string): Viewer {
  return Object.assign(player(ip), { takesSegments: true });
}

describe('a player that switches', () => {
  const tv = '192.168.1.20';

  it.each<[string, Viewer[], Viewer[], boolean]>([
    ['the same one', [player(tv)], [player(tv)], true],
    ['with two connections', [player(tv), player(tv)], [player(tv)], true],
    ['one of those who wait', [player(tv)], [player('192.168.1.21'), player(tv)], true],
    ['another address', [player(tv)], [player('192.168.1.21')], false],
    ['another player there', [player(tv)], [player(tv, 'Kodi/20')], false],
    ['somebody else watches, too', [player(tv), player('192.168.1.21')], [player(tv)], false],
    ['nobody watches', [], [player(tv)], false],
    ['nobody waits', [player(tv)], [], false],
    ['a player without a name', [player(tv, '')], [player(tv, '')], false],
    ['an address of many', [player('127.0.0.1')], [player('127.0.0.1')], false],
    ['one that fetches segments', [segments(tv)], [player(tv)], false],
  ])('%s', (_, watching, waiting, expected) => {
    expect(isSwitch(watching, waiting, (ip) => ip === '127.0.0.1')).toBe(expected);
  });
});
