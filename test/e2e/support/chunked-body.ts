/** Takes the framing of a chunked body away, however it is cut into pieces on its way. */
export class ChunkedBody {
  private line = '';
  /** Bytes of the present chunk that are still to come; 0 while its size is read. */
  private left = 0;
  /** The last chunk has come: what came is the whole. */
  isOver = false;

  /** @throws when it is not chunked */
  decode(bytes: Buffer): Buffer {
    const pieces: Buffer[] = [];
    let at = 0;
    while (at < bytes.length && !this.isOver) {
      if (this.left > 0) {
        const piece = bytes.subarray(at, at + this.left);
        pieces.push(piece);
        at += piece.length;
        this.left -= piece.length;
        continue;
      }
      this.line += String.fromCharCode(bytes[at]!);
      at += 1;
      if (this.line.endsWith('\r\n') && this.line !== '\r\n') this.takeSize();
    }
    return Buffer.concat(pieces);
  }

  /** The line has the size of the next chunk; what closes the one before stands in front of it. */
  private takeSize(): void {
    const size = /^(?:\r\n)?([0-9a-f]+)(?:;.*)?\r\n$/i.exec(this.line)?.[1];
    if (size === undefined) throw new Error(`not chunked: ${JSON.stringify(this.line)}`);
    this.left = parseInt(size, 16);
    this.isOver = this.left === 0;
    this.line = '';
  }
}
