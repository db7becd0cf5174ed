import type { Engine } from '../engine';
import type { EngineSettings } from '../options';
import { jsonAnswer, textAnswer, type Answer } from './answer';
import type { Exchange } from './exchange';

const NAMES: readonly (keyof EngineSettings)[] = ['download_limit', 'upload_limit', 'live_buffer'];

/** `PATCH /api/v1/settings`, which only AceServe has. Answers with all settings. */
export function changeSettings(engine: Engine, exchange: Exchange): Answer {
  if (!engine.facts.settingsApi) return textAnswer(404, 'not found');
  if (exchange.request.method !== 'PATCH') return textAnswer(405, 'Method Not Allowed');
  if (exchange.request.headers['x-api-key'] !== engine.accessToken) {
    return textAnswer(403, 'access denied');
  }
  const changes = changesOf(exchange.body);
  if (changes === null) return textAnswer(400, 'invalid settings');
  Object.assign(engine.settings, changes);
  return jsonAnswer(engine.settings);
}

function changesOf(body: string): Partial<EngineSettings> | null {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return null;
  }
  if (typeof json !== 'object' || json === null) return null;
  const entries = Object.entries(json).filter(([name]) => NAMES.some((one) => one === name));
  const isRight = ([, value]: [string, unknown]): boolean =>
    typeof value === 'number' && Number.isFinite(value) && value >= 0;
  return entries.every(isRight) ? Object.fromEntries(entries) : null;
}
