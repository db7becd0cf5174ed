import 'reflect-metadata';
import fc from 'fast-check';
import { ENGINE_STATES } from '../registry/engine-state';
import { renderConfigurationMarkdown } from '../../config';
import { aCandidate, WEIGHTS } from '../testing/engine.spec-support';
import type { Candidate } from './candidate';
import { filterReasons, spareReasons } from './filters';
import { rank } from './ranking';
import { ScoringEngineSelector } from './scoring-engine-selector';
import { CRITERIA, scores, type SelectionWeights } from './criteria';

const anyCandidate: fc.Arbitrary<Candidate> = fc.record({
  id: fc.stringMatching(/^sim-[0-9]{1,3}$/),
  state: fc.constantFrom(...ENGINE_STATES),
  activeStreams: fc.nat(5),
  maxStreams: fc.integer({ min: 1, max: 5 }),
  isBusy: fc.boolean(),
  forwarded: fc.boolean(),
  vpnHealthy: fc.constantFrom(true, false, null),
  networkConnected: fc.constantFrom(true, false, null),
  excluded: fc.boolean(),
  lastReservation: fc.nat(3),
});

const anyFleet = fc.uniqueArray(anyCandidate, { selector: ({ id }) => id, maxLength: 12 });

const anyWeights: fc.Arbitrary<SelectionWeights> = fc.record({
  selectionWeightForwarded: fc.integer({ min: -2000, max: 2000 }),
  selectionWeightActiveStream: fc.integer({ min: -2000, max: 2000 }),
  selectionWeightUnhealthy: fc.integer({ min: -2000, max: 2000 }),
  selectionWeightSuspect: fc.integer({ min: -2000, max: 2000 }),
});

describe('filters', () => {
  it.each<[Partial<Candidate>, string[]]>([
    [{}, []],
    [{ state: 'suspect' }, []],
    [{ state: 'starting' }, ['starting']],
    [{ state: 'unhealthy' }, ['unhealthy']],
    [{ state: 'draining' }, ['draining']],
    [{ state: 'gone' }, ['gone']],
    [{ activeStreams: 3 }, ['full']],
    [{ activeStreams: 4 }, ['full']],
    [{ isBusy: true }, ['busy']],
    [{ vpnHealthy: false }, ['vpn_unhealthy']],
    [{ vpnHealthy: true }, []],
    [{ excluded: true }, ['excluded']],
    [{ networkConnected: false }, []],
    [
      { state: 'unhealthy', activeStreams: 3, vpnHealthy: false, excluded: true },
      ['unhealthy', 'full', 'vpn_unhealthy', 'excluded'],
    ],
  ])('%j is excluded by %j', (over, reasons) => {
    expect(filterReasons(aCandidate(over))).toEqual(reasons);
  });
});

describe('scores', () => {
  it.each<[Partial<Candidate>, number]>([
    [{}, 0],
    [{ forwarded: true }, 1000],
    [{ activeStreams: 2 }, -20],
    [{ forwarded: true, activeStreams: 1 }, 990],
    [{ state: 'unhealthy' }, -1000],
    [{ state: 'suspect' }, -500],
    [{ state: 'suspect', networkConnected: false }, -1000],
  ])('%j scores %d', (over, total) => {
    expect(rank([aCandidate(over)], WEIGHTS).assessments[0]!.total).toBe(total);
  });

  it('lists every score, including those that are 0', () => {
    expect(scores(aCandidate(), WEIGHTS)).toEqual([
      { name: 'forwarded', value: 0 },
      { name: 'active_streams', value: 0 },
      { name: 'unhealthy', value: 0 },
      { name: 'suspect', value: 0 },
      { name: 'network_disconnected', value: 0 },
    ]);
  });
});

describe('criteria', () => {
  it.each(CRITERIA)('$name is weighed by an existing setting', ({ setting, explanation }) => {
    expect(renderConfigurationMarkdown()).toContain(`\`${setting}\``);
    expect(explanation).toMatch(/\.$/);
  });
});

