import { join } from 'node:path';
import { docker } from './docker-cli';
import { localBase } from './local-base';
import { runCommand } from './long-commands';

const ROOT = join(__dirname, '../../..');
const BUILD_WITHIN_MS = 400_000;

/** Kept until the end of `npm test`, together with its layers, so that the next build reuses what has not changed. */
export const PRODUCT_IMAGE = 'acefleet:test';

/**
 * Builds the product's image from the Dockerfile on a base without a registry. Takes up to 2 min, or seconds if it is
 * already built.
 */
export function productImage(): Promise<string> {
  return buildBoth(PRODUCT_IMAGE, 'Dockerfile');
}

/** The same image under another name, built with arguments of the form NAME=VALUE. */
export async function productImageWith(args: readonly string[]): Promise<string> {
  const tag = 'acefleet-with-arguments:test';
  const words = args.flatMap((arg) => ['--build-arg', arg]);
  await build(tag, ['--build-arg', `BASE=${await localBase()}`, ...words]);
  return tag;
}

/** The image of the simulator that simulator/Dockerfile makes; most of it is a layer of the product's. */
export function dockerfileSimulatorImage(): Promise<string> {
  return buildBoth('acefleet-simulator-dockerfile:test', 'simulator/Dockerfile');
}

/** The build stage is tagged too, so that the previous one can be identified and removed. */
async function buildBoth(tag: string, file: string): Promise<string> {
  const base = await localBase();
  const common = ['--file', join(ROOT, file), '--build-arg', `BASE=${base}`];
  await build(tag.replace(':', '-build:'), [...common, '--target', 'build']);
  await build(tag, common);
  return tag;
}

async function build(tag: string, args: readonly string[]): Promise<void> {
  const before = await imageId(tag);
  // The registry may be reachable only from this machine's own network.
  const how = ['--quiet', '--force-rm', '--network', 'host', '--tag', tag];
  await runCommand('docker', ['build', ...how, ...args, ROOT], { timeoutMs: BUILD_WITHIN_MS });
  const after = await imageId(tag);
  // It cannot be removed while a container uses it.
  if (before !== null && before !== after) {
    await docker(['image', 'rm', before]).catch(() => undefined);
  }
}

async function imageId(tag: string): Promise<string | null> {
  return docker(['image', 'inspect', '--format', '{{.Id}}', tag]).catch(() => null);
}
