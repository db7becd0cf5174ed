import type { RuntimeImage } from '../drivers/engine-runtime.port';
import type { ProvisioningBlock } from './fleet.types';
import type { ProvisioningGate } from './provisioning-gate';

/** A runtime that cannot be asked for less than this is not worth a word: it may just be coming up. */
export const LINK_PATIENCE_MS = 3000;

export interface BlockFacts {
  readonly linkDownMs: number;
  readonly linkReason: string | null;
  readonly gate: Pick<ProvisioningGate, 'view' | 'retryInMs' | 'isOpen'>;
  readonly image: RuntimeImage;
  /** Why placement has no place; null when it has one. */
  readonly placeBlocked: string | null;
}

/** Why no engine can be made now: what comes first explains most. Null when one can. */
export function provisioningBlock(facts: BlockFacts): ProvisioningBlock | null {
  const { gate, image } = facts;
  if (facts.linkDownMs > LINK_PATIENCE_MS) {
    return {
      code: 'docker_unavailable',
      message: facts.linkReason ?? 'Docker does not answer',
      retryInMs: null,
    };
  }
  if (gate.isOpen) {
    const { failures, lastFailure } = gate.view();
    const last = lastFailure === null ? '' : `, the last one: ${lastFailure.message}`;
    return {
      code: 'provisioning_blocked',
      message: `${failures} starts of engines in a row have failed${last}`,
      retryInMs: gate.retryInMs,
    };
  }
  // Not longer than the pause after the failure: somebody may have pulled it, and only a try finds that out.
  if (image.state === 'missing' && gate.retryInMs > 0) {
    return {
      code: 'image_missing',
      message: `the image ${image.reference} is missing: ${image.reason ?? 'it could not be pulled'}`,
      retryInMs: gate.retryInMs,
    };
  }
  if (facts.placeBlocked !== null) {
    return { code: 'provisioning_blocked', message: facts.placeBlocked, retryInMs: null };
  }
  return null;
}
