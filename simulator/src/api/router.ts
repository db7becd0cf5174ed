import { keysOf } from '../contents';
import type { Engine } from '../engine';
import type { Place } from '../faults/fault-kinds';
import { textAnswer, type Answer } from './answer';
import { command, event } from './command';
import type { Exchange } from './exchange';
import { playlist, segment } from './hls';
import { media } from './media';
import { playback } from './playback';
import { search, service } from './service';
import { changeSettings } from './settings';
import { asJsonp, keysOfStart, start } from './start';
import { stat } from './stat';

/**
 * The place of a request for faults, and its handler. A handler returns null if it has answered itself, or never
 * answers.
 */
export interface Route {
  readonly place: Place;
  /** Names of the requested content, for faults. */
  readonly keys: readonly string[];
  readonly handle: () => Promise<Answer | null> | Answer | null;
}

const SESSION_PATH = /^\/ace\/(r|m|stat|cmd|event)\/([0-9a-f]{40})\/([0-9a-f]{32})(?:\.m3u8)?$/;
const CONTENT_PATH = /^\/content\/([0-9a-f]{40})\/([0-9a-f]+)$/;
const SEGMENT_PATH = /^\/ace\/c\/([0-9a-f]{40})\/(\d+)\.ts$/;

function sessionRoute(engine: Engine, exchange: Exchange, match: RegExpExecArray): Route {
  const [, family = '', infohash = '', key = ''] = match;
  const keys = keysOf(engine.contents.find(infohash));
  switch (family) {
    case 'r':
      return { place: 'playback', keys, handle: () => playback(engine, exchange, infohash, key) };
    case 'm':
      return { place: 'playback', keys, handle: () => playlist(engine, exchange, infohash, key) };
    case 'stat':
      return { place: 'stat', keys, handle: () => stat(engine, exchange, infohash, key) };
    case 'cmd':
      return { place: 'cmd', keys, handle: () => command(engine, exchange, infohash, key) };
    default:
      return { place: 'event', keys, handle: () => event(engine, exchange, infohash, key) };
  }
}

export function routeOf(engine: Engine, exchange: Exchange): Route {
  switch (exchange.path) {
    case '/ace/getstream':
    case '/ace/manifest.m3u8': {
      const flavour = exchange.path === '/ace/getstream' ? 'ts' : 'hls';
      const keys = keysOfStart(engine, exchange);
      return { place: 'getstream', keys, handle: () => start(engine, exchange, flavour) };
    }
    case '/webui/api/service':
    case '/server/api':
      return {
        place: 'service',
        // The only request of the service API about one content.
        keys:
          exchange.parameters.get('method') === 'get_media_files'
            ? keysOfStart(engine, exchange)
            : [],
        handle: async () => asJsonp(exchange, await service(engine, exchange)),
      };
    case '/api/v1/settings':
      return { place: 'service', keys: [], handle: () => changeSettings(engine, exchange) };
    case '/search':
      return { place: 'service', keys: [], handle: () => search(engine, exchange) };
  }
  const session = SESSION_PATH.exec(exchange.path);
  if (session) return sessionRoute(engine, exchange, session);
  const content = CONTENT_PATH.exec(exchange.path);
  if (content) {
    const [, infohash = '', token = ''] = content;
    const keys = keysOf(engine.contents.find(infohash));
    return { place: 'content', keys, handle: () => media(engine, exchange, token) };
  }
  const piece = SEGMENT_PATH.exec(exchange.path);
  if (piece) {
    const [, infohash = '', number = ''] = piece;
    const found = engine.contents.find(infohash);
    return {
      place: 'content',
      keys: keysOf(found),
      handle: () => segment(engine, found, Number(number)),
    };
  }
  return { place: 'any', keys: [], handle: () => textAnswer(404, 'not found') };
}
