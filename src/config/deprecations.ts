import { type GivenValue, listOf, namesOf } from './given-value';
import { type Setting } from './setting';

/** A setting with everything that is set for it. */
export interface FoundSetting {
  readonly setting: Setting<unknown>;
  readonly values: readonly GivenValue[];
  /** The value that counts; undefined if the default applies. */
  readonly chosen: GivenValue | undefined;
}

interface Replacement {
  /** Name of the new variable, with the value to give it or with what keeps the alias from having an effect. */
  readonly text: string;
  readonly decides: boolean;
}

/** One line for each alias that is set, with all settings that it gives a value. */
export function describeDeprecations(found: readonly FoundSetting[]): string[] {
  const replacements = new Map<string, { isOne: boolean; by: Replacement[] }>();
  for (const { setting, values, chosen } of found) {
    for (const value of values.filter(({ alias }) => alias !== null)) {
      const names = namesOf(value);
      const entry = replacements.get(names) ?? { isOne: value.variables.length === 1, by: [] };
      entry.by.push(describeReplacement(setting, value, chosen));
      replacements.set(names, entry);
    }
  }
  return [...replacements].map(([names, { isOne, by }]) => {
    const deciding = by.filter(({ decides }) => decides);
    const texts = (deciding.length > 0 ? deciding : by).map(({ text }) => text);
    return `${names} ${isOne ? 'is' : 'are'} deprecated: use ${listOf(texts)}`;
  });
}

/** A value that an operator can copy as it is. */
const PLAIN_VALUE = /^[\x21-\x7e]{1,100}$/;

function describeReplacement(
  { variable, isSecret }: Setting<unknown>,
  value: GivenValue,
  chosen: GivenValue | undefined,
): Replacement {
  const { text = '' } = value;
  const decides = value.text !== '';
  if (decides && value !== chosen && chosen !== undefined) {
    return { text: `${variable} (${namesOf(chosen)} is set and wins)`, decides };
  }
  const canShow = !isSecret && PLAIN_VALUE.test(text);
  return { text: canShow ? `${variable}=${text}` : variable, decides };
}
