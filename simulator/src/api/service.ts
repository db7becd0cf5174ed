import type { Content } from '../content';
import type { Engine } from '../engine';
import { jsonAnswer, type Answer } from './answer';
import type { Exchange } from './exchange';

function result(value: unknown): Answer {
  return jsonAnswer({ result: value, error: null });
}

function failure(message: string): Answer {
  return jsonAnswer({ result: null, error: { message, code: 0 } });
}

function version(engine: Engine): object {
  const { code, platform, version: text, websocketPort } = engine.facts;
  return {
    code,
    platform,
    version: text,
    ...(websocketPort === null ? {} : { websocket_port: websocketPort }),
  };
}

function engineStatus(engine: Engine): object {
  const { code, platform, version: text, statusTotals } = engine.facts;
  const readers = [...engine.readers];
  const mbps = readers.reduce(
    (sum, reader) => sum + reader.session.content.settings.bitrateMbps,
    0,
  );
  const peers = readers.reduce((sum, reader) => sum + reader.session.content.settings.peers, 0);
  return {
    playlist_loaded: true,
    version: { code, platform, version: text },
    ...(statusTotals
      ? {
          total_download_speed: Math.round((mbps * 1e6) / 8),
          total_upload_speed: 0,
          total_peers: peers,
        }
      : {}),
  };
}

async function mediaFiles(engine: Engine, exchange: Exchange): Promise<Answer> {
  const { found } = engine.contents.select(exchange.parameters);
  if (!found) {
    await exchange.wait(engine.options.unknownIdMs);
    return failure('cannot get transport file');
  }
  return result({
    files: [{ index: 0, filename: `${found.name}.ts`, mime: 'video/mp2t', size: 0 }],
    name: found.name,
    infohash: found.infohash,
    transport_type: 'bt',
    type: found.settings.isLive === 1 ? 'live' : 'vod',
    transport_file_cache_key: found.infohash,
  });
}

function searchItem(content: Content): object {
  return {
    name: content.name,
    icons: [],
    items: [
      {
        infohash: content.infohash,
        name: content.name,
        status: 2,
        availability: 1,
        availability_updated_at: Math.floor(Date.now() / 1000),
        bitrate: Math.round((content.settings.bitrateMbps * 1e6) / 8),
        categories: content.categories,
        countries: [],
        languages: [],
        channel_id: 0,
      },
    ],
  };
}

/** `GET /search`: infohashes only, never ids. */
export function search(engine: Engine, exchange: Exchange): Answer {
  const { parameters } = exchange;
  const query = (parameters.get('query') ?? '').toLowerCase();
  const category = parameters.get('category');
  const size = Math.min(200, Math.max(1, Number(parameters.get('page_size') ?? 10) || 10));
  const page = Math.max(0, Number(parameters.get('page') ?? 0) || 0);
  const hits = engine.contents
    .list()
    .filter((content) => content.name.toLowerCase().includes(query))
    .filter((content) => category === null || content.categories.includes(category));
  const results = hits.slice(page * size, (page + 1) * size).map(searchItem);
  return result({ total: hits.length, time: 0.01, results });
}

/** `/webui/api/service` and `/server/api`. */
export async function service(engine: Engine, exchange: Exchange): Promise<Answer> {
  const { path, parameters } = exchange;
  if (path === '/server/api' && !parameters.has('api_version')) {
    return jsonAnswer({ result: null, error: 'access denied' });
  }
  switch (parameters.get('method') ?? '') {
    case 'get_version':
      return result(version(engine));
    case 'get_status':
      return result(engineStatus(engine));
    case 'get_network_connection_status':
      return result({ connected: true });
    case 'get_api_access_token':
      return result({ token: engine.accessToken });
    case 'set_allow_remote_access':
    case 'set_allow_intranet_access':
      return parameters.get('token') === engine.accessToken
        ? result('ok')
        : failure('access denied');
    case 'get_media_files':
      return mediaFiles(engine, exchange);
    case 'get_content_id': {
      const { found } = engine.contents.select(parameters);
      return found?.id ? result({ content_id: found.id }) : failure('cannot get transport file');
    }
    case 'search':
      return parameters.get('token') === engine.accessToken
        ? search(engine, exchange)
        : failure('access denied');
    default:
      return failure('unknown method');
  }
}
