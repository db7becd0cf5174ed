import { STATUS_CODES } from 'node:http';
import { type OpenAPIObject } from '@nestjs/swagger';
import { eachOperation, type Operation } from './app.openapi-document';

type Node = Record<string, unknown>;
type Parameter = Node & { name: string; in: string; schema?: Node };

const CONTENT_ID = '0123456789abcdef0123456789abcdef01234567';
const INFOHASH = '89abcdef0123456789abcdef0123456789abcdef';
const ENGINE_ID = 'static-192.168.1.10-6878';
const OTHER_ENGINE_ID = 'static-192.168.1.11-6878';
const KEY_ID = '3f9c0a7be1d25846';
const USER_ID = '5f0c9a71-d2e8-4b36-8c41-0e7b2d94a6f3';
const GUIDE_SOURCE_ID = 'a41c07e95b2d';
const SESSION_ID = '5c81f0d29a6e4b37';
const WEBHOOK_ID = '8d20c1f7a4be9356';
const DELIVERY_ID = 'msg_5f0c9a71d2e84b365f0c9a71';
const VIEWER_ID = '0b5a3c52-7d0e-4c39-9b7e-3d0a5a6f1e42';
const SECRET = `acefleet_${'x'.repeat(43)}`;
const TIME = '2026-01-31T20:15:00.000Z';

/** The meaning of ids in paths, by the tag of the operation, and an example. */
const IDS: Readonly<Record<string, readonly [description: string, example: string]>> = {
  engines: ['Id of an engine', ENGINE_ID],
  streams: ['Id of a stream: its content id, or its infohash', CONTENT_ID],
  proxy: ['Id of a session: its content id, or its infohash', CONTENT_ID],
  channels: ['Id of a channel', 'news'],
  keys: ['Id of an API key', KEY_ID],
  sessions: ['Id of a session of a browser', SESSION_ID],
  users: ['Id of a user', USER_ID],
  guide: ['Id of a guide source', GUIDE_SOURCE_ID],
  webhooks: ['Id of a webhook', WEBHOOK_ID],
  streaming: ['Content id, 40 hex digits; `.ts` may follow', CONTENT_ID],
};
/** The meaning of other parameters in paths, by name, and an example. */
const PATH_PARAMETERS: Readonly<Record<string, readonly [description: string, example: string]>> = {
  clientId: ['Id of a viewer, from the list of clients', VIEWER_ID],
  delivery: ['Id of a delivery, from the list of deliveries', DELIVERY_ID],
};

/** Examples of parameters and fields by name; a name has the same meaning everywhere. */
const BY_NAME: Readonly<Record<string, unknown>> = {
  ace_id: CONTENT_ID,
  id: CONTENT_ID,
  content_id: CONTENT_ID,
  infohash: INFOHASH,
  url: 'https://lists.example.org/news.acelive',
  magnet: `magnet:?xt=urn:btih:${INFOHASH}`,
  channel: 'news',
  channel_id: 'news',
  import_id: 'sport',
  import_name: 'Sport',
  m3u_url: 'https://lists.example.org/sport.m3u',
  profile: 'kids',
  stream_id: CONTENT_ID,
  engine_id: ENGINE_ID,
  from_engine_id: ENGINE_ID,
  to_engine_id: OTHER_ENGINE_ID,
  container_id: ENGINE_ID,
  container_name: 'acefleet-engine-1',
  client_id: VIEWER_ID,
  delivery: DELIVERY_ID,
  request_id: '5f0c9a71d2e84b36',
  playback_session_id: 'a1b2c3d4e5f60718293a4b5c6d7e8f90',
  host: '192.168.1.10',
  engine_host: '192.168.1.10',
  ip_address: '192.168.1.50',
  public_ip: '203.0.113.7',
  user_agent: 'VLC/3.0.20 LibVLC/3.0.20',
  image: 'example/acestream-engine:3.2',
  reference: 'example/acestream-engine:3.2',
  version: '3.2.3',
  name: 'News',
  label: 'main',
  number: '5',
  group: 'Information',
  logo: 'https://logos.example.org/news.png',
  tvg_id: 'news.example',
  reason: 'maintenance',
  drain_detail: 'maintenance',
  key: 'tier',
  value: 'premium',
  behind: 20,
  port: 6878,
  api_port: 62062,
  forwarded_port: 41234,
  client_count: 2,
  peers: 24,
  bitrate_bps: 4_500_000,
  speed_down: 620,
  speed_down_kbps: 620,
  speed_up: 85,
  speed_up_kbps: 85,
  width: 1920,
  height: 1080,
  frame_rate: 25,
  video_codec: 'h264',
  codec: 'h264',
  language: 'eng',
  sample_rate_hz: 48_000,
  start_ms: 2400,
  grace_period_s: 10,
  recovery_eta_seconds: 30,
  max_streams: 4,
  max_replicas: 4,
  vpn: 'gluetun',
  _idx: 0,
  n: 3,
  time: TIME,
  timestamp: TIME,
  created: TIME,
  first_seen: TIME,
  last_seen: TIME,
  last_check: TIME,
  last_health_check: TIME,
  last_stream_usage: TIME,
  last_failure_time: TIME,
};
const IS_TIME = /(?:^|_)(?:at|since|oldest|newest|ts)$/;

