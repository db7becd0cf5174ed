import { parser as createParser, type Tag } from 'sax';
import { GuideFault } from './guide-fault';
import type { GuideMatching } from './guide-matching';
import { attributeText, elementText } from './xml-text';
import { readTime } from './xmltv-time';

/** A longer programme is left out; real ones have a few thousand characters. */
const MAX_PROGRAMME_LENGTH = 256 * 1024;
const MAX_DISPLAY_NAMES = 20;

export type AddProgramme = (
  tvgId: string,
  startS: number,
  stopS: number | null,
  xml: string,
) => void;

/** The programme that is being read. */
interface Programme {
  readonly tvgId: string;
  readonly startS: number;
  readonly stopS: number | null;
  parts: string[];
  length: number;
}

/** Reads an XMLTV guide piece by piece and passes on the programmes of wanted channels, with our channel ids. */
export class XmltvReader {
  /** Knows the entities of XML and HTML, because guides use those. Entities that a guide declares are never expanded. */
  private readonly parser = createParser(true, { position: false });
  private depth = 0;
  private hasRoot = false;
  private channelId: string | null = null;
  private displayNames: string[] = [];
  /** The text of the present `display-name` of a channel; null outside. */
  private displayName: string | null = null;
  private programme: Programme | null = null;

  constructor(
    private readonly matching: GuideMatching,
    private readonly addProgramme: AddProgramme,
  ) {
    const { parser } = this;
    parser.onopentag = (tag) => this.open(tag as Tag);
    parser.onclosetag = (name) => this.close(name);
    parser.ontext = (text) => this.text(text);
    parser.oncdata = (text) => this.text(text);
    parser.ondoctype = checkDoctype;
    parser.onerror = (error) => {
      // The parser adds lines with a part of the guide.
      const [reason = ''] = error.message.split('\n');
      throw new GuideFault('guide_invalid', `the guide is not valid XML: ${reason}`);
    };
  }

  /** @throws GuideFault `guide_invalid` */
  write(text: string): void {
    this.parser.write(text);
  }

  /** @throws GuideFault `guide_invalid` if the guide is not complete */
  end(): void {
    this.parser.close();
    if (!this.hasRoot) throw new GuideFault('guide_invalid', 'the answer is empty');
  }

  private open({ name, attributes }: Tag): void {
    this.depth += 1;
    if (this.depth === 1 && name !== 'tv') {
      throw new GuideFault('guide_invalid', 'the root element is not tv, so it is no XMLTV guide');
    }
    this.hasRoot = true;
    if (this.depth === 2) {
      if (name === 'channel') this.channelId = attributes['id'] ?? '';
      else if (name === 'programme') this.programme = this.begin(attributes);
    }
    if (this.programme !== null) this.keep(openingTag(name, attributes));
    else if (this.channelId !== null && name === 'display-name') this.displayName = '';
  }

  private close(name: string): void {
    if (this.programme !== null) this.keep(`</${name}>`);
    if (this.displayName !== null) {
      if (this.displayNames.length < MAX_DISPLAY_NAMES) this.displayNames.push(this.displayName);
      this.displayName = null;
    }
    if (this.depth === 2) this.endOfEntry();
    this.depth -= 1;
  }

  private endOfEntry(): void {
    if (this.channelId !== null) {
      this.matching.addChannel(this.channelId, this.displayNames);
      this.channelId = null;
      this.displayNames = [];
    }
    if (this.programme === null) return;
    const { tvgId, startS, stopS, parts, length } = this.programme;
    this.programme = null;
    if (length > MAX_PROGRAMME_LENGTH) return;
    this.addProgramme(tvgId, startS, stopS, `${parts.join('')}\n`);
  }

  private text(text: string): void {
    if (this.programme !== null && this.depth >= 2) this.keep(elementText(text));
    else if (this.displayName !== null && this.displayName.length < 1000) this.displayName += text;
  }

  private begin(attributes: Readonly<Record<string, string>>): Programme | null {
    const { channel = '', start = '', stop = '' } = attributes;
    const tvgId = this.matching.wantedFor(channel);
    const startS = readTime(start);
    if (tvgId === null || startS === null) return null;
    Object.assign(attributes, { channel: tvgId });
    return { tvgId, startS, stopS: readTime(stop), parts: [], length: 0 };
  }

  private keep(xml: string): void {
    const { programme } = this;
    if (programme === null) return;
    programme.length += xml.length;
    if (programme.length > MAX_PROGRAMME_LENGTH) programme.parts = [];
    else programme.parts.push(xml);
  }
}

function openingTag(name: string, attributes: Readonly<Record<string, string>>): string {
  let tag = `<${name}`;
  for (const [key, value] of Object.entries(attributes)) tag += ` ${key}="${attributeText(value)}"`;
  return `${tag}>`;
}

/** Guides name the DTD of XMLTV, which is not needed. A DTD inside the guide could declare entities. */
function checkDoctype(doctype: string): void {
  if (!doctype.includes('[')) return;
  throw new GuideFault('guide_invalid', 'the guide contains a DTD of its own, which is refused');
}
