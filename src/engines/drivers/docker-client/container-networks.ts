import type { ContainerInspectInfo } from 'dockerode';

export type ContainerNetworks = ContainerInspectInfo['NetworkSettings']['Networks'];

/** What an inspection tells of networks: null for a container in the network of another one. */
interface Inspected {
  readonly NetworkSettings: { readonly Networks: ContainerNetworks | null };
}

/** By name. */
export function networksOf({ NetworkSettings }: Inspected): ContainerNetworks {
  return NetworkSettings.Networks ?? {};
}
