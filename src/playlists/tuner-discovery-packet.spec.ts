import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { discoveryReply, isRequestFor } from './tuner-discovery-packet';

const ID = '1038BD6A';

function packet(type: number, payload: number[]): Buffer {
  const body = Buffer.from([0, type, payload.length >> 8, payload.length & 0xff, ...payload]);
  const crc = Buffer.alloc(4);
  crc.writeUInt32LE(crc32(body));
  return Buffer.concat([body, crc]);
}

const TUNERS = [0x01, 4, 0, 0, 0, 1];
const ANY_TYPE = [0x01, 4, 0xff, 0xff, 0xff, 0xff];
const ANY_ID = [0x02, 4, 0xff, 0xff, 0xff, 0xff];

describe('isRequestFor', () => {
  it.each([
    ['any tuner', packet(2, [...TUNERS, ...ANY_ID]), true],
    ['any device', packet(2, [...ANY_TYPE, ...ANY_ID]), true],
    ['tuners and recorders', packet(2, [0x2d, 8, 0, 0, 0, 5, 0, 0, 0, 1]), true],
    ['nothing in particular', packet(2, []), true],
    ['this device', packet(2, [...TUNERS, 0x02, 4, 0x10, 0x38, 0xbd, 0x6a]), true],
    ['a field it does not know', packet(2, [0x77, 0x81, 0x00, 9, ...TUNERS]), true],
    ['another device', packet(2, [...TUNERS, 0x02, 4, 0x10, 0x38, 0xbd, 0x6b]), false],
    ['recorders', packet(2, [0x01, 4, 0, 0, 0, 5, ...ANY_ID]), false],
    ['a reply', packet(3, [...TUNERS, ...ANY_ID]), false],
    ['a field that is cut', packet(2, [0x01, 4, 0, 0, 0]), false],
    ['a length that is cut', packet(2, [0x01, 0x80]), false],
    ['a wrong checksum', Buffer.concat([packet(2, TUNERS).subarray(0, -1), Buffer.of(0)]), false],
    ['a wrong length', packet(2, TUNERS).subarray(1), false],
    ['nothing', Buffer.alloc(0), false],
  ])('%s', (_what, bytes, isWanted) => {
    expect(isRequestFor(ID, bytes)).toBe(isWanted);
  });

  it('throws for no packet', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (payload) => {
        isRequestFor(ID, Buffer.from(payload));
        isRequestFor(ID, packet(2, [...payload]));
      }),
    );
  });
});

it('writes a reply with every field, also with a long address', () => {
  const baseUrl = `http://${'a'.repeat(200)}:8000`;
  const lineupUrl = `${baseUrl}/lineup.json`;
  const reply = discoveryReply({
    deviceId: ID,
    tunerCount: 300,
    deviceAuth: 'me',
    baseUrl,
    lineupUrl,
  });
  const end = reply.length - 4;
  expect(reply.readUInt16BE(0)).toBe(3);
  expect(reply.readUInt16BE(2)).toBe(end - 4);
  expect(reply.readUInt32LE(end)).toBe(crc32(reply.subarray(0, end)));
  const text = (tag: number, value: string): Buffer => {
    const { length } = value;
    return Buffer.concat([Buffer.of(tag, (length & 0x7f) | 0x80, length >> 7), Buffer.from(value)]);
  };
  expect(reply.subarray(4, end)).toEqual(
    Buffer.concat([
      Buffer.from([...TUNERS, 0x02, 4, 0x10, 0x38, 0xbd, 0x6a, 0x2b, 2, 0x6d, 0x65]),
      text(0x2a, baseUrl),
      Buffer.of(0x10, 1, 255),
      text(0x27, lineupUrl),
    ]),
  );
});
