import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseH264Parameters } from './h264-parameters';
import { parseHevcParameters } from './hevc-parameters';
import { findAudioParameters } from './audio-parameters';
import { pes, TsWriter } from './fixtures/ts-writer';
import { MediaInspector, type StreamFacts } from './media-inspector';
import { parseMpeg2Parameters } from './mpeg2-parameters';
import { TS_PACKET } from './packet';
import { type Programme, type ProgrammeStream } from './programme';
import { type StreamCodec } from './stream-codec';
import { TransportScanner } from './transport-scanner';

const read = (name: string): Buffer => readFileSync(join(__dirname, 'fixtures', `${name}.m2t`));

function programmeOf(bytes: Buffer): Programme {
  const scanner = new TransportScanner();
  scanner.scan(bytes, 0, bytes.length - (bytes.length % TS_PACKET), 0, 0);
  return scanner.programme!;
}

function look(name: string): StreamFacts[] {
  const bytes = read(name);
  return new MediaInspector().inspect([bytes], programmeOf(bytes));
}

const picture = { width: 96, height: 64, interlaced: false };
const aac = { profile: 'LC', sampleRateHz: 48_000, channels: 1 };
const mp2 = { profile: 'Layer 2', sampleRateHz: 48_000, channels: 1 };
const high = { profile: 'High', level: '1.0', frameRate: 15, ...picture };

describe('MediaInspector agrees with ffprobe on streams of real encoders', () => {
  it.each<[string, ...Partial<StreamFacts>[]]>([
    ['h264-aac', { codec: 'h264', video: high }, { codec: 'aac', audio: aac }],
    ['h264-open-gop', { codec: 'h264', video: high }, { codec: 'aac', audio: aac }],
    ['h264-intra-refresh', { codec: 'h264', video: high }, { codec: 'aac', audio: aac }],
    [
      'hevc-aac',
      {
        codec: 'hevc',
        video: { profile: 'Main', level: '1.0', frameRate: 15, ...picture },
      },
      { codec: 'aac', audio: aac },
    ],
    [
      'mpeg2-mp2',
      {
        codec: 'mpeg2-video',
        video: { profile: 'Main', level: 'Main', frameRate: 25, ...picture },
      },
      { codec: 'mp2', audio: mp2 },
    ],
    ['audio-only', { codec: 'mp2', audio: mp2, video: null }],
    ['parameters-ac3', { audio: { profile: null, sampleRateHz: 48_000, channels: 6 } }],
    ['parameters-eac3', { audio: { profile: null, sampleRateHz: 44_100, channels: 2 } }],
    [
      'parameters-latm',
      { codec: 'aac-latm', audio: { profile: 'LC', sampleRateHz: 44_100, channels: 1 } },
    ],
    [
      'parameters-i1080',
      {
        video: {
          profile: 'High',
          level: '4.0',
          width: 1920,
          height: 1080,
          frameRate: 25,
          interlaced: true,
        },
      },
    ],
    [
      'parameters-h422',
      {
        video: {
          profile: 'High 4:2:2',
          level: '3.1',
          width: 720,
          height: 576,
          frameRate: 29.97,
          interlaced: false,
        },
      },
    ],
  ])('%s', (name, ...streams) => {
    expect(look(name)).toMatchObject(streams);
  });
});

const stream = (pid: number, codec: StreamCodec, descriptors = ''): ProgrammeStream => ({
  pid,
  streamType: 0,
  codec,
  kind: codec === 'h264' ? 'video' : 'audio',
  descriptors: Buffer.from(descriptors, 'hex'),
});

const programme = (...streams: ProgrammeStream[]): Programme => ({
  programmeNumber: 1,
  pmtPid: 4096,
  pcrPid: 256,
  version: 0,
  streams,
});

