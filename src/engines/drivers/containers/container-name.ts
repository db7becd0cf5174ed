/** Names are for people; what an engine is, its labels say. */
export function containerName(instance: string, random: string): string {
  const owner = instance.replace(/[^a-zA-Z0-9]/g, '').slice(0, 6);
  return ['acefleet', owner, random.slice(0, 6)].filter((part) => part !== '').join('-');
}
