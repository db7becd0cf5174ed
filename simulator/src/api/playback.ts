import { performance } from 'node:perf_hooks';
import type { Engine } from '../engine';
import type { SessionEnd } from '../sessions';
import { redirectAnswer, textAnswer, type Answer } from './answer';
import type { Exchange } from './exchange';

/** The answer of addresses of an ended session. */
export function endedAnswer(end: SessionEnd | undefined, flavour: 'ts' | 'hls'): Answer {
  switch (end) {
    case undefined:
      return textAnswer(404, 'not found');
    case 'taken_over':
    case 'stolen':
      return flavour === 'hls'
        ? textAnswer(403, 'Forbidden')
        : textAnswer(500, 'got newer download');
    case 'stopped':
    case 'expired':
    case 'replaced':
    case 'lost':
      return textAnswer(500, 'unknown playback session id');
  }
}

/** Where a fault redirects the client instead of to the media; null without such a fault. */
function strayLocation(exchange: Exchange): string | null {
  const redirect = exchange.faults.get('redirect');
  if (redirect) return redirect.text('location', 'http://engine.invalid:6878/content/elsewhere');
  if (exchange.faults.has('redirect_loop')) return exchange.address(exchange.path);
  const closed = exchange.faults.get('redirect_closed_port');
  return closed ? `http://127.0.0.1:${closed.number('port', 1)}${exchange.path}` : null;
}

/** Answers of an engine that has interrupted pre-buffering. */
async function warmingAnswer(exchange: Exchange): Promise<Answer | null> {
  for (const kind of ['start_timeout', 'download_not_found'] as const) {
    const fault = exchange.faults.get(kind);
    if (!fault) continue;
    await exchange.wait(fault.number('ms', 100));
    return textAnswer(500, kind.replaceAll('_', ' '));
  }
  return null;
}

/** `GET /ace/r/<infohash>/<key>`: not answered until there are media, then redirects to a new address for them. */
export async function playback(
  engine: Engine,
  exchange: Exchange,
  infohash: string,
  key: string,
): Promise<Answer> {
  const session = engine.sessions.get(infohash, key);
  if (!session) return endedAnswer(engine.sessions.endingOf(infohash, key), 'ts');
  const warming = await warmingAnswer(exchange);
  if (warming) return warming;
  const stray = strayLocation(exchange);
  if (stray !== null) return redirectAnswer(stray);
  session.touch();
  await exchange.wait(Math.max(0, session.readyAt - performance.now()));
  if (session.ended !== null) return endedAnswer(session.ended, 'ts');
  session.touch();
  return redirectAnswer(
    exchange.address(`/content/${infohash}/${engine.sessions.issueToken(session)}`),
  );
}
