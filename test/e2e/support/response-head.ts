/** Status line and header fields of a response. */
export interface ResponseHead {
  readonly httpVersion: string;
  readonly status: number;
  /** By lower-case name; values of a repeated field are joined by `, `. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Names as they were sent, in order. */
  readonly names: readonly string[];
}

const END = Buffer.from('\r\n\r\n');

/** Splits the received bytes into head and body; null while the head is not complete. @throws if it is not HTTP */
export function parseHead(data: Buffer): { head: ResponseHead; body: Buffer } | null {
  const end = data.indexOf(END);
  if (end < 0) return null;
  const [first = '', ...lines] = data.toString('latin1', 0, end).split('\r\n');
  const [, httpVersion = '', status = ''] = /^HTTP\/(\d\.\d) (\d{3})/.exec(first) ?? [];
  if (status === '') throw new Error(`not an HTTP response: ${first.slice(0, 80)}`);
  const headers: Record<string, string> = {};
  const names: string[] = [];
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    names.push(line.slice(0, colon));
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  return {
    head: { httpVersion, status: Number(status), headers, names },
    body: data.subarray(end + END.length),
  };
}
