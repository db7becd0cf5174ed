import { setTimeout as wait } from 'node:timers/promises';
import { textAnswer, type Answer } from '../api/answer';
import type { Exchange } from '../api/exchange';
import type { Engine } from '../engine';
import type { Fault } from './fault';
import type { Place } from './fault-kinds';

function statusAnswer(fault: Fault): Answer {
  const status = fault.number('status', 500);
  const body = fault.text('body', status === 403 ? 'Forbidden' : 'Internal Server Error');
  return textAnswer(status, body, fault.text('content_type', 'text/plain'));
}

/**
 * Applies the faults that act before the request is executed. A delayed request is executed afterwards even if the
 * client has disconnected, so that such a client leaves a session open.
 * @returns an answer that replaces the real one, `silent` if there is none, null if the request continues normally.
 */
export async function interceptAnswer(
  engine: Engine,
  exchange: Exchange,
  place: Place,
): Promise<Answer | 'silent' | null> {
  const { faults, socket } = exchange;
  const deny = faults.get('deny');
  const denied = deny?.optionalText('address') ?? exchange.remoteAddress;
  if (deny && denied === exchange.remoteAddress) return textAnswer(403, 'access denied');
  const delay = faults.get('delay');
  // A disconnect does not shorten the delay: a real engine does not notice that its client has gone.
  if (delay) await wait(delay.number('ms', 1000));
  const crash = faults.get('crash');
  // For media, the playback's plan contains the time of the crash.
  if (crash && place !== 'content') engine.crash(crash.number('code', 1));
  if (faults.has('never')) return 'silent';
  const close = faults.get('close');
  if (close) {
    if (close.text('how', 'reset') === 'reset') socket.resetAndDestroy();
    else socket.end();
    return 'silent';
  }
  const status = faults.get('http_status');
  if (status) return statusAnswer(status);
  return faults.has('empty_body') ? textAnswer(200, '', 'application/json') : null;
}
