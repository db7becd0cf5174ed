import { createHmac, randomBytes } from 'node:crypto';

const PREFIX = 'whsec_';
/** Standard Webhooks ask for 24 to 64 bytes. */
const KEY_BYTES = 32;

export function newWebhookSecret(): string {
  return `${PREFIX}${randomBytes(KEY_BYTES).toString('base64')}`;
}

/** The headers of Standard Webhooks, with one signature for each secret. */
export function signatureHeaders(
  id: string,
  unixS: number,
  body: string,
  secrets: readonly string[],
): Record<string, string> {
  const content = `${id}.${unixS}.${body}`;
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(PREFIX.length), 'base64');
    return `v1,${createHmac('sha256', key).update(content).digest('base64')}`;
  });
  return {
    'webhook-id': id,
    'webhook-timestamp': String(unixS),
    'webhook-signature': signatures.join(' '),
  };
}
