/** slice_type, the second Exp-Golomb code of an H.264 slice header; −1 if `bits` do not contain it. */
export function sliceTypeOf(header: Uint8Array, bits: number): number {
  let at = 0;
  let value = -1;
  for (let code = 0; code < 2; code++) {
    let zeros = 0;
    while (at < bits && bitAt(header, at) === 0) {
      zeros++;
      at++;
    }
    if (at + 1 + zeros > bits) return -1;
    value = 0;
    for (let end = at + 1 + zeros; at < end; at++) value = value * 2 + bitAt(header, at);
    value -= 1;
  }
  return value;
}

function bitAt(bytes: Uint8Array, index: number): number {
  return ((bytes[index >> 3] as number) >> (7 - (index & 7))) & 1;
}
