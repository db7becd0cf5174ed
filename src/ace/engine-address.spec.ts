import fc from 'fast-check';
import { EngineFault } from './ace.types';
import { engineTarget, withParameter } from './engine-address';

describe('engineTarget', () => {
  it.each([
    ['http://127.0.0.1:6878/ace/r/aa/bb', '/ace/r/aa/bb'],
    ['http://169.254.169.254:80/ace/r/aa/bb?x=1', '/ace/r/aa/bb?x=1'],
    ['http://[::ffff:169.254.169.254]/ace/r/a', '/ace/r/a'],
    ['http://2852039166/content/a/b', '/content/a/b'],
    ['HTTP://ENGINE/hls/x.m3u8#part', '/hls/x.m3u8'],
    ['//elsewhere.example/ace/stat/a/b', '/ace/stat/a/b'],
    ['/ace/cmd/a/b', '/ace/cmd/a/b'],
    ['next?y=2', '/ace/r/next?y=2'],
  ])('keeps path and query of %s', (address, target) => {
    expect(engineTarget(address, '/ace/r/key?q=1')).toBe(target);
  });

  it.each([
    '',
    'file:///etc/passwd',
    'file:///ace/r/a',
    'gopher://127.0.0.1/ace/r/a',
    'https://127.0.0.1/ace/r/a',
    'javascript:/ace/r/a',
    'http://user@host/ace/r/a',
    'http://user:secret@host/ace/r/a',
    'http://@host/ace/r/a',
    '//user@host/ace/r/a',
    'http://169.254.169.254/latest/meta-data',
    'http://engine/webui/app/token/cmd/shutdown',
    'http://engine/acexy/r',
    '/ace',
    '/ace/../webui/api/service',
    '/ace/r/..',
    '../../server/api',
    '/ace/%2e%2E/server/api',
    '/ace/.%2e/ace/r/a',
    '/ace/r/%2e%2e%2fserver',
    '/ace/%252e%252e/server',
    '/ace/r\\..\\server',
    'http:\\\\host\\ace\\r',
    '/ace/r/a\r\nHost: evil',
    '/ace/r/a b',
    '/ace/r/\u00e9',
    '/ace/r/%00',
    '/ace/r/%0d%0aX',
    'http://[::1/ace/r/a',
    'http://host:99999/ace/r/a',
    `/ace/r/${'a'.repeat(3000)}`,
  ])('refuses %j', (address) => {
    expect(() => engineTarget(address)).toThrow(
      expect.objectContaining({ kind: 'engine', reason: 'foreign_address' }),
    );
  });

  it('gives a safe target or a fault, for any text', () => {
    const piece = fc.constantFrom(
      ...['http:', 'file:', '//', '/', '..', '.', '%2e', '%2f', '@', '\\', 'ace', 'content', 'hls'],
      ...['server', 'host', ':80', '?', '#', '\t', '\n', 'a=b', '[::1]', '%', ';'],
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
      fc.array(piece, { maxLength: 8 }).map((pieces) => `/ace/${pieces.join('')}`),
    );
    fc.assert(
      fc.property(text, (address) => {
        let target: string;
        try {
          target = engineTarget(address);
        } catch (error) {
          expect(error).toBeInstanceOf(EngineFault);
          return;
        }
        expect(target).toMatch(/^\/(ace|content|hls)\/[\x21-\x7e]*$/);
        const [path] = target.split('?', 1);
        expect(path!.split('/')).not.toContain('..');
        expect(new URL(target, 'http://engine:1').href).toBe(`http://engine:1${target}`);
      }),
      { numRuns: 5000 },
    );
  });
});

describe('withParameter', () => {
  it('starts a query or extends one', () => {
    expect(withParameter('/ace/cmd/a/b', 'method=stop')).toBe('/ace/cmd/a/b?method=stop');
    expect(withParameter('/ace/cmd/a?b=c', 'method=stop')).toBe('/ace/cmd/a?b=c&method=stop');
  });
});