/** Examples of `id` and `name` in schemas that do not describe contents. */
const BY_SCHEMA: readonly (readonly [schemas: RegExp, fields: Readonly<Record<string, string>>])[] =
  [
    [/^(?:Engine|Assessment)/, { id: ENGINE_ID }],
    [/^Container/, { id: ENGINE_ID, name: 'acefleet-engine-1' }],
    [/^Channel(?!Source)/, { id: 'news' }],
    [/Import/, { id: 'sport', name: 'Sport', url: 'https://lists.example.org/sport.m3u' }],
    [/Profile/, { name: 'kids' }],
    [/^Vpn/, { name: 'gluetun' }],
    [/^Setting/, { name: 'PROXY_GRACE_PERIOD', value: '10s', default: '5s' }],
    [/^StreamUser/, { id: USER_ID }],
    [/^(?:Alias)?Stream/, { key: CONTENT_ID }],
    [/^GuideSource/, { id: GUIDE_SOURCE_ID }],
    [/^BrowserSession/, { id: SESSION_ID, signed_in_with: 'Home Assistant' }],
    [/^SignInDto/, { key: SECRET }],
    [/^SignInLink/, { url: `http://192.168.1.5:8000/login#token=${'x'.repeat(43)}` }],
    [/^WebhookDelivery/, { id: DELIVERY_ID, type: 'channel_died', subject: 'channel:news' }],
    [/^Webhook/, { id: WEBHOOK_ID, name: 'Phone', url: 'https://ntfy.example/acefleet-alarms' }],
    [/^(?:New)?ApiKey/, { id: KEY_ID, name: 'Home Assistant', key: SECRET }],
  ];

/** Adds examples to parameters, bodies and fields, descriptions to parameters in paths, and a name to successful answers. */
export function addExamples(document: OpenAPIObject): void {
  for (const [name, schema] of Object.entries(document.components?.schemas ?? {})) {
    addToFields(name, schema as Node);
  }
  eachOperation(document, (operation) => {
    for (const parameter of (operation.parameters ?? []) as unknown as Parameter[]) {
      describeParameter(parameter, operation.tags?.[0] ?? '');
    }
    nameAnswers(operation);
    addToBody(operation, document);
    addToAnswers(operation, document);
  });
}

function describeParameter(parameter: Parameter, tag: string): void {
  const { name } = parameter;
  const known = name === 'id' ? IDS[tag] : PATH_PARAMETERS[name];
  const [description, example] = (parameter.in === 'path' ? known : undefined) ?? [];
  if (description !== undefined) parameter.description ??= description;
  if ('example' in parameter) return;
  parameter.example = example ?? exampleFor(parameter.name, parameter.schema ?? {});
}

