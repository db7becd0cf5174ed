import { writePacket } from './fixtures/ts-writer';
import { describeBytes, foreignDistanceOf, HEAD_BYTES, mediaFormatOf } from './foreign-format';

const packets = (size: number): Buffer =>
  Buffer.concat(
    Array.from({ length: 20 }, (_, counter) => {
      const packet = writePacket({ pid: 256, counter: counter & 15, payload: Buffer.alloc(184) });
      return Buffer.concat([packet, Buffer.alloc(size - packet.length, counter)]);
    }),
  );

describe('mediaFormatOf', () => {
  it.each([
    ['MP4', Buffer.from('\0\0\0\x20ftypisom', 'latin1')],
    ['Matroska', Buffer.from('\x1aE\xdf\xa3....', 'latin1')],
    ['FLV', Buffer.from('FLV\x01')],
    ['Ogg', Buffer.from('OggS')],
    ['AVI or WAV', Buffer.from('RIFF....AVI ')],
    ['MP3', Buffer.from('ID3\x04')],
    ['ASF', Buffer.from('3026b2758e66cf11', 'hex')],
    ['AAC', Buffer.from('fff15080', 'hex')],
    ['AC-3', Buffer.from('0b770000', 'hex')],
    ['an MPEG program stream', Buffer.from('000001ba44', 'hex')],
    ['an H.264 or HEVC elementary stream', Buffer.from('0000000109f0', 'hex')],
  ])('recognises %s', (name, head) => {
    expect(mediaFormatOf(head)).toBe(name);
  });

  it.each([
    ['an error page', Buffer.from('<html>')],
    ['noise', Buffer.from('01020304', 'hex')],
    ['one letter', Buffer.alloc(HEAD_BYTES, 'G')],
    ['nothing', Buffer.alloc(0)],
  ])('does not recognise %s as media', (_, head) => {
    expect(mediaFormatOf(head)).toBeNull();
    expect(foreignDistanceOf(head)).toBeNull();
  });
});

it('finds the packet distance of an unsupported framing', () => {
  expect(foreignDistanceOf(packets(196).subarray(0, HEAD_BYTES))).toBe(196);
  expect(foreignDistanceOf(packets(320).subarray(77, HEAD_BYTES))).toBe(320);
  expect(foreignDistanceOf(packets(204).subarray(0, HEAD_BYTES))).toBeNull();
});

describe('describeBytes', () => {
  it.each([
    ['the text "<html> <b>Bad \'Gateway\'</b>"', Buffer.from('<html>\r\n<b>Bad "Gateway"</b>\n')],
    ['the text "' + 'x'.repeat(40) + '"', Buffer.alloc(500, 'x')],
    ['the bytes 00 01 47', Buffer.from('000147', 'hex')],
    ['the bytes ' + Array(16).fill('ff').join(' '), Buffer.alloc(64, 0xff)],
    ['nothing', Buffer.alloc(0)],
  ])('describes %s', (text, head) => {
    expect(describeBytes(head)).toBe(text);
  });
});
