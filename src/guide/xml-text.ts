/** Characters that XML does not allow, even as a reference. */
const FORBIDDEN = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g;

const REFERENCES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

const CHARACTERS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(REFERENCES).map(([character, reference]) => [reference, character]),
);

/** Text for the content of an element. */
export function elementText(text: string): string {
  return text.replace(FORBIDDEN, '').replace(/[&<>]/g, (one) => REFERENCES[one] ?? one);
}

/** Text for an attribute between double quotes. */
export function attributeText(text: string): string {
  return text.replace(FORBIDDEN, '').replace(/[&<>"]/g, (one) => REFERENCES[one] ?? one);
}

/** Returns the text from which `elementText` or `attributeText` has made `xml`. */
export function plainTextOf(xml: string): string {
  return xml.replace(/&(?:amp|lt|gt|quot);/g, (one) => CHARACTERS[one] ?? one);
}
