import { NULL_PID, SYNC, TS_PACKET } from './packet';

/**
 * `count` whole packets of PID 0x1FFF, which every demultiplexer drops. They keep a viewer's connection alive while
 * media are missing. The caller owns the buffer.
 */
export function nullPackets(count: number): Buffer {
  const packets = Buffer.alloc(count * TS_PACKET, 0xff);
  for (let at = 0; at < packets.length; at += TS_PACKET) {
    packets[at] = SYNC;
    packets[at + 1] = NULL_PID >> 8;
    packets[at + 2] = NULL_PID & 0xff;
    packets[at + 3] = 0x10;
  }
  return packets;
}
