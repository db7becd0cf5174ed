import { outboundTargets } from './list-types';
import type { Machine } from './machine';

const parse = (text: string): unknown => outboundTargets().parse(text, {} as Machine);

it.each([
  ['none', []],
  ['NAS.lan', [{ host: 'nas.lan', bits: null, port: null }]],
  ['nas:81', [{ host: 'nas', bits: null, port: 81 }]],
  ['10.0.0.1:80', [{ host: '10.0.0.1', bits: null, port: 80 }]],
  ['fd00::1', [{ host: 'fd00::1', bits: null, port: null }]],
  ['[fd00::1]:80', [{ host: 'fd00::1', bits: null, port: 80 }]],
  [
    '10.0.0.0/8, fd00::/8',
    [
      { host: '10.0.0.0', bits: 8, port: null },
      { host: 'fd00::', bits: 8, port: null },
    ],
  ],
])('reads %s as outbound targets', (text, expected) => {
  expect(parse(text)).toEqual(expected);
});

it.each(['tv example', 'host:0', 'host:70000', '10.0.0.0/33', '[10.0.0.1]', 'a:b:c', 'http://a'])(
  'does not accept %s as an outbound target',
  (text) => expect(parse(text)).toBeUndefined(),
);
