import { type EnginePorts, PORT_NAMES, type PortName } from './engine-ports';

const placeholder = (name: PortName): string => `{${name}_port}`;

/** The ports that these words speak of, each once. */
export function mentionedPorts(words: readonly string[]): readonly PortName[] {
  return PORT_NAMES.filter((name) => words.some((word) => word.includes(placeholder(name))));
}

/** What the real engine opens: always these, and HTTPS when its options speak of it (it needs a certificate too). */
export function realEnginePorts(args: readonly string[]): readonly PortName[] {
  const mentionsHttps = mentionedPorts(args).includes('https');
  return PORT_NAMES.filter((name) => name !== 'https' || mentionsHttps);
}

/**
 * The words with each `{…_port}` replaced by that engine's port. Braces around anything else stay: options may
 * hold JSON. A port that the engine does not have stays as it is written, too.
 */
export function fillPorts(words: readonly string[], ports: EnginePorts): string[] {
  return words.map((word) =>
    word.replace(/\{(http|https|api|p2p)_port\}/g, (whole, name: PortName) =>
      ports[name] === null ? whole : String(ports[name]),
    ),
  );
}
