import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { listFiles, readText, ROOT } from './repository';
import { whyNoPrograms } from '../e2e/support/programs';

const RULES = join(ROOT, 'docs/prometheus/acefleet-alerts.yml');
const DASHBOARD = 'docs/grafana/acefleet.json';
const why = whyNoPrograms('promtool');
const describeIfThere = why === null ? describe : describe.skip;

function promtool(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('promtool', args, {
    cwd: dirname(RULES),
    encoding: 'utf8',
  });
  return status === 0 ? 'ok' : `${stdout}${stderr}`;
}

describeIfThere(`the files for Prometheus ${why ?? ''}`, () => {
  it('are valid', () => {
    expect(promtool('check', 'config', 'prometheus.yml')).toBe('ok');
    expect(promtool('check', 'rules', '--lint-fatal', RULES)).toBe('ok');
  });

  it('have alerts that fire when they should, and stay silent otherwise', () => {
    expect(promtool('test', 'rules', 'acefleet-alerts.test.yml')).toBe('ok');
    const alerts = [...readText('docs/prometheus/acefleet-alerts.yml').matchAll(/alert: (\w+)/g)];
    const tests = readText('docs/prometheus/acefleet-alerts.test.yml');
    const untested = alerts
      .map(([, name]) => name!)
      .filter((name) =>
        [`${name} fires`, `${name} stays silent`].some((one) => !tests.includes(one)),
      );
    expect(alerts.length).toBeGreaterThan(10);
    expect(untested).toEqual([]);
  });
});

interface Target {
  readonly refId: string;
  readonly datasource: unknown;
  readonly expr: string;
  readonly range: boolean;
  readonly instant: boolean;
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: unknown;
  readonly gridPos: Readonly<Record<'x' | 'y' | 'w' | 'h', number>>;
  readonly targets?: readonly Target[];
  readonly panels?: readonly Panel[];
  readonly fieldConfig?: {
    readonly defaults: { readonly unit?: string };
    readonly overrides: readonly {
      readonly properties: readonly { readonly id: string; readonly value: unknown }[];
    }[];
  };
}

interface Variable {
  readonly name: string;
  readonly type: string;
  readonly query: unknown;
  readonly datasource?: unknown;
  readonly definition?: string;
}

interface Dashboard {
  readonly uid: string;
  readonly id?: number;
  readonly title: string;
  readonly schemaVersion: number;
  readonly templating: { readonly list: readonly Variable[] };
  readonly panels: readonly Panel[];
}

/** Ids of units in Grafana. */
const UNITS = ['none', 's', 'bytes', 'Bps', 'ops', 'percentunit'];
const TYPES = ['row', 'stat', 'table', 'timeseries', 'state-timeline'];
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

describe('the dashboard for Grafana', () => {
  const dashboard = JSON.parse(readText(DASHBOARD)) as Dashboard;
  const { panels } = dashboard;
  const charts = panels.filter(({ type }) => type !== 'row');

  it('is the only one, and has an address that stays', () => {
    expect(listFiles('docs', '.json').filter((path) => path.includes('grafana'))).toEqual([
      DASHBOARD,
    ]);
    expect(dashboard).toMatchObject({ uid: 'acefleet', title: 'acefleet', schemaVersion: 39 });
    // An id belongs to the database of one Grafana.
    expect(dashboard).not.toHaveProperty('id');
  });

  it('reads the data source and the instances from variables', () => {
    expect(dashboard.templating.list).toMatchObject([
      { name: 'datasource', type: 'datasource', query: 'prometheus' },
      {
        name: 'instance',
        type: 'query',
        datasource: DATASOURCE,
        definition: 'label_values(acefleet_build_info, instance)',
        allValue: '.*',
      },
    ]);
    for (const { title, datasource, targets = [] } of charts) {
      expect({ title, datasource }).toEqual({ title, datasource: DATASOURCE });
      for (const target of targets) {
        expect(target.datasource).toEqual(DATASOURCE);
        const selectors = target.expr.match(/\b(?:acefleet|process|nodejs)_\w+/g) ?? [];
        const selected = target.expr.match(/instance=~"\$instance"/g) ?? [];
        const joined = target.expr.match(/and on \(instance, job\) acefleet_build_info/g) ?? [];
        expect({ expr: target.expr, count: selected.length + joined.length }).toEqual({
          expr: target.expr,
          count: selectors.length,
        });
      }
    }
  });

  it('has the rows that operators look for', () => {
    expect(panels.filter(({ type }) => type === 'row').map(({ title }) => title)).toEqual([
      'At a glance',
      'Viewers and traffic',
      'Engines and fleet',
      'Starts and failovers',
      'VPN',
      'Process',
    ]);
  });

  it('has panels that Grafana can show: known types and units, unique ids, each with a query', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(new Set(charts.map(({ title }) => title)).size).toBe(charts.length);
    for (const panel of panels) {
      expect(TYPES).toContain(panel.type);
      expect(panel.title).not.toBe('');
      // A row that is open has no panels of its own: those below it follow in the list.
      if (panel.type === 'row') expect(panel.panels).toEqual([]);
    }
    for (const { title, description = '', type, targets = [], fieldConfig } of charts) {
      expect({ title, description }).toEqual({ title, description: expect.stringMatching(/.\.$/) });
      expect(targets.length).toBeGreaterThan(0);
      const refIds = targets.map(({ refId }) => refId);
      expect(new Set(refIds).size).toBe(refIds.length);
      expect(targets.filter(({ range, instant }) => range === instant)).toEqual([]);
      const properties = fieldConfig?.overrides.flatMap((override) => override.properties) ?? [];
      const units = properties.filter(({ id }) => id === 'unit').map(({ value }) => value);
      if (type !== 'table') units.push(fieldConfig?.defaults.unit);
      for (const unit of units) expect(UNITS).toContain(unit);
    }
  });

  it('has a place for each panel, within the 24 columns and without overlaps', () => {
    const cells = new Map<string, string>();
    for (const { title, gridPos } of panels) {
      const { x, y, w, h } = gridPos;
      expect([x, y, w, h].every(Number.isInteger)).toBe(true);
      expect(w * h).toBeGreaterThan(0);
      expect(x + w).toBeLessThanOrEqual(24);
      for (let column = x; column < x + w; column += 1) {
        for (let line = y; line < y + h; line += 1) {
          const cell = `${column} ${line}`;
          expect(`${title} beside ${cells.get(cell) ?? 'nothing'}`).toBe(`${title} beside nothing`);
          cells.set(cell, title);
        }
      }
    }
  });
});
