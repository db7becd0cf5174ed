import * as fc from 'fast-check';
import {
  type EnginePorts,
  fillPorts,
  mentionedPorts,
  PORT_NAMES,
  realEnginePorts,
} from './engine-ports';

const PORTS: EnginePorts = { http: 1001, https: 1002, api: 1003, p2p: 1004 };
const words = fc.array(
  fc.string({
    unit: fc.constantFrom('{', '}', 'http_port', '{http_port}', '{p2p_port}', '$&', 'a'),
  }),
);

describe('ports in ENGINE_ARGS', () => {
  it.each([
    [
      ['--http-port', '{http_port}'],
      ['--http-port', '1001'],
    ],
    [['--listen={http_port},{https_port}'], ['--listen=1001,1002']],
    [
      ['{api_port}{p2p_port}', '{http_port}{http_port}'],
      ['10031004', '10011001'],
    ],
    [
      ['{"a":{port}}', '{HTTP_PORT}', '{ http_port }'],
      ['{"a":{port}}', '{HTTP_PORT}', '{ http_port }'],
    ],
    [[], []],
  ])('%j becomes %j', (given, filled) => {
    expect(fillPorts(given, PORTS)).toEqual(filled);
  });

  it('keeps the placeholder of a port that the engine does not have', () => {
    expect(fillPorts(['{https_port}'], { ...PORTS, https: null })).toEqual(['{https_port}']);
  });

  it('keeps the number of arguments and replaces all placeholders in one pass', () => {
    fc.assert(
      fc.property(words, (given) => {
        const filled = fillPorts(given, PORTS);
        expect(filled).toHaveLength(given.length);
        expect(fillPorts(filled, PORTS)).toEqual(filled);
        expect(mentionedPorts(filled)).toEqual([]);
      }),
    );
  });

  it('names each mentioned port once', () => {
    expect(mentionedPorts(['{p2p_port}', '--a={http_port}{p2p_port}'])).toEqual(['http', 'p2p']);
    expect(realEnginePorts([])).toEqual(['http', 'api', 'p2p']);
    expect(realEnginePorts(['--https-port={https_port}'])).toEqual(PORT_NAMES);
  });
});
