import { AppError } from '../kernel/errors';
import type { MediaSample, PreflightVerdict } from '../proxy';
import { endOfError, endOfVerdict } from './check-end';

const SAMPLE: MediaSample = {
  answeredMs: 100,
  firstByteMs: 200,
  firstPatMs: 300,
  firstKeyframeMs: 400,
  mediaMs: 5000,
  bytes: 1e6,
  bitrateBps: 4e6,
  videoCodec: 'h264',
  audioCodecs: ['aac'],
  keyframes: 3,
  continuityErrors: 0,
  isScrambled: false,
  width: 1920,
  height: 1080,
  peers: 7,
  speedDownKBps: 500,
  isComplete: true,
};
const WORKING: PreflightVerdict = {
  ...{ tier: 'deep', source: 'engine', playable: true, reason: null, detail: null },
  ...{ retryAfterS: null, infohash: null, name: null, isLive: true, engineId: 'e1' },
  sample: SAMPLE,
};
const SILENT: PreflightVerdict = {
  ...WORKING,
  ...{ playable: false, reason: 'start_timeout', detail: 'No media.', sample: null },
};

it.each<[string, PreflightVerdict, boolean, object]>([
  [
    'media: the source works',
    WORKING,
    true,
    { result: { outcome: 'working', startMs: 400, media: { videoCodec: 'h264', height: 1080 } } },
  ],
  [
    'media of a running stream: their start time is not that of the source',
    { ...WORKING, source: 'running_session' },
    true,
    { result: { outcome: 'working', startMs: null, media: { peers: 7 } } },
  ],
  [
    'audio only: the start time is that of the first byte',
    { ...WORKING, sample: { ...SAMPLE, firstKeyframeMs: null } },
    true,
    { result: { startMs: 200 } },
  ],
  [
    'recorded content, which is not started',
    { ...WORKING, tier: 'light', isLive: false, sample: null },
    true,
    { result: { outcome: 'working', startMs: null, media: null } },
  ],
  ['no media', SILENT, true, { result: { outcome: 'start_timeout', detail: 'No media.' } }],
  ['a failure that is remembered', { ...SILENT, source: 'memory' }, true, { kind: 'result' }],
  ['no media while no engine has a network', SILENT, false, { kind: 'skipped', code: 'no_engine' }],
  [
    'a running stream without media',
    { ...SILENT, reason: 'stalled', source: 'running_session' },
    true,
    { kind: 'skipped', code: 'in_use' },
  ],
])('%s', (_, verdict, isAnyConnected, expected) => {
  expect(endOfVerdict(verdict, isAnyConnected)).toMatchObject(expected);
});

it.each<[unknown, object]>([
  [new AppError('no_capacity', 'x'), { kind: 'postponed' }],
  [new AppError('engine_failed', 'x'), { kind: 'skipped', code: 'engine_failed' }],
  [new Error('x'), { kind: 'skipped', code: 'internal_error' }],
])('%s says nothing about the source', (error, expected) => {
  expect(endOfError(error)).toEqual(expected);
});
