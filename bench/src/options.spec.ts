import { parseOptions } from './options';
import { parseStreamOptions } from './stream-options';

describe('parseOptions', () => {
  it.each([
    [[], ['product', 'bare']],
    [
      ['--against', 'x {port}'],
      ['product', 'bare', 'other'],
    ],
    [
      ['--against', 'x', '--server', 'other', '--server', 'product'],
      ['product', 'other'],
    ],
  ])('servers of %j', (args, servers) => {
    expect(parseOptions(args)?.servers).toEqual(servers);
  });

  it('measures no other proxy by default', () => {
    expect(() => parseOptions(['--server', 'other'])).toThrow('needs --against');
  });
});

describe('parseStreamOptions', () => {
  it('measures everything three times, each case with its own viewers', () => {
    expect(parseStreamOptions([])).toMatchObject({ viewers: null, rounds: 3, countMs: 20_000 });
    expect(parseStreamOptions([])?.cases).toContain('hls-mixed');
  });

  it.each([
    ['--case', 'kil'],
    ['--viewers', '0'],
    ['--rounds', 'two'],
    ['--duration', '601'],
  ])('refuses %s %s', (...args) => {
    expect(() => parseStreamOptions(args)).toThrow(`${args[0]} ${args[1]}: allowed are`);
  });
});
