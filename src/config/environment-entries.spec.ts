import { environmentEntries } from './environment-entries';
import { THIS_MACHINE } from './machine';

describe('the environment of engines', () => {
  it.each([
    'no-value',
    '1A=b',
    '=b',
    'A=1 A=2',
    'HTTP_PORT=1234',
    'A=1 EXTRA_FLAGS=--http-port=1',
    'A="never closed',
    Array.from({ length: 101 }, (_, n) => `A${n}=1`).join(' '),
  ])('is refused: %s', (text) => {
    expect(environmentEntries().parse(text, THIS_MACHINE)).toBeUndefined();
  });

  it('keeps blanks, equals signs and empty values', () => {
    const text = `TZ=Europe/Rome "A B"=x`;
    expect(environmentEntries().parse(text, THIS_MACHINE)).toBeUndefined();
    expect(environmentEntries().parse(`"A=b c" B=x=y C=`, THIS_MACHINE)).toEqual([
      ...['A=b c', 'B=x=y', 'C='],
    ]);
  });
});
