import {
  NULL_PID,
  TS_PACKET,
  continuityCounter,
  discontinuityPreface,
  firstContinuities,
  hasPayload,
  pid,
  type PidContinuity,
  type Programme,
} from '../mpegts';

/** Tables other than PAT and PMT (SDT, EIT …) repeat within this many bytes in any usual multiplex. */
const TABLE_SEARCH_BYTES = 512 * 1024;

/**
 * Packets for a viewer that continues at another position: PAT and PMT, and for each PID one packet without payload.
 * That packet flags the discontinuity and has the counter that the next packet continues. `runs` are the whole
 * packets that follow.
 */
export function flaggedPreface(psi: Buffer, runs: readonly Buffer[], programme: Programme): Buffer {
  const tables = countersIn([psi], Infinity);
  const media = firstContinuities(runs, programme);
  const others = countersIn(runs, TABLE_SEARCH_BYTES);
  for (const known of [...tables.keys(), ...media.keys()]) others.delete(known);
  const flaggedTables = discontinuityPreface(Buffer.alloc(0), listed(tables));
  return Buffer.concat([flaggedTables, discontinuityPreface(psi, listed(media, others))]);
}

/** Counter of the first payload packet of each PID, null packets excluded. */
function countersIn(runs: readonly Buffer[], maxBytes: number): Map<number, number> {
  const counters = new Map<number, number>();
  let looked = 0;
  for (const run of runs) {
    for (let at = 0; at + TS_PACKET <= run.length && looked < maxBytes; at += TS_PACKET) {
      looked += TS_PACKET;
      const id = pid(run, at);
      if (id === NULL_PID || !hasPayload(run, at) || counters.has(id)) continue;
      counters.set(id, continuityCounter(run, at));
    }
  }
  return counters;
}

function listed(...maps: readonly ReadonlyMap<number, number>[]): PidContinuity[] {
  return maps.flatMap((map) =>
    [...map].map(([id, nextContinuity]) => ({ pid: id, nextContinuity })),
  );
}
