/** Removes the framing of a chunked body that arrives in pieces of any size. */
export class ChunkedBody {
  private line = '';
  /** Remaining bytes of the current chunk; 0 while its size is read. */
  private left = 0;
  /** True when the last chunk has arrived, so the body is complete. */
  isOver = false;

  /** @throws if the body is not chunked */
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

  /** The line contains the size of the next chunk, after the line break that ends the previous chunk. */
  private takeSize(): void {
    const size = /^(?:\r\n)?([0-9a-f]+)(?:;.*)?\r\n$/i.exec(this.line)?.[1];
    if (size === undefined) throw new Error(`not chunked: ${JSON.stringify(this.line)}`);
    this.left = parseInt(size, 16);
    this.isOver = this.left === 0;
    this.line = '';
  }
}