function exampleFor(name: string, schema: Node): unknown {
  if (schema.example !== undefined) return schema.example;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  if (schema.default !== undefined) return schema.default;
  if (schema.type === 'array') return [exampleFor(name, (schema.items ?? {}) as Node)];
  const isText = schema.type === 'string';
  if (name in BY_NAME && (!isText || typeof BY_NAME[name] === 'string')) return BY_NAME[name];
  if (!isText) return typeof schema.minimum === 'number' ? schema.minimum : 1;
  return TIME;
}

function addToFields(schemaName: string, schema: Node): void {
  const own = BY_SCHEMA.find(([schemas]) => schemas.test(schemaName))?.[1] ?? {};
  for (const [name, field] of Object.entries((schema.properties ?? {}) as Record<string, Node>)) {
    if ('enum' in field || 'examples' in field) continue;
    const example = own[name] ?? (IS_TIME.test(name) ? TIME : BY_NAME[name]);
    const types = [field.type].flat().map((type) => (type === 'integer' ? 'number' : type));
    if (types.includes(typeof example)) field.examples = [example];
  }
}

function addToBody(operation: Operation, document: OpenAPIObject): void {
  const body = operation.requestBody;
  if (body === undefined || !('content' in body)) return;
  for (const media of Object.values(body.content)) {
    media.example ??= sampleOf((media.schema ?? {}) as Node, document, 'of_request');
  }
}

/** Adds an example to every successful answer in JSON. */
function addToAnswers(operation: Operation, document: OpenAPIObject): void {
  for (const [status, response] of Object.entries(operation.responses)) {
    if (!status.startsWith('2') || response === undefined || !('content' in response)) continue;
    const media = response.content?.['application/json'];
    if (media === undefined || media.examples !== undefined) continue;
    media.example ??= sampleOf((media.schema ?? {}) as Node, document, 'of_answer');
  }
}

/**
 * An example value of a schema. In requests it has the required fields and those with an example of their own; answers
 * have all fields.
 */
function sampleOf(
  schema: Node,
  document: OpenAPIObject,
  kind: 'of_request' | 'of_answer',
): unknown {
  const sample = (one: unknown): unknown => sampleOf((one ?? {}) as Node, document, kind);
  if (typeof schema.$ref === 'string') {
    const name = schema.$ref.split('/').at(-1) ?? '';
    return sample(document.components?.schemas?.[name]);
  }
  if (Array.isArray(schema.examples)) return schema.examples[0];
  if ('example' in schema) return schema.example;
  if ('const' in schema) return schema.const;
  if (Array.isArray(schema.enum)) return schema.default ?? schema.enum[0];
  const choices = schema.oneOf ?? schema.anyOf;
  if (Array.isArray(choices)) return sample(choices[0]);
  if (Array.isArray(schema.allOf)) {
    return schema.allOf.length === 1
      ? sample(schema.allOf[0])
      : (Object.assign({}, ...schema.allOf.map(sample)) as unknown);
  }
  if (schema.default !== undefined && schema.type !== 'array') return schema.default;
  const [type] = [schema.type].flat();
  if (type === 'array') return [sample(schema.items)];
  if (type === 'object' || schema.properties !== undefined) {
    const required = (schema.required ?? []) as readonly string[];
    const fields = Object.entries((schema.properties ?? {}) as Record<string, Node>).filter(
      ([name, field]) => kind === 'of_answer' || required.includes(name) || 'examples' in field,
    );
    return Object.fromEntries(fields.map(([name, field]) => [name, sample(field)]));
  }
  if (type === 'boolean') return true;
  if (type === 'string') return schema.format === 'date-time' ? TIME : 'text';
  return typeof schema.minimum === 'number' ? schema.minimum : 1;
}

/** The generator leaves the description of a successful answer empty. */
function nameAnswers(operation: Operation): void {
  for (const [status, response] of Object.entries(operation.responses)) {
    if (response !== undefined && 'description' in response && response.description === '') {
      response.description = STATUS_CODES[status] ?? 'The answer';
    }
  }
}
