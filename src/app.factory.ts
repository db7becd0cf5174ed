import { NestFactory } from '@nestjs/core';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { serveDocs } from './app.docs-page';
import { AppModule } from './app.module';
import { productVersion } from './app-version';
import { descriptorLimit } from './config';
import { FleetControl } from './engines';
import { type ConnectionLimit, Edge } from './http';
import { ERROR_CATALOG } from './kernel/errors';
import { type LogOutput, ProgramLogger } from './logging';
import { MetricsRegistry } from './metrics';
import type { Settings } from './settings';
import type { DataFolder } from './storage';

/** Creates the whole application, ready to listen. It does not run or listen yet. */
export async function createApp(
  settings: Settings,
  output: LogOutput,
  folder: DataFolder,
): Promise<NestFastifyApplication> {
  const config = settings.live.values;
  const edge = new Edge(config, { descriptorLimit: descriptorLimit() });
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.forRoot(settings, output, folder),
    edge.adapter,
    // The edge has its own body parser. The caller reports a failed start in one line; until the logger exists the
    // framework would print the error's stack.
    { bodyParser: false, logger: false, abortOnError: false },
  );
  app.useLogger(app.get(ProgramLogger));
  await edge.configure(app);
  const metrics = app.get(MetricsRegistry);
  describeBuild(metrics, app.get(FleetControl).status().runtime ?? 'static');
  measureConnections(metrics, edge.connections);
  const problems = metrics.counter(
    'acefleet_http_problems_total',
    'Requests answered with an error, by code.',
    { labels: { code: Object.keys(ERROR_CATALOG) } },
  );
  edge.onProblem((code) => problems.inc({ code }));
  serveDocs(app, config);
  return app;
}

function describeBuild(metrics: MetricsRegistry, driver: string): void {
  const labels = { version: productVersion(), node_version: process.version, driver };
  metrics.gauge(
    'acefleet_build_info',
    'Always 1. The labels tell the version of acefleet, the version of Node.js, and who runs the engines.',
    () => [{ labels, value: 1 }],
    { labelNames: Object.keys(labels) },
  );
}

/** Registers these metrics here, because the connection limit is created before the modules. */
function measureConnections(metrics: MetricsRegistry, connections: ConnectionLimit): void {
  metrics.gauge(
    'acefleet_http_connections_open',
    'Open connections of clients.',
    () => connections.size,
  );
  metrics.gauge(
    'acefleet_http_connections_limit',
    'Maximum number of connections.',
    () => connections.limit,
  );
  metrics.sampledCounter(
    'acefleet_http_connections_closed_idle_total',
    'Connections without a request in progress that were closed because the limit was reached.',
    () => connections.counts.closed,
  );
  metrics.sampledCounter(
    'acefleet_http_connections_refused_total',
    'Requests for streams that were answered with 503 because the limit was reached.',
    () => connections.counts.refused,
  );
  metrics.sampledCounter(
    'acefleet_http_connections_dropped_total',
    'Connections that were closed with a request in progress because the limit was reached.',
    () => connections.counts.dropped,
  );
}
