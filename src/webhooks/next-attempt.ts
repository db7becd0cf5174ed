import { withJitter } from '../kernel/retry-delay';
import type { DeliveryFault } from './webhook';

const S = 1000;
const MIN = 60 * S;
const H = 60 * MIN;

/** Longest wait before each further attempt: about a day in all. */
const DELAYS_MS = [5 * S, MIN, 5 * MIN, 30 * MIN, 2 * H, 6 * H, 15 * H];
const LONGEST_DELAY_MS = Math.max(...DELAYS_MS);

/** A receiver cannot postpone an attempt further. */
const MAX_RETRY_AFTER_MS = 24 * H;

/** How an attempt went. */
export interface AttemptResult {
  /** Null if there was no answer. */
  readonly status: number | null;
  /** Null: the receiver has the notice. */
  readonly fault: DeliveryFault | null;
  /** What the receiver asked for; null if nothing. */
  readonly retryAfterMs: number | null;
  readonly durationMs: number;
}

export type NextAttempt =
  | { readonly kind: 'none'; readonly isDelivered: boolean; readonly isGone: boolean }
  | {
      readonly kind: 'retry';
      readonly delayMs: number;
      /** How long the receiver should get nothing at all. */
      readonly pauseMs: number;
    };

/**
 * What follows an attempt.
 *
 * @param attempts attempts until now, this one included
 * @param random from 0 up to 1
 */
export function nextAttempt(
  { status, fault, retryAfterMs }: AttemptResult,
  attempts: number,
  maxAttempts: number,
  random: number,
): NextAttempt {
  if (fault === null) return { kind: 'none', isDelivered: true, isGone: false };
  if (status === 410) return { kind: 'none', isDelivered: false, isGone: true };
  if (attempts >= maxAttempts) return { kind: 'none', isDelivered: false, isGone: false };
  const delayMs = withJitter(DELAYS_MS[attempts - 1] ?? LONGEST_DELAY_MS, random);
  const pauseMs = Math.min(retryAfterMs ?? 0, MAX_RETRY_AFTER_MS);
  return { kind: 'retry', delayMs: Math.max(delayMs, pauseMs), pauseMs };
}

/** The time in a `Retry-After` header: seconds, or a date; null if there is none. */
export function retryAfterOf(header: string | undefined, nowMs: number): number | null {
  if (header === undefined) return null;
  const text = header.trim();
  if (/^\d{1,9}(\.\d+)?$/.test(text)) return Math.ceil(Number(text) * S);
  // Otherwise `Date.parse` would read a date in a number.
  const atMs = /^[A-Z][a-z]{2}/.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}
