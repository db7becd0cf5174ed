/**
 * The changes of a release, from the changelog. `problem` says why this tag must not be released, or is null.
 * @param {{ tag: string, version: string, changelog: string, address: string }} facts version: of package.json; address:
 * of the repository, for links, which a release page does not resolve
 * @returns {{ notes: string, problem: string | null }}
 */
export function releaseNotes({ tag, version, changelog, address }) {
  const refused = (problem) => ({ notes: '', problem });
  if (tag !== `v${version}`)
    return refused(`the tag ${tag} is not v${version}, the version of package.json`);
  const sections = changelog.split(/^(?=## )/m);
  const section = sections.find((text) => text.startsWith(`## [${version}]`));
  if (section === undefined) return refused(`CHANGELOG.md has no section [${version}]`);
  const [heading, ...lines] = section.split('\n');
  if (!/\] - \d{4}-\d{2}-\d{2}$/.test(heading))
    return refused(`"${heading}" in CHANGELOG.md has no date`);
  const text = lines
    .filter((line) => !/^\[[^\]]+\]: /.test(line))
    .join('\n')
    .trim();
  if (text === '') return refused(`the section [${version}] of CHANGELOG.md is empty`);
  const target = `${address}/blob/${tag}/`;
  return { notes: text.replace(/\]\((?![a-z]+:|#)/g, `](${target}`), problem: null };
}