describe('MediaInspector', () => {
  const sps = Buffer.from('67420015f841e0', 'hex');
  // Baseline, 6 x 4 macroblocks, no cropping, no timing.
  const plainSps = spsOf({ width: 5, height: 3 });

  function spsOf({ width, height }: { width: number; height: number }): Buffer {
    const bits: string[] = ['01000010', '00000000', '00001010'];
    const ue = (value: number): string => {
      const code = (value + 1).toString(2);
      return '0'.repeat(code.length - 1) + code;
    };
    bits.push(ue(0), ue(0), ue(2), ue(1), '0', ue(width), ue(height), '1', '1', '0', '0', '1');
    const text = bits.join('');
    const padded = text.padEnd(Math.ceil(text.length / 8) * 8, '0');
    return Buffer.from([0x67, ...(padded.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2))]);
  }

  function video(unit: Buffer, frames = 6): Buffer {
    const writer = new TsWriter();
    const start = Buffer.from([0, 0, 1]);
    for (let i = 0; i < frames; i++) {
      const head = i === 0 ? Buffer.concat([start, unit]) : Buffer.alloc(0);
      const slice = Buffer.concat([head, start, Buffer.from([0x65, ...Array<number>(40).fill(7)])]);
      writer.pes({ pid: 256 }, pes(slice, 1000 + i * 3600));
    }
    return writer.bytes();
  }

  it('measures the frame rate by decoding times if the stream does not contain it', () => {
    const facts = new MediaInspector().inspect([video(plainSps)], programme(stream(256, 'h264')));
    expect(facts[0]!.video).toMatchObject({ width: 96, height: 64, frameRate: 25 });
  });

  it('keeps known parameters if an inspection finds none, and updates them when they change', () => {
    const inspector = new MediaInspector();
    const one = programme(stream(256, 'h264'));
    expect(inspector.inspect([video(plainSps)], one)[0]!.video?.width).toBe(96);
    expect(inspector.inspect([], one)[0]!.video?.width).toBe(96);
    const wider = video(spsOf({ width: 9, height: 3 }));
    expect(inspector.inspect([wider], one)[0]!.video?.width).toBe(160);
    expect(inspector.inspect([], programme(stream(257, 'h264')))[0]!.video).toBeNull();
    expect(inspector.inspect([], one)[0]!.video).toBeNull();
  });

  it('marks scrambled streams, and does not parse them', () => {
    const writer = new TsWriter();
    writer.pes({ pid: 256, scrambled: true }, pes(plainSps, 0));
    const facts = new MediaInspector().inspect([writer.bytes()], programme(stream(256, 'h264')));
    expect(facts[0]).toMatchObject({ isScrambled: true, video: null });
  });

  it('returns the language from the PMT', () => {
    const facts = new MediaInspector().inspect([], programme(stream(257, 'aac', '0a04706f7200')));
    expect(facts[0]!.language).toBe('por');
  });

  it('never throws for any bytes', () => {
    const codecs: StreamCodec[] = ['h264', 'hevc', 'mpeg2-video', 'aac', 'aac-latm', 'ac3', 'mp2'];
    const units = fc.uint8Array({ maxLength: 400 });
    fc.assert(
      fc.property(units, fc.constantFrom(...codecs), (bytes, codec) => {
        const unit = Buffer.from(bytes);
        parseH264Parameters(Buffer.concat([Buffer.from([0x67]), unit]));
        parseHevcParameters(Buffer.concat([Buffer.from([0x42, 1]), unit]));
        parseMpeg2Parameters(Buffer.concat([Buffer.from([0xb3]), unit]), unit);
        findAudioParameters(codec, unit);
      }),
      { numRuns: 2000 },
    );
  });

  it('never throws on damaged streams, and returns no implausible size', () => {
    const names = ['h264-aac', 'hevc-aac', 'mpeg2-mp2', 'parameters-latm', 'parameters-ac3'];
    const damage = fc.array(fc.tuple(fc.nat(15_000), fc.nat(255)), { maxLength: 200 });
    fc.assert(
      fc.property(fc.constantFrom(...names), damage, (name, changes) => {
        const bytes = Buffer.from(read(name));
        const known = programmeOf(bytes);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        for (const { video: seen } of new MediaInspector().inspect([bytes], known)) {
          if (seen === null) continue;
          expect(seen.width).toBeGreaterThanOrEqual(16);
          expect(seen.width).toBeLessThanOrEqual(16_384);
          expect(seen.frameRate ?? 25).toBeLessThanOrEqual(400);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('rejects a truncated parameter set', () => {
    for (let length = 0; length < 6; length++) {
      expect(parseH264Parameters(sps.subarray(0, length))).toBeNull();
    }
  });
});
