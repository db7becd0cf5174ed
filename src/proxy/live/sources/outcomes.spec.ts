import { EngineFault, type EngineFaultKind } from '../../../ace';
import { outcomeOfEnd, outcomeOfFault, startTimeout, unsupported } from './outcomes';

describe('outcomeOfFault', () => {
  it.each<[EngineFaultKind, string, object]>([
    ['session', 'http_403', { next: 'same_engine' }],
    ['warming', 'http_500', { next: 'same_engine' }],
    ['unsupported', 'media_type', { next: 'give_up' }],
    ['content', 'unknown', { next: 'other_engine', complaint: null }],
    ['engine', 'connect_refused', { next: 'other_engine', complaint: 'connect_refused' }],
    ['engine', 'answer_timeout', { next: 'other_engine', complaint: 'answer_timeout' }],
    ['engine', 'connect_timeout', { next: 'other_engine', complaint: 'answer_timeout' }],
    ['engine', 'bad_json', { next: 'other_engine', complaint: 'bad_answer' }],
    ['engine', 'http_500', { next: 'other_engine', complaint: 'bad_answer' }],
  ])('maps the fault kind %s with reason %s', (kind, reason, outcome) => {
    const fault = new EngineFault(kind, reason, 'engine detail');
    expect(outcomeOfFault(fault)).toMatchObject({ ...outcome, detail: `${reason}: engine detail` });
  });

  it('gives up unsupported media with the code unsupported_content', () => {
    const fault = new EngineFault('unsupported', 'not_mpegts', 'video/mp4');
    const detail = 'The content is video/mp4, not MPEG-TS.';
    expect(outcomeOfFault(fault)).toMatchObject({
      error: { code: 'unsupported_content', detail, cause: fault },
    });
  });
});

describe('outcomeOfEnd', () => {
  const NONE = Buffer.alloc(0);

  it.each([
    ['end', true, { next: 'same_engine', code: 'end', detail: null }],
    ['reset', true, { next: 'same_engine', code: 'reset', detail: null }],
    ['end', false, { next: 'same_engine', code: 'end', detail: 'before any media' }],
    ['reset', false, { next: 'same_engine', code: 'reset', detail: 'before any media' }],
    ['silence', true, { next: 'other_engine', complaint: 'silence' }],
    ['silence', false, { next: 'other_engine', complaint: 'silence' }],
    ['engine_unresponsive', true, { next: 'other_engine', complaint: 'unresponsive' }],
    ['garbage', true, { next: 'other_engine', complaint: 'bad_answer' }],
    ['excessive_tables', true, { next: 'give_up', error: { code: 'unsupported_content' } }],
    ['programme_changed', true, { next: 'give_up', error: { code: 'engine_failed' } }],
  ] as const)('maps the end %s with media before it: %p', (end, flowed, outcome) => {
    expect(outcomeOfEnd(end, flowed, NONE)).toMatchObject(outcome);
  });

  it('gives up a body in another media format, which is the same on every engine', () => {
    const head = Buffer.from('\0\0\0\x20ftypisom', 'latin1');
    expect(outcomeOfEnd('not_transport_stream', false, head)).toMatchObject({
      next: 'give_up',
      code: 'unsupported_media',
      error: {
        code: 'unsupported_content',
        detail: 'The content is MP4, not MPEG-TS.',
        cause: { reason: 'not_mpegts' },
      },
    });
  });

  it('gives up packets in an unknown framing, without naming a file format', () => {
    const head = Buffer.alloc(2048, 0x10);
    for (let at = 0; at < head.length; at += 196) head[at] = 0x47;
    const outcome = outcomeOfEnd('not_transport_stream', false, head);
    expect(outcome).toMatchObject({ next: 'give_up', error: { code: 'unsupported_content' } });
    expect(outcome).toHaveProperty('error.detail', expect.stringContaining('196 bytes'));
    expect(outcome).not.toHaveProperty('error.cause');
  });

  it.each([
    ['an error page', '<html>', 'the text "<html>"'],
    ['noise', '\x01\x02', 'the bytes 01 02'],
    ['nothing', '', 'nothing'],
  ])('blames the engine for a body that is %s, and describes the body', (_, text, named) => {
    expect(outcomeOfEnd('not_transport_stream', false, Buffer.from(text))).toMatchObject({
      next: 'other_engine',
      code: 'engine_failed',
      detail: `not a transport stream but ${named}`,
      complaint: 'bad_answer',
    });
  });
});

describe('the error for viewers', () => {
  it('is start_timeout for a late start and unsupported_content for unsupported media', () => {
    expect(startTimeout('silence')).toMatchObject({
      next: 'give_up',
      code: 'start_timeout',
      detail: 'silence',
      error: { code: 'start_timeout', status: 504 },
    });
    expect(unsupported('not live')).toMatchObject({ code: 'unsupported_content', status: 501 });
  });
});
