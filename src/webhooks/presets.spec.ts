import { createHmac } from 'node:crypto';
import { unknownPlaceholder } from './message-template';
import { durationText, type Notice } from './notice';
import { checkPreset, renderNotice } from './presets';
import { newWebhookSecret, signatureHeaders } from './signature';
import type { Preset } from './webhook';

const NOTICE: Notice = {
  ...{ kind: 'problem', type: 'channel_died', level: 'error', gravity: 'error' },
  ...{ subject: 'channel:news_1', text: 'Channel news_1 is dead, @everyone.', eventId: 7 },
  ...{ time: '2026-01-01T00:00:00.000Z', durationMs: null, details: { channel: 'news_1' } },
};
const RECOVERY: Notice = { ...NOTICE, kind: 'recovery', level: 'info', durationMs: 300_000 };

function render(preset: Preset, url: string, template: string | null = null, notice = NOTICE) {
  return renderNotice(notice, { preset, url, template }, { id: 'msg_1', click: 'https://tv/' });
}

describe('presets', () => {
  it('send the form of Standard Webhooks', () => {
    expect(render('standard', 'https://a/hook')).toEqual({
      url: 'https://a/hook',
      body: {
        type: 'channel_died',
        timestamp: NOTICE.time,
        data: {
          ...{ kind: 'problem', level: 'error', subject: 'channel:news_1', event_id: 7 },
          ...{ message: NOTICE.text, duration_s: null, details: { channel: 'news_1' } },
        },
      },
    });
  });

  it('send JSON with the topic to the root of ntfy', () => {
    expect(render('ntfy', 'https://u:p@ntfy.sh/alarms')).toEqual({
      url: 'https://u:p@ntfy.sh/',
      body: {
        ...{ topic: 'alarms', title: 'acefleet: problem', message: NOTICE.text, priority: 5 },
        ...{ tags: ['rotating_light', 'channel_died'], click: 'https://tv/' },
      },
    });
    expect(render('ntfy', 'https://ntfy.sh/alarms', null, RECOVERY).body).toMatchObject({
      ...{ priority: 3, tags: ['white_check_mark', 'channel_died'] },
    });
  });

  it('send title, message and priority to Gotify', () => {
    expect(render('gotify', 'http://g/message', '{text} [{level}]')).toEqual({
      url: 'http://g/message',
      body: {
        ...{ title: 'acefleet: problem', message: `${NOTICE.text} [error]`, priority: 8 },
        extras: { 'client::notification': { click: { url: 'https://tv/' } } },
      },
    });
  });

  it('send an embed to Discord that mentions nobody', () => {
    const { body } = render('discord', 'https://d/hook', '**{subject}**: {text}');
    expect(body).toEqual({
      embeds: [
        {
          ...{ title: 'acefleet: problem', color: 0xda3633, timestamp: NOTICE.time },
          description: '**channel:news\\_1**: Channel news\\_1 is dead, \\@everyone.',
          ...{ footer: { text: 'channel:news_1' }, url: 'https://tv/' },
        },
      ],
      allowed_mentions: { parse: [] },
    });
  });

  it('send flat fields to Home Assistant', () => {
    expect(render('home_assistant', 'http://h/api/webhook/x', null, RECOVERY).body).toEqual({
      ...{ id: 'msg_1', kind: 'recovery', type: 'channel_died', level: 'info' },
      ...{ subject: 'channel:news_1', title: 'acefleet: recovered', message: NOTICE.text },
      ...{ time: NOTICE.time, duration_s: 300 },
    });
  });

  it('keep texts short enough for every receiver', () => {
    const notice = { ...NOTICE, text: '*'.repeat(5000) };
    const { body } = render('discord', 'https://d/hook', null, notice);
    const [embed] = (body as { embeds: { description: string }[] }).embeds;
    expect(embed?.description).toHaveLength(1000);
  });

  it('fill a template in once', () => {
    const notice = { ...NOTICE, text: '{time} $& {x}' };
    expect(render('gotify', 'http://g/', '{text}{duration}', notice).body).toMatchObject({
      message: '{time} $& {x}',
    });
    expect(unknownPlaceholder('{text} {secret}')).toBe('secret');
    expect(unknownPlaceholder('{text} {time} { } }{')).toBeNull();
  });

  it('refuse what they cannot send', () => {
    const refused = (preset: Preset, url: string, template: string | null) => () =>
      checkPreset({ preset, url, template });
    expect(refused('ntfy', 'https://ntfy.sh/', null)).toThrow('address of a topic');
    expect(refused('ntfy', 'https://ntfy.sh/a/b', null)).toThrow('address of a topic');
    expect(refused('standard', 'https://a/', '{text}')).toThrow('has no template');
    expect(refused('standard', 'https://a/', null)).not.toThrow();
  });
});

describe('durations', () => {
  it.each([
    [0, '0 s'],
    [59_400, '59 s'],
    [60_000, '1 min'],
    [59.4 * 60_000, '59 min'],
    [59.6 * 60_000, '1 h 0 min'],
    [200 * 60_000, '3 h 20 min'],
  ])('%d ms is %s', (ms, text) => expect(durationText(ms)).toBe(text));
});

describe('signatures', () => {
  it('are those of the example of Standard Webhooks', () => {
    const headers = signatureHeaders(
      'msg_p5jXN8AQM9LWM0D4loKWxJek',
      1_614_265_330,
      '{"test": 2432232314}',
      ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    );
    expect(headers['webhook-signature']).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  it('are one for each secret', () => {
    const secrets = [newWebhookSecret(), newWebhookSecret()];
    const { 'webhook-signature': text = '' } = signatureHeaders('msg_1', 5, 'body', secrets);
    const expected = secrets.map((secret) => {
      const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
      expect(key).toHaveLength(32);
      return `v1,${createHmac('sha256', key).update('msg_1.5.body').digest('base64')}`;
    });
    expect(text.split(' ')).toEqual(expected);
  });
});