describe('ranking', () => {
  it('prefers the forwarded engine, then the one with fewer streams', () => {
    const fleet = [
      aCandidate({ id: 'idle' }),
      aCandidate({ id: 'busy', activeStreams: 1 }),
      aCandidate({ id: 'forwarded', forwarded: true, activeStreams: 2 }),
    ];
    const { assessments, chosen } = rank(fleet, WEIGHTS);
    expect(chosen).toBe('forwarded');
    expect(assessments.map(({ candidate }) => candidate.id)).toEqual(['forwarded', 'idle', 'busy']);
  });

  it('breaks ties by the longest unused engine, then by id', () => {
    const fleet = [
      aCandidate({ id: 'c', lastReservation: 7 }),
      aCandidate({ id: 'b', lastReservation: 4 }),
      aCandidate({ id: 'a', lastReservation: 4 }),
    ];
    expect(rank(fleet, WEIGHTS).chosen).toBe('a');
  });

  it('chooses a suspect engine only if no other one is free, whatever its score', () => {
    const suspect = aCandidate({ id: 'suspect', state: 'suspect', forwarded: true });
    const certain = aCandidate({ id: 'certain', activeStreams: 2 });
    const both = rank([suspect, certain], WEIGHTS);
    expect(both.chosen).toBe('certain');
    expect(both.assessments[1]!.filters).toEqual(['suspect']);
    const full = rank([suspect, { ...certain, activeStreams: 3 }], WEIGHTS);
    expect(full.chosen).toBe('suspect');
    expect(full.assessments[0]!.filters).toEqual([]);
  });

  it('chooses an engine without network only if no other one is free', () => {
    const cut = aCandidate({ id: 'cut', networkConnected: false, forwarded: true });
    expect(rank([cut, aCandidate({ id: 'unknown', networkConnected: null })], WEIGHTS).chosen).toBe(
      'unknown',
    );
    expect(rank([cut], WEIGHTS).chosen).toBe('cut');
  });

  it('never chooses a filtered engine, and always chooses one if one passes the filters', () => {
    fc.assert(
      fc.property(anyFleet, anyWeights, (fleet, weights) => {
        const open = fleet.filter((candidate) => filterReasons(candidate).length === 0);
        const { chosen } = rank(fleet, weights);
        expect(chosen === null).toBe(open.length === 0);
        if (chosen !== null) expect(open.map(({ id }) => id)).toContain(chosen);
      }),
    );
  });

  it('never chooses a suspect engine while another one is free', () => {
    fc.assert(
      fc.property(anyFleet, anyWeights, (fleet, weights) => {
        const isCertain = (candidate: Candidate): boolean =>
          filterReasons(candidate).length === 0 && spareReasons(candidate).length === 0;
        const { chosen } = rank(fleet, weights);
        const winner = fleet.find(({ id }) => id === chosen);
        if (fleet.some(isCertain)) expect(isCertain(winner!)).toBe(true);
      }),
    );
  });

  it('chooses the highest total among the engines that pass the filters', () => {
    fc.assert(
      fc.property(anyFleet, anyWeights, (fleet, weights) => {
        const { assessments, chosen } = rank(fleet, weights);
        const open = assessments.filter(({ filters }) => filters.length === 0);
        const best = Math.max(...open.map(({ total }) => total));
        const winner = assessments.find(({ candidate }) => candidate.id === chosen);
        if (winner !== undefined) expect(winner.total).toBe(best);
      }),
    );
  });

  it('does not depend on the order of the engines', () => {
    const fleetTwice = anyFleet.chain((fleet) =>
      fc.tuple(
        fc.constant(fleet),
        fc.shuffledSubarray(fleet, { minLength: fleet.length, maxLength: fleet.length }),
      ),
    );
    fc.assert(
      fc.property(fleetTwice, anyWeights, ([fleet, shuffled], weights) => {
        expect(rank(shuffled, weights)).toEqual(rank(fleet, weights));
      }),
    );
  });

  it('lists every engine once', () => {
    fc.assert(
      fc.property(anyFleet, anyWeights, (fleet, weights) => {
        const ids = rank(fleet, weights).assessments.map(({ candidate }) => candidate.id);
        expect([...ids].sort()).toEqual(fleet.map(({ id }) => id).sort());
      }),
    );
  });
});

test(
  'the selector follows changes of SELECTION_WEIGHT_FORWARDED, SELECTION_WEIGHT_ACTIVE_STREAM, ' +
    'SELECTION_WEIGHT_UNHEALTHY and SELECTION_WEIGHT_SUSPECT',
  () => {
    const weights: { -readonly [Name in keyof SelectionWeights]: number } = { ...WEIGHTS };
    const selector = new ScoringEngineSelector(weights);
    const engines = [
      aCandidate({ id: 'e1', forwarded: true, activeStreams: 1 }),
      aCandidate({ id: 'e2', state: 'suspect' }),
      aCandidate({ id: 'e3', state: 'unhealthy' }),
    ];
    const scoresNow = () => selector.rank(engines).assessments.map(({ total }) => total);
    weights.selectionWeightForwarded = 7;
    weights.selectionWeightActiveStream = -2;
    weights.selectionWeightSuspect = -3;
    weights.selectionWeightUnhealthy = -4;
    expect(new Set(scoresNow())).toEqual(new Set([5, -3, -4]));
  },
);
