export const GUIDE_CHANNELS = 5000;
const HALF_HOUR_S = 1800;
const START_S = Date.UTC(2026, 10, 30) / 1000;
/** As long as the longest id. */
const ID = 'channel-####.example';
const LISTING_BYTES = 100;

export function guideChannelId(channel: number): string {
  return `channel-${channel}.example`;
}

/** A guide of nearly this size, and at most of it: its channels, then the programmes of one channel after the other, each with usual texts. */
export function* guideParts(bytes: number): Generator<string, void> {
  yield '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE tv SYSTEM "xmltv.dtd">\n<tv>\n';
  const share = bytes / GUIDE_CHANNELS - LISTING_BYTES;
  let programmes = '';
  for (let n = 0; programmes.length + programme(n).length <= share; n++) programmes += programme(n);
  for (let channel = 0; channel < GUIDE_CHANNELS; channel++) {
    yield `<channel id="${guideChannelId(channel)}"><display-name>Channel ${channel}</display-name></channel>\n`;
  }
  for (let channel = 0; channel < GUIDE_CHANNELS; channel++) {
    yield programmes.replaceAll(ID, guideChannelId(channel));
  }
  yield '</tv>\n';
}

function programme(n: number): string {
  const text = 'A description with some words in it, as providers write them. '.repeat(4);
  return (
    `<programme start="${time(n)}" stop="${time(n + 1)}" channel="${ID}">\n` +
    `  <title lang="en">Programme ${n} &amp; friends</title>\n` +
    `  <sub-title lang="en">Episode ${n % 91}</sub-title>\n` +
    `  <desc lang="en">${text}</desc>\n` +
    '  <category lang="en">News</category>\n' +
    '</programme>\n'
  );
}

function time(n: number): string {
  const date = new Date((START_S + n * HALF_HOUR_S) * 1000);
  return `${date.toISOString().replace(/\D/g, '').slice(0, 14)} +0000`;
}
