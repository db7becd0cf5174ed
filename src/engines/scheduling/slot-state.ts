/**
 * The life of a slot that a stream holds:
 *
 * - `reserved`: the slot belongs to the stream, and the engine is not being asked yet
 * - `asking`: the engine is being asked to start the content. Counts against PROXY_STARTS_PER_ENGINE and
 *   PROXY_STARTS_TOTAL, because engines crash when they are asked for five streams at once
 * - `answered`: the engine has answered, and no media have arrived yet
 * - `confirmed`: media flow
 * - `releasing`: the stream has left, and its engine session is being stopped, which takes 3 s at most
 * - `released`: the slot is free
 *
 * The slot of a stream that asks its engine again returns to `reserved`.
 */
export type SlotState = 'reserved' | 'asking' | 'answered' | 'confirmed' | 'releasing' | 'released';

const TRANSITIONS: Readonly<Record<SlotState, readonly SlotState[]>> = {
  reserved: ['asking', 'releasing', 'released'],
  asking: ['reserved', 'answered', 'confirmed', 'releasing', 'released'],
  answered: ['reserved', 'confirmed', 'releasing', 'released'],
  confirmed: ['reserved', 'releasing', 'released'],
  releasing: ['released'],
  released: [],
};

export function canBecome(from: SlotState, to: SlotState): boolean {
  return TRANSITIONS[from].includes(to);
}
