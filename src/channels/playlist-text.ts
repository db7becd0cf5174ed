/** Control characters, and other characters at which one program or another ends a line. */
const LINE_BREAKS = /[\0-\x1f\x7f-\x9f\u2028\u2029]+/g;
const UNSAFE = /[\0-\x1f"\x7f-\x9f\u2028\u2029]/;

/**
 * A text as playlists contain it. The format has no escapes: a quote would end the value, and programs find the name
 * behind the last quote. Guides contain the ids of channels in the same form.
 */
export function playlistText(text: string): string {
  return UNSAFE.test(text) ? text.replace(LINE_BREAKS, ' ').replaceAll('"', "'") : text;
}
