import { parseOptions } from './options';

test('defaults: an engine on its usual port, without control API', () => {
  expect(parseOptions([], {})).toMatchObject({
    host: '127.0.0.1',
    httpPort: 6878,
    controlPort: null,
    anyContent: false,
    bitrateMbps: 4,
    clip: null,
    personality: '3.2.3',
  });
});

test('the input of engine images: CONF lines, ACESTREAM_ARGS, flags of the real engine', () => {
  const env = {
    CONF: '--http-port=7001\n--https-port=7002',
    ACESTREAM_ARGS: '--client-console --live-cache-type memory --bind-all',
  };
  expect(parseOptions([], env)).toMatchObject({ httpPort: 7001, host: '0.0.0.0' });
  expect(parseOptions(['--http-port', '0', '--host', '::1'], env)).toMatchObject({
    httpPort: 0,
    host: '::1',
  });
});

test('another clip', () => {
  expect(parseOptions(['--clip', '/tmp/other.ts'], {})).toMatchObject({ clip: '/tmp/other.ts' });
});

test.each([
  [['--http-port', '70000'], '--http-port 70000: a number from 0 to 65535 is required'],
  [['--bitrate', 'fast'], '--bitrate fast: a number from 1 to 50 is required'],
  [['--personality', '9'], '--personality 9: unknown'],
])('%j is refused in one line', (args, message) => {
  expect(() => parseOptions(args, {})).toThrow(message);
});
