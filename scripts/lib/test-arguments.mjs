/**
 * Parses the arguments of `npm test --`. The first ones are names of steps. After a step of jest, further arguments
 * are patterns of test files.
 * @param {string[]} words
 * @param {{ name: string, group: string, takesPatterns: boolean }[]} steps
 * @returns {{ names: string[], patterns: string[], unknown: string
 * null }} `names` empty: all steps
 */
export function readTestArguments(words, steps) {
  const isStep = (word) => steps.some(({ name, group }) => word === name || word === group);
  const firstOther = words.findIndex((word) => !isStep(word));
  if (firstOther < 0) return { names: words, patterns: [], unknown: null };
  const names = words.slice(0, firstOther);
  const takesPatterns =
    names.length > 0 &&
    steps.filter(({ name }) => names.includes(name)).some((step) => step.takesPatterns);
  return takesPatterns
    ? { names, patterns: words.slice(firstOther), unknown: null }
    : { names, patterns: [], unknown: words[firstOther] };
}
