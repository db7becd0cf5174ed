import { Inject, Injectable } from '@nestjs/common';
import { type AppConfig, CONFIG } from '../config';
import { monotonicMs } from '../kernel/clock';
import { asAppError } from '../kernel/errors';
import { OutboundRequests } from '../outbound';
import { type AttemptResult, retryAfterOf } from './next-attempt';
import type { Notice } from './notice';
import { renderNotice } from './presets';
import { signatureHeaders } from './signature';
import type { Webhook } from './webhook';

/** Standard Webhooks ask for 15 to 30 s. */
const TIMEOUT_MS = 20_000;
/** Nothing of an answer's body is used. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** Sends one notice to the receiver of a webhook. */
@Injectable()
export class WebhookSender {
  constructor(
    @Inject(CONFIG) private readonly config: Pick<AppConfig, 'publicUrl'>,
    private readonly outbound: OutboundRequests,
  ) {}

  /**
   * One attempt. The result says nothing of the path of the address, of headers or of the answer's body, because these
   * may contain secrets.
   *
   * @param id of the delivery, by which the receiver recognises a notice that arrives twice
   */
  async send(
    webhook: Webhook,
    id: string,
    notice: Notice,
    signal: AbortSignal,
  ): Promise<AttemptResult> {
    const sinceMs = monotonicMs();
    const durationMs = (): number => Math.round(monotonicMs() - sinceMs);
    try {
      const { url, body } = renderNotice(notice, webhook, { id, click: this.config.publicUrl });
      const text = JSON.stringify(body);
      const answer = await this.outbound.post(url, {
        ...{ body: text, signal, timeoutMs: TIMEOUT_MS, maxBytes: MAX_ANSWER_BYTES },
        headers: {
          ...webhook.headers,
          'content-type': 'application/json',
          ...signatureHeaders(id, Math.floor(Date.now() / 1000), text, secretsOf(webhook)),
        },
      });
      // Some receivers report an error if their answer is not read.
      answer.body.on('error', () => undefined).resume();
      const { status, headers } = answer;
      const isDelivered = status >= 200 && status < 300;
      return {
        status,
        fault: isDelivered ? null : { code: 'status', detail: `the receiver answered ${status}` },
        retryAfterMs: isDelivered ? null : retryAfterOf(headers['retry-after'], Date.now()),
        durationMs: durationMs(),
      };
    } catch (error) {
      const { code, detail } = asAppError(error, 'the notice could not be sent');
      const fault = { code, detail };
      return { status: null, fault, retryAfterMs: null, durationMs: durationMs() };
    }
  }
}

function secretsOf({ secret, oldSecret }: Webhook): string[] {
  const isValid = oldSecret !== null && Date.now() < oldSecret.untilMs;
  return isValid ? [secret, oldSecret.secret] : [secret];
}
