const PES_HEADER_BYTES = 9;
const STAMP_BYTES = 5;
const PTS_ONLY = 0x80;
const PTS_AND_DTS = 0xc0;

/**
 * Returns the decoding time stamp (90 kHz) of the video or audio PES packet that begins in the packet at `packet`; -1
 * if it has no time stamp, null if the PES packet that begins is neither video nor audio.
 */
export function readPesStart(bytes: Buffer, packet: number): number | null {
  const hasAdaptation = ((bytes[packet + 3] ?? 0) & 0x20) !== 0;
  const pes = packet + 4 + (hasAdaptation ? 1 + (bytes[packet + 4] ?? 0) : 0);
  if (pes + PES_HEADER_BYTES > packet + 188) return null;
  if (bytes[pes] !== 0 || bytes[pes + 1] !== 0 || bytes[pes + 2] !== 1) return null;
  const streamId = bytes[pes + 3] ?? 0;
  // Audio 0xC0–0xDF, video 0xE0–0xEF (ISO/IEC 13818-1, table 2-22).
  if (streamId < 0xc0 || streamId > 0xef) return null;
  const flags = (bytes[pes + 7] ?? 0) & PTS_AND_DTS;
  if (flags === PTS_AND_DTS) return readStamp(bytes, pes + PES_HEADER_BYTES + STAMP_BYTES);
  return flags === PTS_ONLY ? readStamp(bytes, pes + PES_HEADER_BYTES) : -1;
}

function readStamp(bytes: Buffer, at: number): number {
  const byte = (index: number): number => bytes[at + index] ?? 0;
  return (
    ((byte(0) >> 1) & 7) * 2 ** 30 +
    (byte(1) << 22) +
    ((byte(2) >> 1) << 15) +
    (byte(3) << 7) +
    (byte(4) >> 1)
  );
}
