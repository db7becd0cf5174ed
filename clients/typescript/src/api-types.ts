// Written by `npm run docs` from docs/openapi.json.
export interface paths {
    "/ace/getstream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Watch a content as MPEG-TS
         * @description Exactly one selector. Body: packets of 188 bytes, beginning with PAT, PMT and a random access point. `Range` is ignored. Unknown parameters, `pid` and `sid` are accepted and ignored. Recorded content and media in other containers are sent as a file, with its type and length and with support for `Range`.
         */
        get: operations["watchContent"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ace/manifest.m3u8": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Watch a content as HLS
         * @description Exactly one selector. Redirects to the playlist of a new playback; playlist and segments carry a token, by which viewers are counted. While the content starts, the request waits for a segment; browsers get 503 after 8 s, and the start continues.
         */
        get: operations["watchHls"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ace/preflight": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Check whether a content is playable
         * @description A light check asks an engine what the content is. A deep check also starts it, reads its media for some seconds and stops it. Every verdict has status 200.
         */
        get: operations["checkContent"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ace/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Count streams, or the viewers of one stream
         * @description With a content, its viewers; without, all streams. No engine is asked.
         */
        get: operations["getAceStatus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/by-label": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List engines with a label
         * @description The name and the value of the label must match exactly. Sorted by id. Needs a key of scope `read`.
         */
        get: operations["listEnginesByLabel"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/channels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List channels by id
         * @description Needs a key of scope `read`.
         */
        get: operations["listChannels"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/channels/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a channel and the recent results of its sources
         * @description Needs a key of scope `read`.
         */
        get: operations["getChannel"];
        /**
         * Create or replace a channel
         * @description A running stream of the channel keeps its present source and uses the new ones when it needs another. Answers 409 for a channel of CHANNELS_FILE, and for the number of another channel. Needs a key of scope `operate`.
         */
        put: operations["putChannel"];
        post?: never;
        /**
         * Remove a channel
         * @description Present viewers continue to watch; new viewers get 404. A channel of an imported list comes back with the next import of that list; hide it instead. Needs a key of scope `admin`.
         */
        delete: operations["removeChannel"];
        options?: never;
        head?: never;
        /**
         * Change some fields of a channel
         * @description Fields of a channel of an imported list then no longer follow the list; null makes them follow it again, and an empty text leaves them without a value. Answers 409 like a replacement. Needs a key of scope `operate`.
         */
        patch: operations["updateChannel"];
        trace?: never;
    };
    "/api/v1/channels/{id}/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Check the sources of a channel
         * @description The results are at the channel when the run has ended. Needs a key of scope `operate`.
         */
        post: operations["checkChannel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/channels/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Import an M3U list once
         * @description The body is the list, or an object with its address. A list with the same name replaces the last one: channels that it lacks are marked as missing. Entries without AceStream content are skipped and counted. Needs a key of scope `admin`.
         */
        post: operations["importChannels"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/channels/imports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List imports
         * @description Needs a key of scope `admin`.
         */
        get: operations["listChannelImports"];
        put?: never;
        /**
         * Create an import
         * @description Its list is fetched now, and again after each interval. Needs a key of scope `admin`.
         */
        post: operations["createChannelImport"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/channels/imports/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show an import and the result of its last attempt
         * @description Needs a key of scope `admin`.
         */
        get: operations["getChannelImport"];
        put?: never;
        post?: never;
        /**
         * Remove an import and the channels that no other import lists
         * @description Their numbers are kept for them. Needs a key of scope `admin`.
         */
        delete: operations["removeChannelImport"];
        options?: never;
        head?: never;
        /**
         * Change an import
         * @description If it has another address, its list is fetched now. Needs a key of scope `admin`.
         */
        patch: operations["updateChannelImport"];
        trace?: never;
    };
    "/api/v1/channels/imports/{id}/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Fetch and import the list of an import now
         * @description Answers 409 for an import without an address. Needs a key of scope `operate`.
         */
        post: operations["refreshChannelImport"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/checks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show which sources are being checked
         * @description Needs a key of scope `read`.
         */
        get: operations["getChecks"];
        put?: never;
        /**
         * Check the sources of all visible channels, or of those of a group
         * @description The answer comes at once; the run continues while enough slots are free. A run of the same channels that has not ended is continued. Needs a key of scope `operate`.
         */
        post: operations["checkChannels"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/checks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a run of checks
         * @description The last 20 runs that ended are kept. Needs a key of scope `read`.
         */
        get: operations["getCheckRun"];
        put?: never;
        post?: never;
        /**
         * Stop a run of checks
         * @description A check that no other run waits for ends at once. Needs a key of scope `operate`.
         */
        delete: operations["stopCheckRun"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/containers/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the container of an engine
         * @description Answers with its state when it was last observed. Needs a key of scope `read`.
         */
        get: operations["getContainer"];
        put?: never;
        post?: never;
        /**
         * Remove an engine by its container
         * @description The same as `DELETE /engines/{id}`. Needs a key of scope `operate`.
         */
        delete: operations["removeContainer"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/containers/{id}/logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the newest log lines of an engine by its container
         * @description Needs a key of scope `read`.
         */
        get: operations["getContainerLogs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/engines": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List all engines, sorted by id
         * @description Needs a key of scope `read`.
         */
        get: operations["listEngines"];
        put?: never;
        /**
         * Add an engine that somebody else runs, with any driver
         * @description It is stored, chosen for streams like other engines, and counts as capacity; acefleet does not restart or replace it. Answers 502 if it does not answer now, unless `accept_unreachable` is true. `DELETE /engines/{id}` removes it, which needs a key with the scope `admin`. Needs a key of scope `admin`.
         */
        post: operations["createExternalEngine"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/engines/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show an engine
         * @description Needs a key of scope `read`.
         */
        get: operations["getEngine"];
        put?: never;
        post?: never;
        /**
         * Remove an engine
         * @description Its streams fail over to other engines; the removal does not wait for them. Another engine is created if it is needed. For an engine that was added with `POST /engines`, the key needs the scope `admin`. Needs a key of scope `operate`.
         */
        delete: operations["removeEngine"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/engines/{id}/drain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Drain an engine
         * @description It gets no new streams. Its present streams move to other engines when these have room, without an interruption for viewers. A stream for which no other engine has room stays. Needs a key of scope `operate`.
         */
        post: operations["drainEngine"];
        /**
         * Put a drained engine back
         * @description It may be chosen again as soon as it answers a probe. Answers 409 for an engine that the fleet drains, because it is being replaced, removed or restarted, or because its VPN is down. Needs a key of scope `operate`.
         */
        delete: operations["undrainEngine"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/engines/{id}/logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the newest log lines of an engine
         * @description Needs a key of scope `read`.
         */
        get: operations["getEngineLogs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/engines/{id}/restart": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Restart an engine
         * @description Its streams fail over to other engines; the restart does not wait for them. Answers after the new process has started. Needs a key of scope `operate`.
         */
        post: operations["restartEngine"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/engines/{id}/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show what an engine uses now: CPU, memory, network
         * @description Needs a key of scope `read`.
         */
        get: operations["getEngineUsage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/engines/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pull the image of the engines again
         * @description If its tag leads to a newer image, the engines are replaced one at a time: each is drained, and its streams move to other engines without an interruption for viewers. Also begins a replacement again that was stopped because a new engine failed to start. Needs a key of scope `operate`.
         */
        post: operations["refreshEngine"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/engines/replace": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Replace all engines, one at a time
         * @description Each is drained, and its streams move to other engines without an interruption for viewers. Stops when a new engine fails to start. A restart of acefleet ends it. Needs a key of scope `operate`.
         */
        post: operations["replaceEngine"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/engines/selection": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Explain which engine a new stream would get now
         * @description Lists the filters and scores of each engine. Needs a key of scope `read`.
         */
        get: operations["getEngineSelection"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List events
         * @description The newest ones, or with `since` the first ones after it, in the order in which they occurred; with `order=desc` always the newest ones, newest first. For the next page use the last id as `since`, for older events the lowest id as `until`. If the disk does not answer, the newest events are listed from memory, and `X-Events-Source` is `memory`. Needs a key of scope `read`.
         */
        get: operations["listEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/cleanup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Remove old events
         * @description Answers 507 or 503 if the disk refuses. Needs a key of scope `admin`.
         */
        post: operations["removeOldEvents"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Export events
         * @description All matching events of the log, oldest first, as a JSON array or as a CSV file. Texts that a spreadsheet would evaluate get a leading apostrophe. Needs a key of scope `read`.
         */
        get: operations["exportEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Count the events in the log
         * @description Needs a key of scope `read`.
         */
        get: operations["countEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Follow the state and the events
         * @description Server-sent events: a snapshot, then every change, every event, and once a second the numbers of all streams. docs/events.md describes the messages. Answers 429 if there are 50 such streams, or 5 from this address. Needs a key of scope `read`.
         */
        get: operations["followEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/stream_ended": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Report the end of a stream of an outside proxy
         * @description Answers 404 for an unknown stream. Needs a key of scope `operate`.
         */
        post: operations["reportStreamEnded"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/stream_started": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Report a stream of an outside proxy
         * @description It takes a slot of its engine until its end is reported, the engine no longer knows its session, or the report was not repeated for 12 h. Repeated reports change nothing else. Answers 404 for an unknown engine, and 409 if too many streams are reported. Needs a key of scope `operate`.
         */
        post: operations["reportStreamStarted"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gc": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Remove engines that have ended or were never started
         * @description Needs a key of scope `operate`.
         */
        post: operations["collectGarbage"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/guide/sources": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List guide sources
         * @description Needs a key of scope `admin`.
         */
        get: operations["listGuideSources"];
        put?: never;
        /**
         * Create a guide source
         * @description It is fetched at once. Answers 409 if there are 20 already. Needs a key of scope `admin`.
         */
        post: operations["createGuideSource"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/guide/sources/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a guide source and what its last refresh has found
         * @description Needs a key of scope `admin`.
         */
        get: operations["getGuideSource"];
        put?: never;
        post?: never;
        /**
         * Remove a guide source with its programmes
         * @description Needs a key of scope `admin`.
         */
        delete: operations["removeGuideSource"];
        options?: never;
        head?: never;
        /**
         * Change a guide source
         * @description With a new address it is fetched at once. Needs a key of scope `admin`.
         */
        patch: operations["updateGuideSource"];
        trace?: never;
    };
    "/api/v1/guide/sources/{id}/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Refresh a guide source now
         * @description The answer has no body and does not wait for the end of the refresh. Needs a key of scope `operate`.
         */
        post: operations["refreshGuideSource"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/health/circuit-breaker/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Close the circuit breaker
         * @description Engines may be created again at once, and the next failure counts as the first. There is one breaker, so `operation_type`, which older clients send, makes no difference. Needs a key of scope `operate`.
         */
        post: operations["resetCircuitBreaker"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/health/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Count engines by health
         * @description Needs no key, and names no engine.
         */
        get: operations["getFleetHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Delete the history
         * @description Streams that run now are recorded again when they end. Needs a key of scope `admin`.
         */
        delete: operations["clearHistory"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/history/channels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the channels of a period with their totals
         * @description Contents that were requested without a channel are listed too. Needs a key of scope `read`.
         */
        get: operations["listChannelHistory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/history/series": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a metric over time
         * @description An answer has at most 2,000 points; a step without samples has null values. Needs a key of scope `read`.
         */
        get: operations["getHistorySeries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/history/streams": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the streams of a period
         * @description The newest first; running ones are part of the list. Needs a key of scope `read`.
         */
        get: operations["listStreamHistory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List API keys
         * @description The main key, which is `API_KEY` or the file `api-key`, is not among them. Needs a key of scope `admin`.
         */
        get: operations["listApiKeys"];
        put?: never;
        /**
         * Create an API key
         * @description The answer contains its secret, which is not stored and cannot be shown again. Needs a key of scope `admin`.
         */
        post: operations["createApiKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/keys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Remove an API key
         * @description Requests with it are refused from then on. Needs a key of scope `admin`.
         */
        delete: operations["removeApiKey"];
        options?: never;
        head?: never;
        /**
         * Change the name, the scope or the expiry of an API key
         * @description Needs a key of scope `admin`.
         */
        patch: operations["updateApiKey"];
        trace?: never;
    };
    "/api/v1/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show metrics in the text format of Prometheus
         * @description With `METRICS_ACCESS=open` they need no key. Needs a key of scope `read`.
         */
        get: operations["getMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/metrics/dashboard": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show figures for a dashboard, in the form of acestream-orchestrator
         * @description Speeds and counts are of this moment, rates and times of the window; what acefleet does not measure is null. Needs a key of scope `read`.
         */
        get: operations["getDashboard"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/orchestrator/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the state of the fleet
         * @description Includes its latest decisions and their reasons. Answered from memory. Needs a key of scope `read`.
         */
        get: operations["getFleetStatus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/profiles": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List profiles by name
         * @description Needs a key of scope `read`.
         */
        get: operations["listProfiles"];
        put?: never;
        /**
         * Create a profile
         * @description Answers 409 for the name of another profile. Needs a key of scope `operate`.
         */
        post: operations["createProfile"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/profiles/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a profile
         * @description Needs a key of scope `read`.
         */
        get: operations["getProfile"];
        put?: never;
        post?: never;
        /**
         * Remove a profile
         * @description Its addresses then answer 404. Answers 409 for the profile of a user. Needs a key of scope `admin`.
         */
        delete: operations["removeProfile"];
        options?: never;
        head?: never;
        /**
         * Change parts of a profile
         * @description Needs a key of scope `operate`.
         */
        patch: operations["updateProfile"];
        trace?: never;
    };
    "/api/v1/provision": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Request one more engine by its image
         * @description Only the image of `ENGINE_IMAGE` is accepted. Needs a key of scope `operate`.
         */
        post: operations["provisionEngineByImage"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/provision/acestream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Request one more engine
         * @description It is removed like any other engine when it is no longer needed. Answers at once, or with `wait=true` after the engine has answered or has failed to start. The engine is created even if the client disconnects. Needs a key of scope `operate`.
         */
        post: operations["provisionEngine"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/proxy/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List active sessions
         * @description Needs a key of scope `read`.
         */
        get: operations["listProxySessions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/proxy/sessions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a session, running or ended
         * @description Needs a key of scope `read`.
         */
        get: operations["getProxySession"];
        put?: never;
        post?: never;
        /**
         * Stop a session
         * @description The connections of its viewers are reset. Needs a key of scope `operate`.
         */
        delete: operations["stopProxySession"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/proxy/sessions/{id}/clients": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the viewers of a session, including those that wait for its start
         * @description Needs a key of scope `read`.
         */
        get: operations["listSessionClients"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/proxy/sessions/{id}/clients/{clientId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Reset a viewer's connection
         * @description Needs a key of scope `operate`.
         */
        delete: operations["kickSessionClient"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/proxy/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show totals and every active session
         * @description Needs a key of scope `read`.
         */
        get: operations["getProxyStatus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/scale/{n}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Set the minimum number of engines
         * @description The number is bounded by `MIN_REPLICAS` and `MAX_REPLICAS`, and holds until the next such request or the next start of acefleet. Needs a key of scope `operate`.
         */
        post: operations["scaleFleet"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the sessions of browsers
         * @description The one that was used last is the first. Needs a key of scope `admin`.
         */
        get: operations["listBrowserSessions"];
        put?: never;
        /**
         * Sign in with a key or a link
         * @description The answer sets a cookie that admits the browser instead of the key. Only pages of this server may send this request.
         */
        post: operations["signIn"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * End a session
         * @description Its requests are refused from then on, and its event streams are closed within a second. Needs a key of scope `admin`.
         */
        delete: operations["endBrowserSession"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/current": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the session of this request
         * @description Answers 404 to a request with a key. Needs a key of scope `read`.
         */
        get: operations["getCurrentBrowserSession"];
        put?: never;
        post?: never;
        /**
         * Sign out
         * @description Ends the session of this request, and removes its cookie. Needs a key of scope `read`.
         */
        delete: operations["signOut"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List settings
         * @description Secrets are masked. Needs a key of scope `read`.
         */
        get: operations["listSettings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change settings
         * @description All of them are changed or none. Values are written as in the environment; `null` is the default. A change is stored and applied at once, unless the setting needs a restart. Answers 403 for settings that only the environment can change, and 409 for settings that the environment or a file sets. Needs a key of scope `admin`.
         */
        patch: operations["updateSettings"];
        trace?: never;
    };
    "/api/v1/settings/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Export the settings that differ from their defaults
         * @description Secrets are masked. Needs a key of scope `admin`.
         */
        get: operations["exportSettings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/settings/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Import an export
         * @description All of its settings are changed or none; settings that it does not contain go back to their defaults. Masked secrets stay as they are. Answers 403 and 409 as for a change, unless the value is the present one. Needs a key of scope `admin`.
         */
        post: operations["importSettings"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sign-in-links": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create a one-time link
         * @description It signs a browser in with the scope `admin`, once, within 10 minutes. Needs a key of scope `admin`.
         */
        post: operations["createSignInLink"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/streams": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List streams
         * @description Active streams first, then ended ones, newest first. Streams that outside proxies have reported are `external`. Needs a key of scope `read`.
         */
        get: operations["listStreams"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/streams/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a stream, running or ended
         * @description Needs a key of scope `read`.
         */
        get: operations["getStream"];
        put?: never;
        post?: never;
        /**
         * Stop a stream
         * @description The connections of its viewers are reset, and its engine session is stopped. Answers 409 for a stream of an outside proxy, which only that proxy can stop. Needs a key of scope `operate`.
         */
        delete: operations["stopStream"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/streams/{id}/move": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Move a stream to another engine
         * @description The new engine is prepared while the current one continues, so viewers notice nothing. The stream stays on its engine when no other engine has room or the new one fails. Needs a key of scope `operate`.
         */
        post: operations["moveStream"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/streams/{id}/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the statistics of an active stream
         * @description The answer comes from memory; the engine is polled every 2 s. Needs a key of scope `read`.
         */
        get: operations["getStreamStats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List users, oldest first
         * @description Needs a key of scope `admin`.
         */
        get: operations["listUsers"];
        put?: never;
        /**
         * Create a user with a new secret
         * @description Its addresses are at `/links`. Answers 409 if the name is taken. Needs a key of scope `admin`.
         */
        post: operations["createUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a user
         * @description Needs a key of scope `admin`.
         */
        get: operations["getUser"];
        put?: never;
        post?: never;
        /**
         * Remove a user
         * @description The user's viewers are disconnected within a second. Needs a key of scope `admin`.
         */
        delete: operations["removeUser"];
        options?: never;
        head?: never;
        /**
         * Change a user
         * @description Present viewers who may no longer watch are disconnected within a second; a lower limit of streams applies to the next stream. Needs a key of scope `admin`.
         */
        patch: operations["updateUser"];
        trace?: never;
    };
    "/api/v1/users/{id}/links": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the addresses of a user, to be entered in players
         * @description Answers 409 if the secret cannot be decrypted, because the file `user-key` was lost. Needs a key of scope `admin`.
         */
        get: operations["getUserLinks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{id}/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give a user a new secret
         * @description All earlier addresses stop working, and the user's viewers are disconnected. Needs a key of scope `admin`.
         */
        post: operations["rotateUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/vpn/{name}/drain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Drain a VPN
         * @description No engine is created behind it. The engines behind it get no new streams; their streams move to other engines when these have room, without an interruption for viewers, and then the engines are removed. Other engines are created behind other VPNs within `MAX_REPLICAS`. Survives a restart. Needs a key of scope `operate`.
         */
        post: operations["drainVpn"];
        /**
         * End the drain of a VPN
         * @description Engines behind it that have not left yet may be chosen again. Needs a key of scope `operate`.
         */
        delete: operations["undrainVpn"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/vpn/publicip": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the public address of a VPN
         * @description Answers with the first VPN that has reported its address. Needs a key of scope `read`.
         */
        get: operations["getVpnPublicIp"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/vpn/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the state of the VPNs
         * @description Each VPN with its state, the time and reason of the last change, and the engines behind it. Needs a key of scope `read`.
         */
        get: operations["getVpnStatus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List webhooks
         * @description Needs a key of scope `admin`.
         */
        get: operations["listWebhooks"];
        put?: never;
        /**
         * Create a webhook
         * @description The answer contains its secret, which cannot be shown again. There may be at most 20. Needs a key of scope `admin`.
         */
        post: operations["createWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a webhook and how its deliveries go
         * @description Needs a key of scope `admin`.
         */
        get: operations["getWebhook"];
        put?: never;
        post?: never;
        /**
         * Remove a webhook with its deliveries
         * @description Needs a key of scope `admin`.
         */
        delete: operations["removeWebhook"];
        options?: never;
        head?: never;
        /**
         * Change a webhook
         * @description What is waiting is sent at once. Needs a key of scope `admin`.
         */
        patch: operations["updateWebhook"];
        trace?: never;
    };
    "/api/v1/webhooks/{id}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the deliveries of a webhook
         * @description The newest come first. Needs a key of scope `admin`.
         */
        get: operations["getWebhookListDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{id}/deliveries/{delivery}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a finished delivery again
         * @description It may be delivered or dead, and keeps its id. Answers 409 while it is pending. Needs a key of scope `admin`.
         */
        post: operations["replayWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{id}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send all dead letters of a webhook again
         * @description Needs a key of scope `admin`.
         */
        post: operations["replayDead"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{id}/rotate-secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give a webhook a new secret
         * @description The old one signs too for 24 h, so that the receiver can be changed meanwhile. Needs a key of scope `admin`.
         */
        post: operations["rotateSecret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{id}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a test notice now
         * @description The answer says how the one attempt went. Also possible while the webhook is disabled. Needs a key of scope `admin`.
         */
        post: operations["testWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/auto/v{number}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Watch the channel with this number
         * @description The same as `/ace/getstream?channel=…`, for clients of an HDHomeRun tuner. An error has the header `X-HDHomeRun-Error`: 801 unknown channel, 805 all tuners in use, 806 tune failed, 807 no video data.
         */
        get: operations["watchTunerChannel"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/device.xml": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Describe the HDHomeRun tuner as a UPnP device
         * @description The same facts as in `/discover.json`, for clients that search by UPnP.
         */
        get: operations["getTunerDevice"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/discover.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Describe the HDHomeRun tuner
         * @description Media servers ask this first when a tuner is added by its address.
         */
        get: operations["getTuner"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/epg.xml": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the programme guide in the XMLTV format
         * @description The programmes of the visible channels that have a `tvg_id`, from the guide sources. The ids of channels are the `tvg-id` of the playlist. `If-None-Match` and gzip are supported.
         */
        get: operations["getGuide"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/epg.xml.gz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the programme guide as a gzip file
         * @description The same guide as `/epg.xml`, for clients that take its name to be that of a file.
         */
        get: operations["getPackedGuide"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/get.php": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the channels as an M3U playlist, for clients of Xtream Codes
         * @description The same as `/playlist.m3u`; `output=m3u8` or `output=hls` asks for HLS.
         */
        get: operations["getXtreamPlaylist"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Check that the process answers
         * @description If this check fails, a supervisor should restart the process.
         */
        get: operations["checkLiveness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Check whether new viewers can be served
         * @description If the status is 503, a load balancer should use another instance. `degraded` has status 200: streams continue, but files in DATA_DIR cannot be written or were damaged, or Redis cannot be used.
         */
        get: operations["checkReadiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/lineup_status.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show whether the HDHomeRun tuner scans
         * @description It never scans, because the line-up is always complete.
         */
        get: operations["getTunerStatus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/lineup.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the channels of the HDHomeRun tuner
         * @description Visible channels with their numbers and the addresses of their streams.
         */
        get: operations["getTunerLineup"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/lineup.post": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Scan for channels
         * @description Does nothing, because the line-up is always complete.
         */
        post: operations["scanChannels"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/live/{file}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Watch the channel with this number, for clients of Xtream Codes
         * @description Their addresses are `/live/USER/PASSWORD/5.ts`, `/live/USER/PASSWORD/5.m3u8` and `/USER/PASSWORD/5`. MPEG-TS is the same stream as `/ace/getstream?channel=…`; HLS redirects to `/ace/manifest.m3u8?channel=…`.
         */
        get: operations["watchXtreamChannel"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/modify_m3u": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get an M3U list with addresses of this server
         * @description Fetches the list and replaces its addresses of AceStream content; all else stays as it is. Unknown parameters are ignored. The addresses begin with `PUBLIC_URL`, or with the address that the request used. Only a key of scope admin may name a list in a private network. Needs a key of scope `read`.
         */
        get: operations["getModifiedList"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/player_api.php": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Describe the account and the channels, for clients of Xtream Codes
         * @description Without `action`: the account. `get_live_categories` and `get_live_streams` list the groups and the channels, `get_short_epg` and `get_simple_data_table` the next programmes of a channel. Every other action returns an empty list, because there are no films and series.
         */
        get: operations["getXtreamAccount"];
        put?: never;
        /**
         * Describe the account and the channels, for clients that send a form
         * @description The same as `GET`, with the parameters in the query or in a form.
         */
        post: operations["postXtreamAccount"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/playlist.m3u": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the channels as an M3U playlist
         * @description All visible channels, sorted by number. Addresses begin with `PUBLIC_URL`, or with the address that the request used. `If-None-Match` and gzip are supported. Unknown parameters are ignored.
         */
        get: operations["getPlaylist"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/xmltv.php": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the programme guide, for clients of Xtream Codes
         * @description The same as `/epg.xml`.
         */
        get: operations["getXtreamGuide"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        ActiveCheckDto: {
            /** @example 0123456789abcdef0123456789abcdef01234567 */
            id: string;
            /** @enum {string} */
            kind: "content_id" | "infohash";
            /**
             * @description `waiting`: too few slots are free.
             * @enum {string}
             */
            state: "waiting" | "checking";
        };
        ActiveClientsDto: {
            hls: number;
            /** @description Always null: `GET /proxy/sessions/{id}/clients` lists the viewers of a stream. */
            list: number | null;
            total: number;
            /** @description Viewers of MPEG-TS and of files, including those that wait for a start. */
            ts: number;
        };
        ApiKeyChangeDto: {
            /**
             * @description The key is refused from this time on. ISO 8601; `null`: the key does not expire.
             * @example 2026-01-31T20:15:00.000Z
             */
            expires_at?: string | null;
            /**
             * @description What the key is for, 1 to 100 characters.
             * @example Home Assistant
             */
            name?: string;
            /** @enum {string} */
            scope?: "read" | "operate" | "admin";
        };
        ApiKeyCreatedDto: {
            /**
             * @description ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            created_at: string;
            /**
             * @description Null: the key does not expire.
             * @example 2026-01-31T20:15:00.000Z
             */
            expires_at: string | null;
            /** @example 3f9c0a7be1d25846 */
            id: string;
            is_expired: boolean;
            /**
             * @description The secret, for `Authorization: Bearer` or `X-API-Key`.
             * @example acefleet_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
             */
            key: string;
            /**
             * @description Time of the last use, up to 10 minutes too early.
             * @example 2026-01-31T20:15:00.000Z
             */
            last_used_at: string | null;
            /** @example Home Assistant */
            name: string;
            /** @enum {string} */
            scope: "read" | "operate" | "admin";
        };
        ApiKeyDto: {
            /**
             * @description ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            created_at: string;
            /**
             * @description Null: the key does not expire.
             * @example 2026-01-31T20:15:00.000Z
             */
            expires_at: string | null;
            /** @example 3f9c0a7be1d25846 */
            id: string;
            is_expired: boolean;
            /**
             * @description Time of the last use, up to 10 minutes too early.
             * @example 2026-01-31T20:15:00.000Z
             */
            last_used_at: string | null;
            /** @example Home Assistant */
            name: string;
            /** @enum {string} */
            scope: "read" | "operate" | "admin";
        };
        ApiKeyListDto: {
            keys: components["schemas"]["ApiKeyDto"][];
        };
        AssessmentDto: {
            active_streams: number;
            /** @description True for the engine that a new stream would get now. */
            chosen: boolean;
            /** @description Reasons not to choose it; empty when it may be chosen. */
            filters: string[];
            /** @example static-192.168.1.10-6878 */
            id: string;
            /** @example 4 */
            max_streams: number;
            /** @description Every score by name, including scores of 0. */
            scores: components["schemas"]["ScoreDto"][];
            /** @enum {string} */
            state: "starting" | "healthy" | "suspect" | "unhealthy" | "draining" | "gone";
            /** @description Sum of the scores. */
            total: number;
        };
        AttemptDto: {
            /** @description Details of the outcome, for an operator. */
            detail: string | null;
            /** @description Null while the attempt runs. */
            duration_ms: number | null;
            /** @example static-192.168.1.10-6878 */
            engine_id: string;
            /** @description What became of it. */
            outcome: components["schemas"]["AttemptOutcome"];
            /** @description Id of the channel's source; null without a channel. */
            source: string | null;
            /**
             * @description ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            started_at: string;
        };
        /**
         * @description What became of it.
         * @enum {string}
         */
        AttemptOutcome: "running" | "preparing" | "playing" | "stopped" | "superseded" | "not_moved" | "engine_withdrawn" | "preempted" | "joined_other_stream" | "played_elsewhere" | "engine_failed" | "session_failed" | "no_peers" | "content_unknown" | "recorded_content" | "unsupported_media" | "start_timeout" | "end" | "reset" | "silence" | "session_gone" | "engine_unresponsive" | "looping" | "garbage" | "no_tables" | "programme_changed" | "no_splice_point" | "excessive_tables" | "excessive_join_points" | "excessive_timeline_breaks" | "excessive_segments" | "excessive_splice_search" | "source_lost_too_often" | "internal_error";
        BlockedReasonDto: {
            /** @description False if acefleet cannot create engines with these settings at all. */
            can_retry: boolean;
            /** @description `not_managed`, `max_capacity`, or the code of the obstacle. */
            code: string;
            message: string;
            /**
             * @description Null when unknown.
             * @example 30
             */
            recovery_eta_seconds: number | null;
            /** @description True when the obstacle disappears by itself, in `recovery_eta_seconds`. */
            should_wait: boolean;
        };
        BreakerDto: {
            /** @description Failures in a row. */
            failures: number;
            last_failure: components["schemas"]["ProvisioningFailureDto"] | null;
            /** @description Seconds until the next attempt is allowed; 0 when attempts are allowed. */
            retry_in_s: number;
            /** @enum {string} */
            state: "closed" | "open" | "half_open";
            /** @description The breaker opens after this many failures in a row. */
            threshold: number;
        };
        BreakerHealthDto: {
            /** @description Failures in a row. */
            failure_count: number;
            /** @description The breaker opens after this many failures in a row. */
            failure_threshold: number;
            /**
             * @description ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            last_failure_time: string | null;
            /** @description Seconds until the next attempt is allowed; 0 when attempts are allowed. */
            retry_in_s: number;
            /** @enum {string} */
            state: "closed" | "open" | "half_open";
        };
        BreakerResetDto: {
            circuit_breakers: components["schemas"]["BreakersDto"];
            message: string;
        };
        BreakersDto: {
            /** @description The only circuit breaker. It covers the creation of every engine. */
            general: components["schemas"]["BreakerHealthDto"];
        };
        BrowserSessionDto: {
            /**
             * @description ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            created_at: string;
            /**
             * @description The session ends then at the latest. ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            expires_at: string;
            /** @example 5c81f0d29a6e4b37 */
            id: string;
            /**
             * @description Address of the browser when it signed in.
             * @example 192.168.1.50
             */
            ip_address: string;
            /** @description True for the session of this request. */
            is_current: boolean;
            /**
             * @description Time of the last request. ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            last_seen_at: string;
            /** @enum {string} */
            scope: "read" | "operate" | "admin";
            /**
             * @description Name of the key that the browser signed in with; `link` after a one-time link.
             * @example Home Assistant
             */
            signed_in_with: string;
            /** @example VLC/3.0.20 LibVLC/3.0.20 */
            user_agent: string;
        };
        BrowserSessionListDto: {
            sessions: components["schemas"]["BrowserSessionDto"][];
        };
        BufferPiecesDto: {
            avg_pieces: number | null;
            min_pieces: number | null;
        };
        CapacityDto: {
            available: number;
            /**
             * @description Maximum number of engines.
             * @example 4
             */
            max_replicas: number;
            /** @description Minimum number of engines. */
            min_replicas: number;
            total: number;
            used: number;
        };
        ChannelBodyDto: {
            /**
             * @description Heading under which players list the channel, 1 to 100 characters.
             * @example Information
             */
            group?: string | null;
            /** @description `true`: playlists and line-ups leave the channel out. It can still be played. */
            is_hidden?: boolean;
            /**
             * @description Address of a picture, `http` or `https`.
             * @example https://logos.example.org/news.png
             */
            logo?: string | null;
            /**
             * @description 1 to 200 characters.
             * @example News
             */
            name: string;
            /**
             * @description Number by which players list and select the channel, 1 to 99999. Without one, the channel keeps its present number;
             *     a new channel gets the one above all others.
             */
            number?: number | null;
            /** @description The sources, in the order in which they are tried while nothing is known of them. */
            sources: components["schemas"]["ChannelSourceBodyDto"][];
            /**
             * @description Id of the channel in a programme guide (XMLTV), 1 to 200 characters.
             * @example news.example
             */
            tvg_id?: string | null;
        };
        ChannelChangeDto: {
            /**
             * @description `missing`: no list has the channel any longer; `returned`: a list has it again.
             * @enum {string}
             */
            change: "added" | "changed" | "missing" | "returned";
            /** @example news */
            channel_id: string;
            /** @description Fields with a new value; empty for a new channel. */
            fields: ("name" | "group" | "logo" | "tvg_id" | "sources")[];
            /** @example News */
            name: string;
        };
        ChannelDto: {
            /** @description Fields that an administrator has changed, so that imports do not. */
            edited: ("name" | "group" | "logo" | "tvg_id" | "sources")[];
            /**
             * @description Heading under which players list the channel.
             * @example Information
             */
            group: string | null;
            /** @example news */
            id: string;
            /** @description Ids of the imports that list the channel, or have listed it. */
            imports: string[];
            /** @description `true`: playlists and line-ups leave the channel out. */
            is_hidden: boolean;
            /** @description `true`: no imported list has the channel any longer. */
            is_missing: boolean;
            /**
             * @description Address of a picture.
             * @example https://logos.example.org/news.png
             */
            logo: string | null;
            /**
             * @description Since when no imported list has had the channel. ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            missing_since: string | null;
            /** @example News */
            name: string;
            /** @description Number by which players list and select the channel. */
            number: number;
            /**
             * @description `file`: from CHANNELS_FILE, and read-only in the API; `import`: from an imported list.
             * @enum {string}
             */
            origin: "file" | "api" | "import";
            sources: components["schemas"]["ChannelSourceDto"][];
            /**
             * @description Id of the channel in a programme guide (XMLTV).
             * @example news.example
             */
            tvg_id: string | null;
        };
        ChannelEditDto: {
            /**
             * @description At most 100 characters; empty: no group. Null: as in the imported lists.
             * @example Information
             */
            group?: string | null;
            /** @description `true`: playlists and line-ups leave the channel out. It can still be played. */
            is_hidden?: boolean;
            /**
             * @description Address of a picture, `http` or `https`; empty: no picture. Null: as in the imported lists.
             * @example https://logos.example.org/news.png
             */
            logo?: string | null;
            /**
             * @description 1 to 200 characters. Null: as in the imported lists.
             * @example News
             */
            name?: string | null;
            /** @description Number by which players list and select the channel, 1 to 99999. */
            number?: number | null;
            /** @description The sources, in the order in which they are tried while nothing is known of them. Null: those of the imported lists. */
            sources?: components["schemas"]["ChannelSourceBodyDto"][] | null;
            /**
             * @description Id of the channel in a programme guide (XMLTV); empty: no id. Null: as in the imported lists.
             * @example news.example
             */
            tvg_id?: string | null;
        };
        ChannelHistoryDto: {
            channels: components["schemas"]["ChannelHistoryEntryDto"][];
            /** @description Streams since the start of acefleet that are missing, because the disk refused them for too long. */
            lost: number;
        };
        ChannelHistoryEntryDto: {
            bytes_in: number;
            bytes_out: number;
            /**
             * @description Id of the channel; null for a content.
             * @example news
             */
            channel: string | null;
            /** @description The last name of the channel. */
            channel_name: string | null;
            /** @description Of these: streams that failed, at their start or later. */
            failed: number;
            failovers: number;
            /** @description Number of failed streams by the code of their error. */
            failures: {
                [key: string]: number;
            };
            /**
             * @description ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            last_started_at: string;
            /** @description Mean time until viewers could join; null if they never could. */
            mean_start_ms: number | null;
            moves: number;
            /** @description The most viewers of one stream at one time. */
            peak_viewers: number;
            stall_s: number;
            /** @description Streams that were started for viewers. */
            starts: number;
            /**
             * @description Id of the stream of a content; null for a channel.
             * @example 0123456789abcdef0123456789abcdef01234567
             */
            stream_id: string | null;
            viewer_minutes: number;
            viewers: number;
        };
        ChannelListDto: {
            channels: components["schemas"]["ChannelDto"][];
        };
        ChannelRemovedDto: {
            /** @example news */
            id: string;
            message: string;
        };
        ChannelSourceBodyDto: {
            /**
             * @description 40 hex digits; a leading `acestream://` is ignored.
             * @example 0123456789abcdef0123456789abcdef01234567
             */
            id: string;
            /**
             * @description Kind of the id.
             * @default content_id
             * @enum {string}
             */
            kind?: "content_id" | "infohash";
            /**
             * @description Free text, such as `HD` or `backup`.
             * @example main
             */
            label?: string | null;
        };
        ChannelSourceDto: {
            /**
             * @description Time of the last failure.
             * @example 2026-01-31T20:15:00.000Z
             */
            failed_at: string | null;
            /** @description Reason of the last failure. */
            failure: string | null;
            /** @example 0123456789abcdef0123456789abcdef01234567 */
            id: string;
            /** @description `false`: the content failed when it was last started or checked, and has not played since. */
            is_alive: boolean;
            /** @enum {string} */
            kind: "content_id" | "infohash";
            /** @example main */
            label: string | null;
            last_check: components["schemas"]["SourceCheckDto"] | null;
            media: components["schemas"]["SourceMediaDto"] | null;
            /** @description Position in the order in which sources are tried now; 1 is first. */
            rank: number;
            /**
             * @description Why it has this position.
             * @enum {string}
             */
            rank_reason: "works" | "unproven" | "check_failed" | "troubled";
            /** @description How many starts and checks `success_share` covers, at most 20. */
            results: number;
            /**
             * @description Time at which media last stopped while the stream had viewers.
             * @example 2026-01-31T20:15:00.000Z
             */
            stalled_at: string | null;
            /**
             * @description Duration of the last successful start.
             * @example 2400
             */
            start_ms: number | null;
            /**
             * @description Time of the last successful start, of a stream or of a check. ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            started_at: string | null;
            /** @description Share of successes among the last starts and checks, 0 to 1; `null` without any. */
            success_share: number | null;
        };
        CheckRequestDto: {
            /**
             * @description Only the channels of this group, 1 to 100 characters.
             * @example Information
             */
            group?: string | null;
        };
        CheckRunDto: {
            /**
             * @description The channel whose sources are checked; `null`: all visible channels, or those of `group`.
             * @example news
             */
            channel: string | null;
            /**
             * @description `null` while the run is running.
             * @example 2026-01-31T20:15:00.000Z
             */
            ended_at: string | null;
            failed: number;
            /** @example Information */
            group: string | null;
            /** @example 0123456789abcdef0123456789abcdef01234567 */
            id: string;
            /** @description Without a result: viewers use or may need the content, or engines are at fault. */
            skipped: number;
            /**
             * @description ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            started_at: string;
            /** @enum {string} */
            state: "running" | "finished" | "stopped";
            /** @description Number of sources. */
            total: number;
            /** @enum {string} */
            trigger: "request" | "schedule";
            working: number;
        };
        ChecksDto: {
            active: components["schemas"]["ActiveCheckDto"][];
            /** @description SOURCE_CHECK_INTERVAL; `null`: checks are made only on request. */
            interval_s: number | null;
            /** @description The run that ended last. */
            last_run: components["schemas"]["CheckRunDto"] | null;
            /** @description The runs that have not ended. */
            runs: components["schemas"]["CheckRunDto"][];
            /** @description Number of sources whose check has not begun. */
            waiting: number;
        };
        ClientDto: {
            /** @description Seconds of media between the viewer and the newest byte; null while the stream has no clock or the viewer waits. */
            behind_s: number | null;
            /** @description Bytes that the kernel has taken for this viewer. */
            bytes_sent: number;
            /** @example 0b5a3c52-7d0e-4c39-9b7e-3d0a5a6f1e42 */
            client_id: string;
            /**
             * @description ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            connected_at: string;
            connected_s: number;
            /** @example 192.168.1.50 */
            ip_address: string;
            /** @description How often the viewer was moved forward because it was too slow. */
            jumps: number;
            /**
             * @description `paused`: the viewer has taken no byte for 15 s. It does not count as watching until it takes bytes again.
             * @enum {string}
             */
            state: "waiting" | "paused" | "gone" | "streaming";
            /** @description Name of the user whose token the viewer presented; null without one. */
            user: string | null;
            /** @example VLC/3.0.20 LibVLC/3.0.20 */
            user_agent: string;
        };
        ClientListDto: {
            clients: components["schemas"]["ClientDto"][];
        };
        ContainerDto: {
            /**
             * @description ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            created: string;
            /** @example static-192.168.1.10-6878 */
            id: string;
            /** @example example/acestream-engine:3.2 */
            image: string;
            labels: {
                [key: string]: string;
            };
            /** @example acefleet-engine-1 */
            name: string;
            ports: components["schemas"]["ContainerPortsDto"];
            /** @enum {string} */
            status: "created" | "running" | "paused" | "exited";
            /** @description Details, for example `exited with code 137`. */
            status_detail: string;
        };
        ContainerPortsDto: {
            /** @description Port of the line protocol. */
            api: number | null;
            http: number | null;
        };
        CreateEngineDto: {
            /**
             * @description `true`: add the engine even if it does not answer now.
             * @default false
             */
            accept_unreachable?: boolean;
            /**
             * @description Port of the line protocol; shown, not used.
             * @example 62062
             */
            api_port?: number | null;
            /**
             * @description An IP address or a host name.
             * @example 192.168.1.20
             */
            host: string;
            /** @description Shown with the engine, and found by `GET /by-label`. */
            labels?: {
                [key: string]: string;
            };
            /**
             * @description Number of its slots; left out: `MAX_STREAMS_PER_ENGINE`.
             * @example 4
             */
            max_streams?: number | null;
            /**
             * @description Port of the engine's HTTP API.
             * @example 6878
             * @example 6878
             */
            port: number;
        };
        CreateImportDto: {
            /** @description `false`: the list is fetched only by request. */
            is_enabled?: boolean;
            /**
             * @description 1 to 100 characters.
             * @example Sport
             */
            name: string;
            /**
             * @description Time between two imports, 5 min to 30 days.
             * @default 86400
             */
            refresh_interval_s?: number;
            /**
             * @description Address of an M3U list, `http` or `https`.
             * @example https://lists.example.org/sport.m3u
             */
            url: string;
        };
        CreateProfileDto: {
            /** @description Ids of channels that the profile lacks, whatever their group is. */
            excluded_channels?: string[];
            /** @description Names of groups whose channels the profile lacks. */
            excluded_groups?: string[];
            /** @description Ids of channels that the profile has, whatever their group is. */
            included_channels?: string[];
            /** @description Names of groups whose channels the profile has. Without these and `included_channels`, it has all channels. */
            included_groups?: string[];
            /**
             * @description Part of the profile's addresses: 1 to 32 of a-z, 0-9 and hyphen, beginning with a letter or digit.
             * @example kids
             */
            name: string;
        };
        CriterionDto: {
            explanation: string;
            /** @example News */
            name: string;
            /** @description The setting that holds the weight. */
            setting: string;
            weight: number;
        };
        DashboardDockerDto: {
            block_read_bytes: number | null;
            block_write_bytes: number | null;
            cpu_percent: number | null;
            memory_usage: number | null;
            network_rx_bytes: number | null;
            network_tx_bytes: number | null;
            oom_killed_total: number | null;
            restart_total: number | null;
        };
        DashboardDto: {
            docker: components["schemas"]["DashboardDockerDto"];
            engines: components["schemas"]["DashboardEnginesDto"];
            /** @description The window in steps. */
            history: components["schemas"]["DashboardHistoryDto"];
            north_star: components["schemas"]["NorthStarDto"];
            proxy: components["schemas"]["DashboardProxyDto"];
            streams: components["schemas"]["DashboardStreamsDto"];
            /**
             * @description ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            timestamp: string;
            window_seconds: number;
        };
        DashboardEnginesDto: {
            /** @description Engines that answer, also suspect and draining ones. */
            healthy: number;
            state_counts: components["schemas"]["EngineStateCountsDto"];
            total: number;
            unhealthy: number;
            /** @description Not measured. */
            uptime_avg_seconds: number | null;
            /** @description Engines with a stream. */
            used: number;
        };
        DashboardHistoryDto: {
            points: components["schemas"]["DashboardPointDto"][];
            step_seconds: number;
        };
        DashboardPointDto: {
            active_clients: number | null;
            active_streams: number | null;
            egress_mbps: number | null;
            ingress_mbps: number | null;
            /**
             * @description Start of the step. ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            timestamp: string;
        };
        DashboardProxyDto: {
            active_clients: components["schemas"]["ActiveClientsDto"];
            /** @description Bits per second from engines now. */
            engine_ingress_bps: number | null;
            request_window_1m: components["schemas"]["RequestWindowDto"];
            throughput: components["schemas"]["ThroughputDto"];
            ttfb: components["schemas"]["FirstByteDto"];
        };
        DashboardStreamsDto: {
            active: number;
            /** @description Ids of the running streams. */
            active_keys: string[];
            buffer: components["schemas"]["BufferPiecesDto"];
            /** @description Mbit/s. */
            download_speed_mbps: number | null;
            total_peers: number | null;
            /** @description Mbit/s. */
            upload_speed_mbps: number | null;
        };
        DecisionDto: {
            /** @example static-192.168.1.10-6878 */
            engine_id: string | null;
            /**
             * @description `scale`: the wanted number of engines has changed.
             * @enum {string}
             */
            kind: "scale" | "provision" | "remove" | "drain" | "undrain" | "unpause";
            /**
             * @description Why an engine is removed or drained; null for other decisions.
             * @enum {string|null}
             */
            reason: "operator" | "restart" | "ended" | "never_started" | "start_timeout" | "unhealthy" | "paused" | "no_address" | "no_network" | "network_lost" | "vpn_down" | "vpn_drained" | "misplaced" | "outdated" | "image_changed" | "replace_requested" | "max_age" | "max_starts" | "surplus" | null;
            /**
             * @description ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            time: string;
            /** @description The reason in words. */
            why: string;
        };
        DrainDto: {
            /**
             * @description Shown with the engine and in the event log.
             * @example maintenance
             */
            reason?: string;
        };
        DriverDto: {
            /** @description True when simulated engines were chosen because nothing else was available: only test pictures are played. */
            is_stopgap: boolean;
            /** @enum {string} */
            kind: "static" | "docker" | "swarm" | "simulator";
            /** @description Why this driver is used. */
            why: string;
        };
        ElementaryStreamDto: {
            /** @description Number of channels, including the low-frequency channel. */
            channels: number | null;
            /** @example h264 */
            codec: string;
            /**
             * @description Frames per second; two interlaced fields are one frame.
             * @example 25
             */
            frame_rate: number | null;
            /** @example 1080 */
            height: number | null;
            /** @description True if pictures may consist of two fields. */
            is_interlaced: boolean | null;
            is_scrambled: boolean;
            /** @enum {string} */
            kind: "data" | "video" | "audio" | "subtitle";
            /**
             * @description ISO 639.
             * @example eng
             */
            language: string | null;
            level: string | null;
            pid: number;
            /** @example kids */
            profile: string | null;
            /** @example 48000 */
            sample_rate_hz: number | null;
            /** @example 1920 */
            width: number | null;
        };
        EngineCountsDto: {
            healthy: number;
            /** @description Engines that have finished starting. */
            running: number;
            total: number;
            unhealthy: number;
        };
        EngineDto: {
            /**
             * @description Port of the line protocol, if known.
             * @example 62062
             */
            api_port: number | null;
            /**
             * @description Equals `id`.
             * @example static-192.168.1.10-6878
             */
            container_id: string;
            /** @example acefleet-engine-1 */
            container_name: string;
            /**
             * @description The drain reason in words; the operator's own text if an operator drains the engine.
             * @example maintenance
             */
            drain_detail: string | null;
            /**
             * @description Why it is being drained, if it is.
             * @enum {string|null}
             */
            drain_reason: "operator" | "restart" | "ended" | "never_started" | "start_timeout" | "unhealthy" | "paused" | "no_address" | "no_network" | "network_lost" | "vpn_down" | "vpn_drained" | "misplaced" | "outdated" | "image_changed" | "replace_requested" | "max_age" | "max_starts" | "surplus" | null;
            /**
             * @description Who drains it. Only an operator can end a drain by an operator.
             * @enum {string|null}
             */
            drained_by: "operator" | "fleet" | null;
            /** @description True if somebody else runs it, and it was added with `POST /engines`. */
            external: boolean;
            /**
             * @description ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            first_seen: string;
            /** @description True when it holds a VPN's forwarded port. */
            forwarded: boolean;
            /**
             * @description Result of the last probe; `unknown` before the first.
             * @enum {string}
             */
            health_status: "healthy" | "unhealthy" | "unknown";
            /** @example 192.168.1.10 */
            host: string;
            /**
             * @description Stable over restarts of the engine.
             * @example static-192.168.1.10-6878
             */
            id: string;
            labels: {
                [key: string]: string;
            };
            /**
             * @description Last probe, answered or missed. ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            last_health_check: string | null;
            /**
             * @description Last answered probe. ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            last_seen: string | null;
            /**
             * @description Last time a stream used it; the present time while one does. ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            last_stream_usage: string | null;
            /**
             * @description Number of slots.
             * @example 4
             */
            max_streams: number;
            /**
             * @description Port of the engine's HTTP API.
             * @example 6878
             */
            port: number;
            /** @description How many streams it was chosen for since its process started. */
            starts: number;
            /** @enum {string} */
            state: "starting" | "healthy" | "suspect" | "unhealthy" | "draining" | "gone";
            /** @description Ids of the streams on it. */
            streams: string[];
            /** @example 3.2.3 */
            version: string | null;
            /**
             * @description The VPN that the engine uses, if any.
             * @example gluetun
             */
            vpn: string | null;
        };
        EngineLogsDto: {
            /** @example static-192.168.1.10-6878 */
            container_id: string;
            /**
             * @description ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            fetched_at: string;
            /** @description Number of lines returned. */
            lines: number;
            /** @description Newest last, one line each. */
            logs: string;
        };
        EngineReadyCompatDto: {
            /** @description Port inside the container; null without a container. */
            container_http_port: number | null;
            /** @description Port inside the container; null without a container or without such a port. */
            container_https_port: number | null;
            /**
             * @description Equals `engine.container_id`.
             * @example static-192.168.1.10-6878
             */
            container_id: string;
            /**
             * @description Equals `engine.container_name`.
             * @example acefleet-engine-1
             */
            container_name: string;
            engine: components["schemas"]["EngineDto"];
            /** @description Equals `engine.port`. */
            host_http_port: number;
            /** @description Fields of the request that had no effect. */
            ignored: string[];
            /** @description Key of the provisioning request; its events carry the same key. */
            order: string;
            /**
             * @default ready
             * @enum {string}
             */
            status: "ready";
        };
        EngineReadyDto: {
            /** @description Port inside the container; null without a container. */
            container_http_port: number | null;
            /** @description Port inside the container; null without a container or without such a port. */
            container_https_port: number | null;
            engine: components["schemas"]["EngineDto"];
            /** @description Fields of the request that had no effect. */
            ignored: string[];
            /** @description Key of the provisioning request; its events carry the same key. */
            order: string;
            /**
             * @default ready
             * @enum {string}
             */
            status: "ready";
        };
        EngineRemovingDto: {
            /** @example static-192.168.1.10-6878 */
            container_id: string;
            /**
             * @default removing
             * @enum {string}
             */
            status: "removing";
        };
        EngineRequestedDto: {
            /** @description Fields of the request that had no effect. */
            ignored: string[];
            /** @description Key of the provisioning request; its events carry the same key. */
            order: string;
            /**
             * @default provisioning
             * @enum {string}
             */
            status: "provisioning";
        };
        EngineRestartedDto: {
            /** @example static-192.168.1.10-6878 */
            container_id: string;
            /**
             * @default restarted
             * @enum {string}
             */
            status: "restarted";
        };
        EnginesReplacingDto: {
            /** @description Number of engines to replace. */
            engines: number;
            /**
             * @default replacing
             * @enum {string}
             */
            status: "replacing";
        };
        EngineStatDto: {
            /**
             * @description Time of the poll. ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            at: string;
            downloaded_bytes: number | null;
            /** @example static-192.168.1.10-6878 */
            engine_id: string;
            livepos: components["schemas"]["LivePositionDto"] | null;
            /** @example 24 */
            peers: number | null;
            /**
             * @description Download speed: the engine's KB/s × 8.
             * @example 620
             */
            speed_down_kbps: number | null;
            /**
             * @description Upload speed: the engine's KB/s × 8.
             * @example 85
             */
            speed_up_kbps: number | null;
            status: string | null;
            uploaded_bytes: number | null;
        };
        EngineStateCountsDto: {
            /** @description Engines that can be used and have no stream. */
            idle: number;
            /** @description Engines that can be used and have a stream. */
            playing: number;
            unhealthy: number;
            /** @description Engines that have not answered yet. */
            unknown: number;
        };
        EngineUsageDto: {
            block_read_bytes: number;
            block_write_bytes: number;
            /** @example static-192.168.1.10-6878 */
            container_id: string;
            /** @description 100 is one core. */
            cpu_percent: number;
            /**
             * @description ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            fetched_at: string;
            /** @description Null: no limit. */
            memory_limit_bytes: number | null;
            /** @description Percentage of the limit; null when there is no limit. */
            memory_percent: number | null;
            memory_usage_bytes: number;
            /** @description This and the following counters begin with the start of the engine. */
            network_rx_bytes: number;
            network_tx_bytes: number;
        };
        EventCleanupDto: {
            /** @description Number of removed events. */
            deleted: number;
            message: string;
        };
        EventDto: {
            /** @description What the event is about, such as `engine`, `stream`, `channel`, `vpn`, `fleet`. */
            category: string;
            /**
             * @description The viewer that the event is about, if any.
             * @example 0b5a3c52-7d0e-4c39-9b7e-3d0a5a6f1e42
             */
            client_id: string | null;
            /** @description All data of the event; the fields depend on its type. */
            details: {
                [key: string]: unknown;
            };
            /**
             * @description The engine that the event is about, if any.
             * @example static-192.168.1.10-6878
             */
            engine_id: string | null;
            /** @description Increases with every event, also over restarts. A gap within one run means that events were lost. */
            id: number;
            /**
             * @description `warning`: something was lost or repaired by itself. `error`: something has failed, or needs an operator.
             * @enum {string}
             */
            level: "info" | "warning" | "error";
            /** @description The event as one English sentence. */
            message: string;
            /**
             * @description The cause, if the event has one.
             * @example maintenance
             */
            reason: string | null;
            /**
             * @description The stream that the event is about, if any.
             * @example 0123456789abcdef0123456789abcdef01234567
             */
            stream_id: string | null;
            /**
             * @description ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            time: string;
            /** @enum {string} */
            type: "engine_added" | "engine_state_changed" | "engine_removed" | "engine_limits_changed" | "engine_upload_exceeded" | "engine_upload_normal" | "engine_ordered" | "engine_order_failed" | "engine_image_changed" | "engine_rollout_changed" | "fleet_scaled" | "breaker_changed" | "runtime_link_changed" | "image_pull" | "vpn_state_changed" | "vpn_drain_changed" | "vpn_port_changed" | "stream_requested" | "stream_started" | "stream_stalled" | "stream_resumed" | "stream_looping" | "stream_failed_over" | "stream_moved" | "stream_move_failed" | "stream_source_changed" | "stream_failed" | "stream_ended" | "check_run_finished" | "channel_died" | "channel_recovered" | "viewer_joined" | "viewer_left" | "viewer_jumped" | "settings_changed" | "external_stream_started" | "external_stream_ended" | "admin_action" | "webhook_state_changed";
        };
        EventStatsDto: {
            /** @description Events in the log by type, without types that have none. */
            by_type: {
                [key: string]: number;
            };
            /** @description False if the disk does not answer: only the newest events are counted, which are in memory. */
            complete: boolean;
            /** @description Events since the start that are not in the log, because too many came at once or the disk refused them for too long. */
            lost: number;
            /**
             * @description Time of the newest event in the log. ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            newest: string | null;
            /**
             * @description Time of the oldest event in the log. ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            oldest: string | null;
            /** @description Events in the log. */
            total: number;
            /** @description Events that are not on the disk yet: those of the last half second, or all since the disk began to refuse them. */
            unwritten: number;
        };
        FirstByteDto: {
            avg_ms: number | null;
            p95_ms: number | null;
        };
        FleetConfigDto: {
            /** @description Whether engines that are not needed are removed. */
            auto_delete: boolean;
            /** @description The profile in use (`ENGINE_PROFILE`); null when engines are not containers. */
            engine_variant: string | null;
            /**
             * @description An engine that is not needed is removed after this time without a stream.
             * @example 10
             */
            grace_period_s: number;
        };
        FleetHealthDto: {
            circuit_breakers: components["schemas"]["BreakersDto"];
            health_check_interval_s: number;
            healthy_engines: number;
            /**
             * @description Engines that the fleet drains, because they are being replaced, removed or restarted, or because their VPN is
             *     down.
             */
            marked_for_replacement: number;
            /** @description `MIN_REPLICAS`; 0 when the engines are not run by acefleet. */
            minimum_required: number;
            total_engines: number;
            unhealthy_engines: number;
        };
        GarbageCollectedDto: {
            /** @description Number of removed engines. */
            removed: number;
            /**
             * @default done
             * @enum {string}
             */
            status: "done";
        };
        GuideFaultDto: {
            /**
             * @description See docs/guide.md.
             * @enum {string}
             */
            code: "outbound_refused" | "outbound_failed" | "guide_status" | "guide_too_large" | "guide_invalid" | "storage_full" | "storage_failed" | "internal_error";
            /** @description One line for the operator. */
            detail: string;
        };
        GuideSourceBodyDto: {
            /**
             * @description `false`: the source is neither refreshed nor part of the guide.
             * @default true
             */
            is_enabled?: boolean;
            /**
             * @description 1 to 100 characters.
             * @example News
             */
            name: string;
            /**
             * @description Seconds between two refreshes, 900 to 604800.
             * @default 43200
             */
            refresh_interval_s?: number;
            /**
             * @description Address of an XMLTV guide, `http` or `https`, plain or gzip.
             * @example https://lists.example.org/news.acelive
             */
            url: string;
        };
        GuideSourceChangesDto: {
            /**
             * @description `false`: the source is neither refreshed nor part of the guide.
             * @default true
             */
            is_enabled?: boolean;
            /**
             * @description 1 to 100 characters.
             * @example News
             */
            name?: string;
            /**
             * @description Seconds between two refreshes, 900 to 604800.
             * @default 43200
             */
            refresh_interval_s?: number;
            /**
             * @description Address of an XMLTV guide, `http` or `https`, plain or gzip.
             * @example https://lists.example.org/news.acelive
             */
            url?: string;
        };
        GuideSourceDto: {
            /** @description Channels of the channel list that the present guide has programmes of. */
            channels: number;
            /**
             * Format: date-time
             * @description When the source was last asked, with or without success.
             * @example 2026-01-31T20:15:00.000Z
             */
            checked_at: string | null;
            /**
             * Format: date-time
             * @description When the present guide was fetched; `null` if there is none.
             * @example 2026-01-31T20:15:00.000Z
             */
            fetched_at: string | null;
            /** @example a41c07e95b2d */
            id: string;
            is_enabled: boolean;
            /** @description `true` while the guide is fetched, or waits for another source. */
            is_refreshing: boolean;
            /** @description Why the last refresh failed; the present guide is then an earlier one. `null` if it succeeded. */
            last_error: components["schemas"]["GuideFaultDto"] | null;
            /** @example News */
            name: string;
            /**
             * Format: date-time
             * @description When the next refresh begins; `null` while one runs, and for a source that is switched off.
             * @example 2026-01-31T20:15:00.000Z
             */
            next_refresh_at: string | null;
            /** @description Programmes of these channels. */
            programmes: number;
            /** @description Seconds between two refreshes. */
            refresh_interval_s: number;
            /** @example https://lists.example.org/news.acelive */
            url: string;
        };
        GuideSourceListDto: {
            /** @description The sources in the order of their creation. If several have programmes of a channel, the first one provides them. */
            sources: components["schemas"]["GuideSourceDto"][];
        };
        GuideSourceRemovedDto: {
            /** @example a41c07e95b2d */
            id: string;
            message: string;
        };
        HistoryDeletedDto: {
            message: string;
        };
        IgnoredSettingDto: {
            detail: string;
            /** @example News */
            name: string;
            /**
             * @description `locked`: the environment or a file sets it and wins.
             * @enum {string}
             */
            reason: "unknown" | "invalid" | "contradiction" | "environment_only" | "locked";
            /** @example premium */
            value: string;
        };
        ImageDto: {
            /**
             * @description Id of the image to which the reference leads; null when it is not known. Engines with another one are replaced.
             * @example 0123456789abcdef0123456789abcdef01234567
             */
            id: string | null;
            /** @description Only while the image is being pulled. */
            progress: components["schemas"]["PullProgressDto"] | null;
            /**
             * @description Why it is missing; null when it is present.
             * @example maintenance
             */
            reason: string | null;
            /** @example example/acestream-engine:3.2 */
            reference: string;
            /** @enum {string} */
            state: "unknown" | "present" | "pulling" | "missing";
        };
        ImageRefreshDto: {
            is_running: boolean;
            /**
             * @description End of the last refresh since acefleet was started. ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            last_at: string | null;
            /** @description Null when the last refresh succeeded, or there was none. */
            last_error: components["schemas"]["ImageRefreshErrorDto"] | null;
            /**
             * @description Null when `ENGINE_IMAGE_REFRESH` is `off`, or engines have no image. ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            next_at: string | null;
        };
        ImageRefreshErrorDto: {
            code: string;
            message: string;
        };
        ImageRefreshStartedDto: {
            /**
             * @description Reference of the image.
             * @example example/acestream-engine:3.2
             */
            image: string;
            /**
             * @default refreshing
             * @enum {string}
             */
            status: "refreshing";
        };
        ImportAddressDto: {
            /**
             * @description Name of the import; the host of the address by default. A list with the same name is replaced.
             * @example Sport
             */
            name?: string;
            /**
             * @description Address of an M3U list, `http` or `https`.
             * @example https://lists.example.org/sport.m3u
             */
            url: string;
        };
        ImportDto: {
            /** @description Number of channels that the list has. */
            channels: number;
            /** @example 2026-01-31T20:15:00.000Z */
            created_at: string;
            /** @example sport */
            id: string;
            /** @description `false`: the list is fetched only by request. */
            is_enabled: boolean;
            /** @description Why the last attempt failed. */
            last_error: components["schemas"]["ImportErrorDto"] | null;
            /** @description Number of channels that the list had before, but lacks now. */
            missing_channels: number;
            /** @example Sport */
            name: string;
            /** @example 2026-01-31T20:15:00.000Z */
            next_refresh_at: string | null;
            refresh_interval_s: number;
            /**
             * @description Time of the last success.
             * @example 2026-01-31T20:15:00.000Z
             */
            refreshed_at: string | null;
            /**
             * @description `pending`: never fetched; `ok` and `failed`: result of the last attempt.
             * @enum {string}
             */
            state: "pending" | "refreshing" | "ok" | "failed";
            /**
             * @description Time of the last attempt. ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            tried_at: string | null;
            /**
             * @description Null: the list was sent, or fetched once.
             * @example https://lists.example.org/sport.m3u
             */
            url: string | null;
        };
        ImportErrorDto: {
            /** @description A code of docs/errors.md. */
            code: string;
            detail: string;
        };
        ImportListDto: {
            imports: components["schemas"]["ImportDto"][];
        };
        ImportRemovedDto: {
            /** @example sport */
            id: string;
            message: string;
        };
        ImportResultDto: {
            added: number;
            changed: number;
            /** @description The first 100 channels with a change. */
            changes: components["schemas"]["ChannelChangeDto"][];
            /** @description Number of channels in the list. */
            channels: number;
            /** @description Number of addresses of AceStream content in the list. */
            entries: number;
            /**
             * @description Null for a dry run of a new import.
             * @example sport
             */
            import_id: string | null;
            /** @example Sport */
            import_name: string;
            is_dry_run: boolean;
            missing: number;
            returned: number;
            /** @description Number of entries that became no source. */
            skipped: number;
            /** @description The first 100 of them. */
            skipped_lines: components["schemas"]["SkippedLineDto"][];
        };
        LinkDto: {
            /**
             * @description Why it is not connected; null when it is.
             * @example maintenance
             */
            reason: string | null;
            /**
             * @description ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            since: string;
            /** @enum {string} */
            state: "connecting" | "connected" | "lost";
        };
        LivenessDto: {
            /**
             * @default ok
             * @enum {string}
             */
            status: "ok";
        };
        LivePositionDto: {
            buffer_pieces: string | null;
            /** @example 2026-01-31T20:15:00.000Z */
            first_ts: string | null;
            last: string | null;
            /** @example 2026-01-31T20:15:00.000Z */
            last_ts: string | null;
            live_first: string | null;
            live_last: string | null;
            pos: string | null;
        };
        LoopDto: {
            /** @enum {string} */
            cause: "media_repeats" | "position_stands_still" | "position_behind";
            /** @description Seconds of media after which the content repeats; null unless `cause` is `media_repeats`. */
            period_s: number | null;
        };
        MoveRequestDto: {
            /**
             * @description `id` of an engine, as `GET /engines` lists it.
             * @example static-192.168.1.10-6878
             */
            engine_id?: string;
        };
        NewApiKeyDto: {
            /**
             * @description The key is refused from this time on. ISO 8601. Without one, the key does not expire.
             * @example 2026-01-31T20:15:00.000Z
             */
            expires_at?: string | null;
            /**
             * @description What the key is for, 1 to 100 characters.
             * @example Home Assistant
             */
            name: string;
            /**
             * @description `read`: see everything. `operate`: also control engines, streams and channels. `admin`: everything.
             * @enum {string}
             */
            scope: "read" | "operate" | "admin";
        };
        NorthStarDto: {
            global_active_streams: number;
            /** @description What viewers take now, in Mbit/s; null before the second sample. */
            global_egress_bandwidth_mbps: number | null;
            /** @description Viewers, including those that wait for a start. */
            proxy_active_clients: number;
            /** @description Share of the starts in the window that did not fail; null without starts. */
            system_success_rate_percent: number | null;
        };
        OrchestratorStatusCompatDto: {
            breaker: components["schemas"]["BreakerDto"];
            capacity: components["schemas"]["CapacityDto"];
            config: components["schemas"]["FleetConfigDto"];
            /** @description Recent decisions, newest last. */
            decisions: components["schemas"]["DecisionDto"][];
            driver: components["schemas"]["DriverDto"];
            engines: components["schemas"]["EngineCountsDto"];
            /** @description Null when the engines are not run by acefleet. */
            image: components["schemas"]["ImageDto"] | null;
            /** @description Null when the engines are not run by acefleet. */
            image_refresh: components["schemas"]["ImageRefreshDto"] | null;
            /** @description Null when the engines are not run by acefleet. */
            link: components["schemas"]["LinkDto"] | null;
            /** @description Existing engines, and requested ones. */
            present: number;
            provisioning: components["schemas"]["ProvisioningCompatDto"];
            /** @description Why the state is not `healthy`. */
            reasons: string[];
            /** @description Null when the engines are not run by acefleet. */
            rollout: components["schemas"]["RolloutDto"] | null;
            /** @description Engines that are starting or requested. */
            starting: number;
            /**
             * @description `unavailable`: no engine can be used. `degraded`: streams start, but something is wrong.
             * @enum {string}
             */
            status: "healthy" | "degraded" | "unavailable";
            streams: components["schemas"]["StreamCountDto"];
            /**
             * @description ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            timestamp: string;
            vpn: components["schemas"]["VpnSummaryDto"];
            /** @description How many engines there should be. */
            wanted: number;
            /** @description Why this number, most important reason first. */
            why: string[];
        };
        OrchestratorStatusDto: {
            breaker: components["schemas"]["BreakerDto"];
            capacity: components["schemas"]["CapacityDto"];
            config: components["schemas"]["FleetConfigDto"];
            /** @description Recent decisions, newest last. */
            decisions: components["schemas"]["DecisionDto"][];
            driver: components["schemas"]["DriverDto"];
            engines: components["schemas"]["EngineCountsDto"];
            /** @description Null when the engines are not run by acefleet. */
            image: components["schemas"]["ImageDto"] | null;
            /** @description Null when the engines are not run by acefleet. */
            image_refresh: components["schemas"]["ImageRefreshDto"] | null;
            /** @description Null when the engines are not run by acefleet. */
            link: components["schemas"]["LinkDto"] | null;
            /** @description Existing engines, and requested ones. */
            present: number;
            provisioning: components["schemas"]["ProvisioningDto"];
            /** @description Why the state is not `healthy`. */
            reasons: string[];
            /** @description Null when the engines are not run by acefleet. */
            rollout: components["schemas"]["RolloutDto"] | null;
            /** @description Engines that are starting or requested. */
            starting: number;
            /**
             * @description `unavailable`: no engine can be used. `degraded`: streams start, but something is wrong.
             * @enum {string}
             */
            status: "healthy" | "degraded" | "unavailable";
            streams: components["schemas"]["StreamCountDto"];
            /**
             * @description ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            timestamp: string;
            vpn: components["schemas"]["VpnSummaryDto"];
            /** @description How many engines there should be. */
            wanted: number;
            /** @description Why this number, most important reason first. */
            why: string[];
        };
        PastStreamDto: {
            /** @description Bytes from engines. */
            bytes_in: number;
            /** @description Bytes to viewers. */
            bytes_out: number;
            /**
             * @description Id of the channel that was requested; null if the request named a content.
             * @example news
             */
            channel: string | null;
            /** @description The name that the channel had. */
            channel_name: string | null;
            duration_s: number;
            /**
             * @description ISO 8601, UTC; null while it runs.
             * @example 2026-01-31T20:15:00.000Z
             */
            ended_at: string | null;
            /** @description Ids of the engines, in the order of their use; at most 20. */
            engines: string[];
            failovers: number;
            /** @description Time from the request to the first byte from an engine; null if there was none. */
            first_byte_ms: number | null;
            /** @example 89abcdef0123456789abcdef0123456789abcdef */
            infohash: string | null;
            /** @enum {string} */
            kind: "live" | "recorded";
            /** @description Planned moves to another engine. */
            moves: number;
            /**
             * @description `interrupted`: the process ended without notice; the figures are at most a minute older than its end.
             * @enum {string}
             */
            outcome: "running" | "ended" | "failed" | "interrupted";
            /** @description The most viewers at one time. */
            peak_viewers: number;
            /**
             * @description Why it has ended; the code of the error if it failed.
             * @example maintenance
             */
            reason: string | null;
            /** @description Time without media from a source. */
            stall_s: number;
            /**
             * @description Time until viewers could join; null if they never could.
             * @example 2400
             */
            start_ms: number | null;
            /**
             * @description ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            started_at: string;
            /**
             * @description Id of the stream. A later stream of the same content has the same id.
             * @example 0123456789abcdef0123456789abcdef01234567
             */
            stream_id: string;
            /** @description Sum of the time of all viewers. */
            viewer_minutes: number;
            /** @description Viewers that received media. */
            viewers: number;
        };
        PreflightDto: {
            /**
             * @description ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            checked_at: string;
            /** @description The reason in plain English. */
            detail: string | null;
            /** @description How long the check took. */
            elapsed_ms: number;
            /** @example static-192.168.1.10-6878 */
            engine_id: string | null;
            /** @example 89abcdef0123456789abcdef0123456789abcdef */
            infohash: string | null;
            /** @description False for recorded content. Null when the engine does not report it. */
            is_live: boolean | null;
            /** @description Null when no media were read. */
            media: components["schemas"]["PreflightMediaDto"] | null;
            /** @example News */
            name: string | null;
            /** @description The overall result. After a light check, true means that no problem was found. */
            playable: boolean;
            /**
             * @description Why the content is not playable; null if it is.
             * @enum {string|null}
             */
            reason: "content_not_found" | "unsupported_content" | "start_timeout" | "stalled" | null;
            /** @description Seconds until a remembered failure is forgotten. */
            retry_after: number | null;
            /**
             * @description Where the result comes from: an engine, the running stream, or a remembered failure.
             * @enum {string}
             */
            source: "memory" | "engine" | "running_session";
            /**
             * @description The check that was made. It is `light` instead of `deep` for recorded content, and when a deep check would have
             *     disturbed a running stream.
             * @enum {string}
             */
            tier: "light" | "deep";
        };
        PreflightMediaDto: {
            answered_ms: number | null;
            audio_codecs: string[];
            /** @example 4500000 */
            bitrate_bps: number | null;
            continuity_errors: number;
            /** @description Duration of the media that were read, in seconds of media time. */
            duration_s: number | null;
            first_byte_ms: number | null;
            first_keyframe_ms: number | null;
            first_pat_ms: number | null;
            /** @description True if the media are encrypted, so that most players show no picture. */
            is_scrambled: boolean;
            /** @description Random access points. */
            keyframes: number;
            size_bytes: number;
            /**
             * @description Null for radio.
             * @example h264
             */
            video_codec: string | null;
        };
        Problem: {
            /** @enum {string} */
            code: "invalid_selector" | "invalid_request" | "outbound_refused" | "unauthorized" | "forbidden" | "not_found" | "content_not_found" | "method_not_allowed" | "request_timeout" | "conflict" | "not_managed" | "payload_too_large" | "unsupported_media_type" | "unusable_list" | "client_limit" | "rate_limited" | "header_too_large" | "internal_error" | "unsupported_content" | "engine_failed" | "storage_full" | "storage_failed" | "too_many_connections" | "no_engine" | "no_capacity" | "egress_limit" | "bitrate_limit" | "provisioning_blocked" | "image_missing" | "port_conflict" | "name_conflict" | "docker_unavailable" | "outbound_failed" | "runtime_refused" | "still_starting" | "shutting_down" | "start_timeout";
            detail: string;
            /**
             * @description The same id is in the log.
             * @example 5f0c9a71d2e84b36
             */
            request_id: string;
            /** @description Seconds to wait before trying again. */
            retry_after?: number;
            status: number;
            title: string;
            type: string;
        };
        ProfileDto: {
            /** @description Number of visible channels that the profile has. */
            channels: number;
            /** @description Id of its tuner. */
            device_id: string;
            excluded_channels: string[];
            excluded_groups: string[];
            included_channels: string[];
            included_groups: string[];
            /** @example kids */
            name: string;
        };
        ProfileListDto: {
            profiles: components["schemas"]["ProfileDto"][];
        };
        ProfileRemovedDto: {
            message: string;
            /** @example kids */
            name: string;
        };
        ProfileRuleDto: {
            /** @description Ids of channels that the profile lacks, whatever their group is. */
            excluded_channels?: string[];
            /** @description Names of groups whose channels the profile lacks. */
            excluded_groups?: string[];
            /** @description Ids of channels that the profile has, whatever their group is. */
            included_channels?: string[];
            /** @description Names of groups whose channels the profile has. Without these and `included_channels`, it has all channels. */
            included_groups?: string[];
        };
        ProvisionEngineDto: {
            /** @description No effect. */
            env?: {
                [key: string]: string;
            };
            /** @description No effect: ports are taken from `PORT_RANGE_HOST`. */
            host_port?: number;
            /** @description No effect. */
            labels?: {
                [key: string]: string;
            };
        };
        ProvisionImageDto: {
            /** @description No effect. */
            env?: {
                [key: string]: string;
            };
            /**
             * @description The image of the engines (`ENGINE_IMAGE`); any other is refused.
             * @example example/acestream-engine:3.2
             */
            image: string;
            /** @description No effect. */
            labels?: {
                [key: string]: string;
            };
            /** @description No effect. */
            name_prefix?: string;
            /** @description No effect. */
            ports?: {
                [key: string]: unknown;
            };
        };
        ProvisioningCompatDto: {
            /** @description Equals `blocked_reason_details.message`. */
            blocked_reason: string | null;
            blocked_reason_details: components["schemas"]["BlockedReasonDto"] | null;
            /** @description Whether a further engine could be created now. */
            can_provision: boolean;
            /**
             * @description Equals `breaker.state`.
             * @enum {string}
             */
            circuit_breaker_state: "closed" | "open" | "half_open";
            /** @description Equals `breaker.last_failure.time`. */
            last_failure: string | null;
        };
        ProvisioningDto: {
            blocked_reason_details: components["schemas"]["BlockedReasonDto"] | null;
            /** @description Whether a further engine could be created now. */
            can_provision: boolean;
        };
        ProvisioningFailureDto: {
            code: string;
            message: string;
            /**
             * @description ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            time: string;
        };
        ProxyStatusDto: {
            active_sessions: number;
            /** @description Bits per second that viewers take, by the measured bit rates of their streams. A stream that is not measured yet counts as the mean. */
            egress_bps: number;
            /** @description What they may take in all (`MAX_EGRESS_BPS`); null: there is no limit. */
            egress_limit_bps: number | null;
            running: boolean;
            sessions: components["schemas"]["SessionDto"][];
            total_clients: number;
            total_sessions: number;
        };
        PullProgressDto: {
            current_bytes: number;
            /** @description Known so far; it grows while more layers are found. */
            total_bytes: number;
        };
        ReadinessDto: {
            /** @description One line for each faulty file, and one for Redis. */
            details: string[];
            /**
             * @description Empty when ready. `storage_…`: files in DATA_DIR cannot be written, or were damaged. `redis_unavailable`: the
             *     server of REDIS_URL does not answer, or refuses the connection or a command.
             */
            reasons: ("shutting_down" | "engines_unknown" | "no_usable_engine" | "storage_full" | "storage_failed" | "storage_damaged" | "storage_slow" | "redis_unavailable")[];
            /**
             * @description `degraded`: new viewers are served, but an operator should act.
             * @enum {string}
             */
            status: "ready" | "degraded" | "not_ready";
        };
        RequestWindowDto: {
            /** @description Viewers that left, per minute; null before the second sample. */
            disconnect_rate_per_min: number | null;
            /** @description Not measured. */
            error_4xx_rate_per_min: number | null;
            /** @description Not measured. */
            error_5xx_rate_per_min: number | null;
            /** @description Share of the starts that did not fail; null without starts. */
            success_rate_percent: number | null;
            /** @description Not measured. */
            total_requests_1m: number | null;
            /** @description Mean time from the request for a content to its first byte; null without starts. */
            ttfb_avg_ms: number | null;
            /** @description 95 % of the starts had their first byte within this time. */
            ttfb_p95_ms: number | null;
        };
        RolloutDto: {
            /**
             * @description Why engines are replaced; null while `idle`.
             * @enum {string|null}
             */
            cause: "image_changed" | "replace_requested" | null;
            /**
             * @description Why it was stopped; null otherwise.
             * @example maintenance
             */
            reason: string | null;
            /** @description How many of them have left. */
            replaced: number;
            /**
             * @description Only while `running`. ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            started_at: string | null;
            /**
             * @description `stopped`: a new engine has failed to start, so the other engines stay.
             * @enum {string}
             */
            state: "idle" | "running" | "stopped";
            /** @description Engines to replace. */
            total: number;
        };
        RunwayDto: {
            /** @description Runway of the viewer that would run out of media first; 0 at the live edge. */
            least_s: number;
            /** @description Runway of the viewer that is furthest behind. */
            most_s: number;
            /** @description The median of all viewers. */
            typical_s: number;
        };
        ScaledDto: {
            /** @description `MAX_REPLICAS` */
            max: number;
            /** @description `MIN_REPLICAS` */
            min: number;
            requested: number;
            /** @description The requested number, bounded by `min` and `max`. */
            scaled_to: number;
        };
        ScoreDto: {
            /** @example News */
            name: string;
            value: number;
        };
        SelectionDto: {
            /** @description The engine that a new stream would get; null when there is none. */
            chosen: string | null;
            /** @description The criteria from which the scores are computed. */
            criteria: components["schemas"]["CriterionDto"][];
            /** @description Best first. */
            engines: components["schemas"]["AssessmentDto"][];
            weights: components["schemas"]["WeightsDto"];
        };
        SeriesDto: {
            description: string;
            /** @description Start of the first step. ISO 8601, UTC. */
            from: string;
            /** @enum {string} */
            metric: "ingress_bps" | "egress_bps" | "viewers" | "streams" | "streams_starting" | "streams_live" | "streams_playing" | "streams_stalled" | "streams_grace" | "engines" | "engines_starting" | "engines_healthy" | "engines_suspect" | "engines_unhealthy" | "engines_draining" | "slots_used" | "slots_free" | "cpu_percent" | "memory_bytes" | "event_loop_lag_ms" | "peers" | "p2p_download_bps" | "p2p_upload_bps" | "viewers_left_per_minute";
            points: components["schemas"]["SeriesPointDto"][];
            step_s: number;
            /** @description End of the last step. ISO 8601, UTC. */
            to: string;
        };
        SeriesPointDto: {
            /**
             * @description Start of the step. ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            at: string;
            max: number | null;
            mean: number | null;
            min: number | null;
        };
        SessionBufferDto: {
            bytes: number;
            /** @description Random access points. */
            keyframes: number;
            /** @description Media seconds; null while the stream has no clock. */
            seconds: number | null;
        };
        SessionDetailDto: {
            /**
             * @description The id that was requested.
             * @example 0123456789abcdef0123456789abcdef01234567
             */
            ace_id: string;
            attempts: components["schemas"]["AttemptDto"][];
            /**
             * @description Bits per second, measured by the timestamps of the stream.
             * @example 4500000
             */
            bitrate_bps: number | null;
            buffer: components["schemas"]["SessionBufferDto"];
            bytes_in: number;
            bytes_out: number;
            /**
             * @description Id of the channel through which the content was requested; null without one.
             * @example news
             */
            channel: string | null;
            /** @example 2 */
            client_count: number;
            /** @example static-192.168.1.10-6878 */
            container_id: string | null;
            continuity_errors: number;
            /**
             * @description ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            created_at: string | null;
            /**
             * @description Why the session ended, or the error code of its failure.
             * @enum {string|null}
             */
            end_reason: "no_viewers" | "reclaimed" | "stopped" | "joined_other_session" | "looping" | "shutdown" | "invalid_selector" | "invalid_request" | "outbound_refused" | "unauthorized" | "forbidden" | "not_found" | "content_not_found" | "method_not_allowed" | "request_timeout" | "conflict" | "not_managed" | "payload_too_large" | "unsupported_media_type" | "unusable_list" | "client_limit" | "rate_limited" | "header_too_large" | "internal_error" | "unsupported_content" | "engine_failed" | "storage_full" | "storage_failed" | "too_many_connections" | "no_engine" | "no_capacity" | "egress_limit" | "bitrate_limit" | "provisioning_blocked" | "image_missing" | "port_conflict" | "name_conflict" | "docker_unavailable" | "outbound_failed" | "runtime_refused" | "still_starting" | "shutting_down" | "start_timeout" | null;
            /** @example 2026-01-31T20:15:00.000Z */
            ended_at: string | null;
            /** @example 192.168.1.10 */
            engine_host: string | null;
            engine_port: number | null;
            /** @description Code and detail of the failure. */
            error: string | null;
            /** @description Number of changes of the source of the running stream. */
            failovers: number;
            /** @description Seconds without any viewer. */
            idle_seconds: number;
            /** @example 89abcdef0123456789abcdef0123456789abcdef */
            infohash: string | null;
            is_active: boolean;
            /** @description Null when the engine does not report it. */
            is_live: boolean | null;
            /** @description True if the engine has had neither peers nor download speed for three minutes. */
            is_starving: boolean;
            /**
             * @description `recorded`: a file, read by one viewer at a time.
             * @enum {string}
             */
            kind: "live" | "recorded";
            looping: components["schemas"]["LoopDto"] | null;
            media: components["schemas"]["ElementaryStreamDto"][];
            /** @description Bytes queued on viewers' sockets that the kernel has not taken. */
            pinned_bytes: number;
            /** @example a1b2c3d4e5f60718293a4b5c6d7e8f90 */
            playback_session_id: string | null;
            /** @description How often packet alignment was lost and found again. */
            resyncs: number;
            runway: components["schemas"]["RunwayDto"] | null;
            source: components["schemas"]["SourceInUseDto"] | null;
            /**
             * @description Time at which viewers could first join.
             * @example 2026-01-31T20:15:00.000Z
             */
            started_at: string | null;
            /** @description The engine's last report; null when it is older than 30 s or there is none. */
            stat: components["schemas"]["EngineStatDto"] | null;
            /** @enum {string} */
            state: "ended" | "failed" | "live" | "stalled" | "starting" | "playing" | "grace";
            /** @example 0123456789abcdef0123456789abcdef01234567 */
            stream_id: string;
            timeline: components["schemas"]["SessionTimelineDto"];
        };
        SessionDto: {
            /**
             * @description The id that was requested.
             * @example 0123456789abcdef0123456789abcdef01234567
             */
            ace_id: string;
            attempts: components["schemas"]["AttemptDto"][];
            /**
             * @description Bits per second, measured by the timestamps of the stream.
             * @example 4500000
             */
            bitrate_bps: number | null;
            buffer: components["schemas"]["SessionBufferDto"];
            bytes_in: number;
            bytes_out: number;
            /**
             * @description Id of the channel through which the content was requested; null without one.
             * @example news
             */
            channel: string | null;
            /** @example 2 */
            client_count: number;
            /** @example static-192.168.1.10-6878 */
            container_id: string | null;
            continuity_errors: number;
            /**
             * @description ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            created_at: string | null;
            /**
             * @description Why the session ended, or the error code of its failure.
             * @enum {string|null}
             */
            end_reason: "no_viewers" | "reclaimed" | "stopped" | "joined_other_session" | "looping" | "shutdown" | "invalid_selector" | "invalid_request" | "outbound_refused" | "unauthorized" | "forbidden" | "not_found" | "content_not_found" | "method_not_allowed" | "request_timeout" | "conflict" | "not_managed" | "payload_too_large" | "unsupported_media_type" | "unusable_list" | "client_limit" | "rate_limited" | "header_too_large" | "internal_error" | "unsupported_content" | "engine_failed" | "storage_full" | "storage_failed" | "too_many_connections" | "no_engine" | "no_capacity" | "egress_limit" | "bitrate_limit" | "provisioning_blocked" | "image_missing" | "port_conflict" | "name_conflict" | "docker_unavailable" | "outbound_failed" | "runtime_refused" | "still_starting" | "shutting_down" | "start_timeout" | null;
            /** @example 2026-01-31T20:15:00.000Z */
            ended_at: string | null;
            /** @example 192.168.1.10 */
            engine_host: string | null;
            engine_port: number | null;
            /** @description Code and detail of the failure. */
            error: string | null;
            /** @description Number of changes of the source of the running stream. */
            failovers: number;
            /** @description Seconds without any viewer. */
            idle_seconds: number;
            /** @example 89abcdef0123456789abcdef0123456789abcdef */
            infohash: string | null;
            is_active: boolean;
            /** @description Null when the engine does not report it. */
            is_live: boolean | null;
            /**
             * @description `recorded`: a file, read by one viewer at a time.
             * @enum {string}
             */
            kind: "live" | "recorded";
            /** @description Bytes queued on viewers' sockets that the kernel has not taken. */
            pinned_bytes: number;
            /** @example a1b2c3d4e5f60718293a4b5c6d7e8f90 */
            playback_session_id: string | null;
            /** @description How often packet alignment was lost and found again. */
            resyncs: number;
            source: components["schemas"]["SourceInUseDto"] | null;
            /**
             * @description Time at which viewers could first join.
             * @example 2026-01-31T20:15:00.000Z
             */
            started_at: string | null;
            /** @enum {string} */
            state: "ended" | "failed" | "live" | "stalled" | "starting" | "playing" | "grace";
            /** @example 0123456789abcdef0123456789abcdef01234567 */
            stream_id: string;
            timeline: components["schemas"]["SessionTimelineDto"];
        };
        SessionListDto: {
            sessions: components["schemas"]["SessionDto"][];
        };
        SessionTimelineDto: {
            /** @example 2026-01-31T20:15:00.000Z */
            engine_answered_at: string | null;
            /** @example 2026-01-31T20:15:00.000Z */
            first_byte_at: string | null;
            /** @example 2026-01-31T20:15:00.000Z */
            first_keyframe_at: string | null;
            /** @example 2026-01-31T20:15:00.000Z */
            first_pat_at: string | null;
            /** @example 2026-01-31T20:15:00.000Z */
            requested_at: string;
        };
        SettingDto: {
            /** @description The allowed values. */
            allowed: string;
            /** @example 5s */
            default: string | null;
            description: string;
            /** @description `true`: it can only be set in the environment. */
            is_environment_only: boolean;
            /** @description `true`: the environment or a file sets it and wins, so it cannot be changed with the API. */
            is_locked: boolean;
            /** @description `true`: another value waits for a restart. */
            is_pending: boolean;
            is_secret: boolean;
            /** @description The variables that lock it, and where they are set. */
            locked_by: string | null;
            /**
             * @description Name of the variable.
             * @example PROXY_GRACE_PERIOD
             */
            name: string;
            /** @description `true`: a change takes effect at the next start. */
            needs_restart: boolean;
            /** @description The value that waits for a restart. */
            pending_value: string | null;
            section: string;
            /**
             * @description `file`: the file `.env`, or the file of a secret.
             * @enum {string}
             */
            source: "default" | "env" | "file" | "api";
            /**
             * @description The value in force; null if it is not set; `********` for a secret.
             * @example 10s
             */
            value: string | null;
        };
        SettingListDto: {
            /** @description Values that were set with the API and have no effect. `null` removes them, unless the API may not change the setting. */
            ignored: components["schemas"]["IgnoredSettingDto"][];
            settings: components["schemas"]["SettingDto"][];
        };
        SettingsChangeDto: {
            /** @description Names of the settings whose values have changed. */
            changed: string[];
            /** @description Those of them that wait for a restart. */
            needs_restart: string[];
            /** @description The changed settings, as they are now. */
            settings: components["schemas"]["SettingDto"][];
        };
        SettingsExportDto: {
            /** @description Settings that only the environment can change. An import ignores them. */
            environment: {
                [key: string]: string;
            };
            schema_version: number;
            /** @description Values by name; `********` for secrets. */
            settings: {
                [key: string]: string;
            };
        };
        SettingsImportDto: {
            /** @description Ignored. */
            environment?: {
                [key: string]: string;
            };
            /** @enum {integer} */
            schema_version: 1;
            /** @description Values by name. `********` leaves a secret as it is. */
            settings: {
                [key: string]: string;
            };
        };
        SettingsImportedDto: {
            /** @description Names of the settings whose values have changed, or would change. */
            changed: string[];
            /** @description `true`: nothing was changed. */
            dry_run: boolean;
            /** @description Those of them that wait for a restart. */
            needs_restart: string[];
        };
        SignInDto: {
            /**
             * @description An API key.
             * @example acefleet_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
             */
            key?: string;
            /** @description The token of a one-time link. */
            token?: string;
        };
        SignInLinkDto: {
            /**
             * @description ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            expires_at: string;
            /**
             * @description The address of the page. Its fragment contains the token.
             * @example http://192.168.1.5:8000/login#token=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
             */
            url: string;
        };
        SkippedLineDto: {
            /** @description Line of the address in the list, from 1. */
            line: number;
            /**
             * @description `too_many_sources`: the channel has 16 sources already.
             * @enum {string}
             */
            reason: "no_acestream_content" | "too_many_sources";
        };
        SourceCheckDto: {
            /**
             * @description ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            at: string;
            detail: string | null;
            /**
             * @description `working`, or the error code with which the content did not play.
             * @enum {string}
             */
            outcome: "working" | "content_not_found" | "unsupported_content" | "start_timeout" | "stalled";
        };
        SourceInUseDto: {
            /** @example 0123456789abcdef0123456789abcdef01234567 */
            id: string;
            /** @enum {string} */
            kind: "content_id" | "infohash";
            /**
             * @description The operator's label.
             * @example main
             */
            label: string | null;
        };
        SourceMediaDto: {
            audio_codecs: string[];
            /**
             * @description Bit rate by media time.
             * @example 4500000
             */
            bitrate_bps: number | null;
            /** @example 1080 */
            height: number | null;
            /**
             * @description Peers and download speed, as the engine reported them.
             * @example 24
             */
            peers: number | null;
            /** @example 620 */
            speed_down_kbps: number | null;
            /** @example h264 */
            video_codec: string | null;
            /** @example 1920 */
            width: number | null;
        };
        StatSampleDto: {
            /** @description Bytes. */
            downloaded: number | null;
            livepos: components["schemas"]["LivePositionDto"] | null;
            /** @example 24 */
            peers: number | null;
            /**
             * @description KB/s, as the engine reports.
             * @example 620
             */
            speed_down: number | null;
            /**
             * @description KB/s, as the engine reports.
             * @example 85
             */
            speed_up: number | null;
            status: string | null;
            /**
             * @description ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            ts: string;
            /** @description Bytes. */
            uploaded: number | null;
        };
        StreamCountDto: {
            /** @description Streams that have an engine. */
            active: number;
            /** @description Slot requests that no existing engine can serve. */
            waiting: number;
        };
        StreamDto: {
            /** @example 4500000 */
            bitrate_bps: number | null;
            /**
             * @description Id of the channel through which the content was requested; null without one.
             * @example news
             */
            channel: string | null;
            /** @example 2 */
            client_count: number;
            /** @example static-192.168.1.10-6878 */
            container_id: string | null;
            /**
             * @description Why the stream ended, or the error code of its failure.
             * @enum {string|null}
             */
            end_reason: "no_viewers" | "reclaimed" | "stopped" | "joined_other_session" | "looping" | "shutdown" | "invalid_selector" | "invalid_request" | "outbound_refused" | "unauthorized" | "forbidden" | "not_found" | "content_not_found" | "method_not_allowed" | "request_timeout" | "conflict" | "not_managed" | "payload_too_large" | "unsupported_media_type" | "unusable_list" | "client_limit" | "rate_limited" | "header_too_large" | "internal_error" | "unsupported_content" | "engine_failed" | "storage_full" | "storage_failed" | "too_many_connections" | "no_engine" | "no_capacity" | "egress_limit" | "bitrate_limit" | "provisioning_blocked" | "image_missing" | "port_conflict" | "name_conflict" | "docker_unavailable" | "outbound_failed" | "runtime_refused" | "still_starting" | "shutting_down" | "start_timeout" | null;
            /** @example 2026-01-31T20:15:00.000Z */
            ended_at: string | null;
            /** @description Parameters of the request for the engine, such as `transcode_ac3=1`; null if there are none. */
            engine_parameters: string | null;
            error: string | null;
            /** @description True for a stream that an outside proxy has reported. */
            external: boolean;
            file_index: number;
            /** @example 0123456789abcdef0123456789abcdef01234567 */
            id: string;
            /** @example 89abcdef0123456789abcdef0123456789abcdef */
            infohash: string | null;
            is_live: boolean | null;
            /** @example 0123456789abcdef0123456789abcdef01234567 */
            key: string;
            /** @description Streams of outside proxies may have further types. */
            key_type: string;
            /**
             * @description `recorded`: a file, read by one viewer at a time.
             * @enum {string}
             */
            kind: "live" | "recorded";
            /** @example a1b2c3d4e5f60718293a4b5c6d7e8f90 */
            playback_session_id: string | null;
            source: components["schemas"]["SourceInUseDto"] | null;
            /**
             * @description ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            started_at: string | null;
            state: string;
            /** @enum {string} */
            status: "ended" | "started";
        };
        StreamEndedAnswerDto: {
            status: string;
            stream: components["schemas"]["StreamDto"];
            /** @description False if the end was known already. */
            updated: boolean;
        };
        StreamEndedReportDto: {
            /**
             * @description The engine, where several play the content.
             * @example static-192.168.1.10-6878
             */
            container_id?: string;
            /** @example 0123456789abcdef0123456789abcdef01234567 */
            content_id?: string;
            /**
             * @description The same.
             * @example static-192.168.1.10-6878
             */
            engine_id?: string;
            /**
             * @description Ignored.
             * @example maintenance
             */
            reason?: string;
            /** @example 0123456789abcdef0123456789abcdef01234567 */
            stream_id?: string;
        };
        StreamHistoryDto: {
            /** @description Streams since the start of acefleet that are missing, because the disk refused them for too long. */
            lost: number;
            /** @description For the next page; null at the end. */
            next_cursor: string | null;
            streams: components["schemas"]["PastStreamDto"][];
        };
        StreamMoveDto: {
            /** @description Time from the choice of the new engine until viewers got its first packet; null during the move. */
            duration_ms: number | null;
            /** @example static-192.168.1.10-6878 */
            from_engine_id: string;
            /**
             * @description `moving`: the other engine is being prepared; `moved`: the stream reads from it.
             * @enum {string}
             */
            state: "moved" | "moving";
            /** @example 0123456789abcdef0123456789abcdef01234567 */
            stream_id: string;
            /**
             * @description During the move: the requested engine; null when any engine may be used.
             * @example static-192.168.1.11-6878
             */
            to_engine_id: string | null;
        };
        StreamStartedReportDto: {
            /**
             * @description The engine.
             * @example static-192.168.1.10-6878
             */
            container_id?: string;
            /**
             * @description Flat form: what is played.
             * @example 0123456789abcdef0123456789abcdef01234567
             */
            content_id?: string;
            /** @description The engine's address, instead of its id. */
            engine?: {
                host?: string;
                port?: number;
            } & {
                [key: string]: unknown;
            };
            /**
             * @description Flat form: the engine.
             * @example static-192.168.1.10-6878
             */
            engine_id?: string;
            /** @description Flat form: ignored. */
            engine_name?: string;
            /** @description Other labels than `stream_id` are ignored. */
            labels?: {
                /** @description The id of the stream; by default made of key and session. */
                stream_id?: string;
            } & {
                [key: string]: unknown;
            };
            /** @description What the engine answered. The addresses must be at the engine. Other fields are ignored. */
            session?: {
                command_url?: string;
                is_live?: number;
                playback_session_id?: string;
                /** @description With it, acefleet notices that the engine no longer knows the session. */
                stat_url?: string;
            } & {
                [key: string]: unknown;
            };
            /** @description What is played. Other fields are ignored. */
            stream?: {
                key?: string;
                /** @enum {string} */
                key_type?: "content_id" | "infohash" | "url" | "magnet" | "torrent_url" | "direct_url" | "raw_data";
            } & {
                [key: string]: unknown;
            };
        };
        StreamStatsDto: {
            /**
             * @description Bits per second, measured by the timestamps of the stream.
             * @example 4500000
             */
            bitrate_bps: number | null;
            /** @description Seconds of media in the history. */
            buffer_s: number | null;
            downloaded_bytes: number | null;
            /** @description At most the last 720 polls, one every 2 s, oldest first. */
            history: components["schemas"]["StatSampleDto"][];
            /** @description True if the engine has had neither peers nor download speed for three minutes. */
            is_starving: boolean;
            livepos: components["schemas"]["LivePositionDto"] | null;
            looping: components["schemas"]["LoopDto"] | null;
            media: components["schemas"]["ElementaryStreamDto"][];
            /** @example 24 */
            peers: number | null;
            runway: components["schemas"]["RunwayDto"] | null;
            /**
             * @description Time of the engine's last report. ISO 8601, UTC. Null when it is older than 30 s or there is none.
             * @example 2026-01-31T20:15:00.000Z
             */
            sampled_at: string | null;
            /**
             * @description Download speed: the engine's KB/s × 8.
             * @example 620
             */
            speed_down_kbps: number | null;
            /**
             * @description Upload speed: the engine's KB/s × 8.
             * @example 85
             */
            speed_up_kbps: number | null;
            status: string | null;
            /** @example 0123456789abcdef0123456789abcdef01234567 */
            stream_id: string;
            uploaded_bytes: number | null;
        };
        StreamStoppedDto: {
            message: string;
            /** @example 0123456789abcdef0123456789abcdef01234567 */
            stream_id: string;
        };
        StreamUserBodyDto: {
            /**
             * @description Addresses and networks from which the user may come, at most 50; empty: any.
             * @example [
             *       "192.168.0.0/16",
             *       "2001:db8::/32"
             *     ]
             */
            cidrs?: string[];
            /**
             * Format: date-time
             * @description When the user may no longer watch. ISO 8601 with a time zone; null: never.
             * @example 2026-01-31T20:15:00.000Z
             */
            expires_at?: string | null;
            /**
             * @description `false`: the user may not watch.
             * @default true
             */
            is_enabled?: boolean;
            /**
             * @description Streams at once, 1 to 1000; null: no limit. One content on one device is one stream.
             * @example 4
             */
            max_streams?: number | null;
            /**
             * @description Unique, also the user name of Xtream Codes clients: 1 to 64 letters, digits, dots, hyphens, underscores, tildes and
             *     at signs, beginning with a letter or digit. Upper and lower case differ, but two users cannot differ only by it.
             * @example News
             */
            name: string;
            /**
             * @description Name of an existing profile for the user's lists, unless a request names another one; null: all channels.
             * @example kids
             */
            profile?: string | null;
        };
        StreamUserChangeDto: {
            /**
             * @description Addresses and networks from which the user may come, at most 50; empty: any.
             * @example [
             *       "192.168.0.0/16",
             *       "2001:db8::/32"
             *     ]
             */
            cidrs?: string[];
            /**
             * Format: date-time
             * @description When the user may no longer watch. ISO 8601 with a time zone; null: never.
             * @example 2026-01-31T20:15:00.000Z
             */
            expires_at?: string | null;
            /**
             * @description `false`: the user may not watch.
             * @default true
             */
            is_enabled?: boolean;
            /**
             * @description Streams at once, 1 to 1000; null: no limit. One content on one device is one stream.
             * @example 4
             */
            max_streams?: number | null;
            /**
             * @description As at the creation of a user.
             * @example News
             */
            name?: string;
            /**
             * @description Name of an existing profile for the user's lists, unless a request names another one; null: all channels.
             * @example kids
             */
            profile?: string | null;
        };
        StreamUserDto: {
            /** @description Empty: any address. */
            cidrs: string[];
            /**
             * @description ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            created_at: string;
            /**
             * @description ISO 8601, UTC; null: never.
             * @example 2026-01-31T20:15:00.000Z
             */
            expires_at: string | null;
            /** @example 5f0c9a71-d2e8-4b36-8c41-0e7b2d94a6f3 */
            id: string;
            is_enabled: boolean;
            /**
             * @description Time of the latest request with the user's secret. ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            last_seen_at: string | null;
            /**
             * @description Null: no limit.
             * @example 4
             */
            max_streams: number | null;
            /** @example News */
            name: string;
            /**
             * @description Null: all channels.
             * @example kids
             */
            profile: string | null;
            /** @description Streams now, as `max_streams` counts them. */
            streams: number;
            /** @description Viewers now, including those that wait for a start. */
            viewers: number;
        };
        StreamUserLinksDto: {
            /**
             * @description The programme guide, XMLTV.
             * @example http://192.168.1.5:8000/t/TOKEN/epg.xml
             */
            guide: string;
            /** @example http://192.168.1.5:8000/t/TOKEN/playlist.m3u */
            playlist: string;
            /**
             * @description The address to enter for an HDHomeRun tuner.
             * @example http://192.168.1.5:8000/t/TOKEN
             */
            tuner: string;
            xtream: components["schemas"]["XtreamLoginDto"];
        };
        StreamUserListDto: {
            users: components["schemas"]["StreamUserDto"][];
        };
        StreamUserRemovedDto: {
            /** @example 5f0c9a71-d2e8-4b36-8c41-0e7b2d94a6f3 */
            id: string;
            message: string;
        };
        ThroughputDto: {
            /** @description Bits per second. */
            egress_bps: number | null;
            /** @description Mbit/s to viewers now. */
            egress_mbps: number | null;
            /** @description Since the start of acefleet. */
            egress_total_bytes: number;
            /** @description Bits per second. */
            ingress_bps: number | null;
            /** @description Mbit/s from engines now. */
            ingress_mbps: number | null;
            /** @description Since the start of acefleet. */
            ingress_total_bytes: number;
            /** @description In the window; null without samples. */
            window_egress_total_bytes: number | null;
            /** @description In the window; null without samples. */
            window_ingress_total_bytes: number | null;
        };
        TunerChannelDto: {
            GuideName: string;
            /** @description The channel's number. */
            GuideNumber: string;
            /** @description Always 1: the resolution is not known before the channel plays. */
            HD: number;
            URL: string;
        };
        TunerDeviceDto: {
            /** @description Address of this server, as the request used it. */
            BaseURL: string;
            DeviceAuth: string;
            /** @description 8 hex digits; the last one is a check digit. */
            DeviceID: string;
            FirmwareName: string;
            FirmwareVersion: string;
            FriendlyName: string;
            LineupURL: string;
            Manufacturer: string;
            ModelNumber: string;
            /** @description The number of slots that the fleet can have, plus one. */
            TunerCount: number;
        };
        TunerStatusDto: {
            ScanInProgress: number;
            ScanPossible: number;
            Source: string;
            SourceList: string[];
        };
        UpdateImportDto: {
            /** @description `false`: the list is fetched only by request. */
            is_enabled?: boolean;
            /**
             * @description 1 to 100 characters.
             * @example Sport
             */
            name?: string;
            /** @description Time between two imports, 5 min to 30 days. */
            refresh_interval_s?: number;
            /**
             * @description Address of an M3U list, `http` or `https`.
             * @example https://lists.example.org/sport.m3u
             */
            url?: string;
        };
        VpnCompatDto: {
            city: string | null;
            /** @description True when its engines may get streams. */
            connected: boolean;
            /** @description Equals `container_name`. */
            container: string;
            /**
             * @description Its container's name.
             * @example acefleet-engine-1
             */
            container_name: string;
            /** @description What is wrong with its control server; null when no fault is known. */
            control_fault: string | null;
            country: string | null;
            /** @description Why it is drained; the operator's own text. */
            drain_reason: string | null;
            /** @description True while an operator drains it. */
            drained: boolean;
            enabled: boolean;
            /** @description Ids of the engines behind it. */
            engines: string[];
            /**
             * @description Null when no port is forwarded or the control server does not report it.
             * @example 41234
             */
            forwarded_port: number | null;
            /** @enum {string} */
            health: "healthy" | "unhealthy" | "starting" | "unknown";
            /**
             * @description Address of the VPN container and its engines.
             * @example 192.168.1.10
             */
            host: string | null;
            /**
             * @description Equals `last_check_at`.
             * @example 2026-01-31T20:15:00.000Z
             */
            last_check: string | null;
            /**
             * @description Time of the check. ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            last_check_at: string | null;
            /** @description As configured in the container of the VPN. */
            provider: string | null;
            /**
             * @description Address of the VPN as seen from the internet.
             * @example 203.0.113.7
             */
            public_ip: string | null;
            /**
             * @description Why it is in this state.
             * @example maintenance
             */
            reason: string;
            region: string | null;
            /**
             * @description Time of the last change of state. ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            since: string;
            /** @description Seconds until it counts as stable; 0 when it is stable, null while it does not work. */
            stable_in_s: number | null;
            /**
             * @description `recovering`: works again, but gets new engines only when no other VPN is up.
             * @enum {string}
             */
            state: "unknown" | "up" | "down" | "recovering";
            /** @description Docker's state of its container: `running`, `exited`, …; `not_found`; `unknown`. */
            status: string;
        };
        VpnDrainDto: {
            /**
             * @description Shown with the VPN and in the event log.
             * @example maintenance
             */
            reason?: string;
        };
        VpnDto: {
            city: string | null;
            /** @description True when its engines may get streams. */
            connected: boolean;
            /**
             * @description Its container's name.
             * @example acefleet-engine-1
             */
            container_name: string;
            /** @description What is wrong with its control server; null when no fault is known. */
            control_fault: string | null;
            country: string | null;
            /** @description Why it is drained; the operator's own text. */
            drain_reason: string | null;
            /** @description True while an operator drains it. */
            drained: boolean;
            enabled: boolean;
            /** @description Ids of the engines behind it. */
            engines: string[];
            /**
             * @description Null when no port is forwarded or the control server does not report it.
             * @example 41234
             */
            forwarded_port: number | null;
            /** @enum {string} */
            health: "healthy" | "unhealthy" | "starting" | "unknown";
            /**
             * @description Address of the VPN container and its engines.
             * @example 192.168.1.10
             */
            host: string | null;
            /**
             * @description Time of the check. ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            last_check_at: string | null;
            /** @description As configured in the container of the VPN. */
            provider: string | null;
            /**
             * @description Address of the VPN as seen from the internet.
             * @example 203.0.113.7
             */
            public_ip: string | null;
            /**
             * @description Why it is in this state.
             * @example maintenance
             */
            reason: string;
            region: string | null;
            /**
             * @description Time of the last change of state. ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            since: string;
            /** @description Seconds until it counts as stable; 0 when it is stable, null while it does not work. */
            stable_in_s: number | null;
            /**
             * @description `recovering`: works again, but gets new engines only when no other VPN is up.
             * @enum {string}
             */
            state: "unknown" | "up" | "down" | "recovering";
            /** @description Docker's state of its container: `running`, `exited`, …; `not_found`; `unknown`. */
            status: string;
        };
        VpnEmergencyDto: {
            active: boolean;
            duration_seconds: number;
            /**
             * @description ISO 8601, UTC; only while active.
             * @example 2026-01-31T20:15:00.000Z
             */
            entered_at?: string;
            /** @description The first VPN that is down. */
            failed_vpn: string | null;
            /** @description The first VPN that works. */
            healthy_vpn: string | null;
        };
        VpnPublicIpDto: {
            /** @example 203.0.113.7 */
            public_ip: string;
            /**
             * @description The VPN with this address.
             * @example gluetun
             */
            vpn: string;
        };
        VpnStatusCompatDto: {
            city: string | null;
            /** @description True when the engines of at least one VPN may get streams. */
            connected: boolean;
            /** @description Equals `container_name`. */
            container: string | null;
            /**
             * @description Container of the first VPN. The check results beside it are also those of the first VPN.
             * @example acefleet-engine-1
             */
            container_name: string | null;
            country: string | null;
            emergency_mode: components["schemas"]["VpnEmergencyDto"];
            enabled: boolean;
            /**
             * @description Null when no port is forwarded or the control server does not report it.
             * @example 41234
             */
            forwarded_port: number | null;
            /** @enum {string} */
            health: "healthy" | "unhealthy" | "starting" | "unknown";
            /**
             * @description Equals `last_check_at`.
             * @example 2026-01-31T20:15:00.000Z
             */
            last_check: string | null;
            /**
             * @description Time of the check. ISO 8601, UTC.
             * @example 2026-01-31T20:15:00.000Z
             */
            last_check_at: string | null;
            /** @enum {string} */
            mode: "disabled" | "single" | "redundant";
            /** @description As configured in the container of the VPN. */
            provider: string | null;
            /**
             * @description Address of the VPN as seen from the internet.
             * @example 203.0.113.7
             */
            public_ip: string | null;
            region: string | null;
            /**
             * @description `disabled` without VPNs. With one VPN: the status of its container. With several: `running` while one works, else
             *     `unhealthy`.
             */
            status: string;
            /** @description The first VPN. */
            vpn1: components["schemas"]["VpnCompatDto"] | null;
            /** @description The second VPN. */
            vpn2: components["schemas"]["VpnCompatDto"] | null;
            /** @description Every VPN, in the order of VPN_CONTAINERS. */
            vpns: components["schemas"]["VpnCompatDto"][];
        };
        VpnStatusDto: {
            /** @description True when the engines of at least one VPN may get streams. */
            connected: boolean;
            emergency_mode: components["schemas"]["VpnEmergencyDto"];
            enabled: boolean;
            /** @enum {string} */
            health: "healthy" | "unhealthy" | "starting" | "unknown";
            /** @enum {string} */
            mode: "disabled" | "single" | "redundant";
            /**
             * @description `disabled` without VPNs. With one VPN: the status of its container. With several: `running` while one works, else
             *     `unhealthy`.
             */
            status: string;
            /** @description Every VPN, in the order of VPN_CONTAINERS. */
            vpns: components["schemas"]["VpnDto"][];
        };
        VpnSummaryDto: {
            connected: boolean;
            /** @description Container of the first VPN. */
            container: string | null;
            enabled: boolean;
            /** @example 41234 */
            forwarded_port: number | null;
            health: string;
        };
        WebhookBodyDto: {
            /**
             * @description What is sent: `problems` (problems, their recoveries, and subjects that flap), `all`, categories and types of events.
             * @default [
             *       "problems"
             *     ]
             * @example [
             *       "problems"
             *     ]
             */
            events?: string[];
            /**
             * @description Headers of each request, such as an access token. No answer shows their values. In a change, headers that are not
             *     named stay, and `null` removes one.
             * @example {
             *       "X-Gotify-Key": "A1b2C3"
             *     }
             */
            headers?: {
                [key: string]: string | null;
            };
            /**
             * @description `false`: nothing is sent.
             * @default true
             */
            is_enabled?: boolean;
            /**
             * @description Attempts until a delivery is a dead letter, 1 to 8. Eight take about a day.
             * @default 8
             */
            max_attempts?: number;
            /**
             * @description The lowest level that is sent. A recovery has the level of its problem.
             * @default info
             * @enum {string}
             */
            min_level?: "info" | "warning" | "error";
            /**
             * @description 1 to 100 characters.
             * @example Phone
             */
            name: string;
            /**
             * @description The form of the requests: that of Standard Webhooks, or the one that a service expects.
             * @default standard
             * @enum {string}
             */
            preset?: "standard" | "ntfy" | "gotify" | "discord" | "home_assistant";
            /**
             * @description The message, with placeholders such as `{text}`; null: `{text}`. Not for the preset `standard`.
             * @example {text} ({subject})
             */
            template?: string | null;
            /**
             * @description Address of the receiver, `http` or `https`.
             * @example https://ntfy.example/acefleet-alarms
             * @example https://ntfy.example/acefleet-alarms
             */
            url: string;
        };
        WebhookChangesDto: {
            /**
             * @description What is sent: `problems` (problems, their recoveries, and subjects that flap), `all`, categories and types of events.
             * @default [
             *       "problems"
             *     ]
             * @example [
             *       "problems"
             *     ]
             */
            events?: string[];
            /**
             * @description Headers of each request, such as an access token. No answer shows their values. In a change, headers that are not
             *     named stay, and `null` removes one.
             * @example {
             *       "X-Gotify-Key": "A1b2C3"
             *     }
             */
            headers?: {
                [key: string]: string | null;
            };
            /**
             * @description `false`: nothing is sent.
             * @default true
             */
            is_enabled?: boolean;
            /**
             * @description Attempts until a delivery is a dead letter, 1 to 8. Eight take about a day.
             * @default 8
             */
            max_attempts?: number;
            /**
             * @description The lowest level that is sent. A recovery has the level of its problem.
             * @default info
             * @enum {string}
             */
            min_level?: "info" | "warning" | "error";
            /**
             * @description 1 to 100 characters.
             * @example Phone
             */
            name?: string;
            /**
             * @description The form of the requests: that of Standard Webhooks, or the one that a service expects.
             * @default standard
             * @enum {string}
             */
            preset?: "standard" | "ntfy" | "gotify" | "discord" | "home_assistant";
            /**
             * @description The message, with placeholders such as `{text}`; null: `{text}`. Not for the preset `standard`.
             * @example {text} ({subject})
             */
            template?: string | null;
            /**
             * @description Address of the receiver, `http` or `https`.
             * @example https://ntfy.example/acefleet-alarms
             */
            url?: string;
        };
        WebhookDeliveryDto: {
            attempts: number;
            /**
             * Format: date-time
             * @example 2026-01-31T20:15:00.000Z
             */
            created_at: string;
            /** @description Duration of the last attempt in milliseconds. */
            duration_ms: number | null;
            /**
             * Format: date-time
             * @example 2026-01-31T20:15:00.000Z
             */
            finished_at: string | null;
            /**
             * @description The receiver gets it as `webhook-id`, the same with each attempt.
             * @example msg_5f0c9a71d2e84b365f0c9a71
             */
            id: string;
            /** @enum {string} */
            kind: "problem" | "recovery" | "flapping" | "event" | "test";
            /** @description Why the last attempt failed; `null` if it did not. */
            last_error: components["schemas"]["WebhookFaultDto"] | null;
            /** @description HTTP status of the last attempt; `null` if there was no answer. */
            last_status: number | null;
            message: string;
            /**
             * Format: date-time
             * @description When the next attempt is made; `null` unless it is pending.
             * @example 2026-01-31T20:15:00.000Z
             */
            next_attempt_at: string | null;
            /**
             * @description `dead`: it was given up.
             * @enum {string}
             */
            state: "pending" | "delivered" | "dead";
            /**
             * @description What it is about, such as `engine:ID`.
             * @example channel:news
             */
            subject: string;
            /**
             * @description Type of the event.
             * @example channel_died
             */
            type: string;
        };
        WebhookDeliveryListDto: {
            /** @description The newest first. */
            deliveries: components["schemas"]["WebhookDeliveryDto"][];
            /** @description `before` of the next page; `null` if this is the last one. */
            next: number | null;
        };
        WebhookDto: {
            /**
             * Format: date-time
             * @example 2026-01-31T20:15:00.000Z
             */
            created_at: string;
            /** @description Deliveries that were given up. */
            dead_letters: number;
            /**
             * @description Why acefleet disabled the webhook itself; `null` if it did not.
             * @enum {string|null}
             */
            disabled_reason: "gone" | "secrets_lost" | null;
            /** @description Notices that were not queued, because 1000 were waiting. */
            dropped: number;
            events: string[];
            /**
             * Format: date-time
             * @description Since when every attempt has failed; `null` if the last one did not.
             * @example 2026-01-31T20:15:00.000Z
             */
            failing_since: string | null;
            /** @description Names of the headers that are sent. Their values are not shown. */
            header_names: string[];
            /** @example 8d20c1f7a4be9356 */
            id: string;
            is_enabled: boolean;
            /**
             * Format: date-time
             * @description When the receiver last accepted a notice.
             * @example 2026-01-31T20:15:00.000Z
             */
            last_delivered_at: string | null;
            /** @description Why the last attempt failed; `null` if it did not. */
            last_error: components["schemas"]["WebhookFaultDto"] | null;
            max_attempts: number;
            /** @enum {string} */
            min_level: "info" | "warning" | "error";
            /** @example Phone */
            name: string;
            /**
             * Format: date-time
             * @description Until when the secret from before the last rotation signs too; `null` if none does.
             */
            old_secret_until: string | null;
            /** @description Deliveries that wait. */
            pending: number;
            /** @enum {string} */
            preset: "standard" | "ntfy" | "gotify" | "discord" | "home_assistant";
            /**
             * @description `failing`: the last three attempts or more have failed.
             * @enum {string}
             */
            state: "ok" | "failing" | "disabled";
            template: string | null;
            /**
             * @description Empty if it cannot be decrypted.
             * @example https://ntfy.example/acefleet-alarms
             */
            url: string;
        };
        WebhookFaultDto: {
            /** @description See docs/webhooks.md. */
            code: string;
            /** @description One line for the operator. */
            detail: string;
        };
        WebhookListDto: {
            webhooks: components["schemas"]["WebhookDto"][];
        };
        WebhookRemovedDto: {
            /** @example 8d20c1f7a4be9356 */
            id: string;
            message: string;
        };
        WebhookReplayDto: {
            /** @description Number of dead letters that are sent again. */
            replayed: number;
        };
        WebhookWithSecretDto: {
            /**
             * Format: date-time
             * @example 2026-01-31T20:15:00.000Z
             */
            created_at: string;
            /** @description Deliveries that were given up. */
            dead_letters: number;
            /**
             * @description Why acefleet disabled the webhook itself; `null` if it did not.
             * @enum {string|null}
             */
            disabled_reason: "gone" | "secrets_lost" | null;
            /** @description Notices that were not queued, because 1000 were waiting. */
            dropped: number;
            events: string[];
            /**
             * Format: date-time
             * @description Since when every attempt has failed; `null` if the last one did not.
             * @example 2026-01-31T20:15:00.000Z
             */
            failing_since: string | null;
            /** @description Names of the headers that are sent. Their values are not shown. */
            header_names: string[];
            /** @example 8d20c1f7a4be9356 */
            id: string;
            is_enabled: boolean;
            /**
             * Format: date-time
             * @description When the receiver last accepted a notice.
             * @example 2026-01-31T20:15:00.000Z
             */
            last_delivered_at: string | null;
            /** @description Why the last attempt failed; `null` if it did not. */
            last_error: components["schemas"]["WebhookFaultDto"] | null;
            max_attempts: number;
            /** @enum {string} */
            min_level: "info" | "warning" | "error";
            /** @example Phone */
            name: string;
            /**
             * Format: date-time
             * @description Until when the secret from before the last rotation signs too; `null` if none does.
             */
            old_secret_until: string | null;
            /** @description Deliveries that wait. */
            pending: number;
            /** @enum {string} */
            preset: "standard" | "ntfy" | "gotify" | "discord" | "home_assistant";
            /** @description Key of the signatures, as Standard Webhooks define it: `whsec_` and base64. */
            secret: string;
            /**
             * @description `failing`: the last three attempts or more have failed.
             * @enum {string}
             */
            state: "ok" | "failing" | "disabled";
            template: string | null;
            /**
             * @description Empty if it cannot be decrypted.
             * @example https://ntfy.example/acefleet-alarms
             */
            url: string;
        };
        WeightsDto: {
            active_stream: number;
            forwarded: number;
            suspect: number;
            unhealthy: number;
        };
        XtreamLoginDto: {
            password: string;
            /** @example http://192.168.1.5:8000 */
            server: string;
            username: string;
        };
    };
    responses: {
        /** @description Any other error. docs/errors.md explains all codes. */
        Problem: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Bad Request. `invalid_request`: The request could not be parsed or does not fit what the address accepts. */
        Problem_400_invalid_request: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Bad Request. `invalid_request`: The request could not be parsed or does not fit what the address accepts. `invalid_selector`: The content selector is missing, repeated or malformed. */
        Problem_400_invalid_request_invalid_selector: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Bad Request. `invalid_request`: The request could not be parsed or does not fit what the address accepts. `outbound_refused`: The address that acefleet was to fetch from may not be reached. */
        Problem_400_invalid_request_outbound_refused: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Unauthorized. `unauthorized`: The address needs an API key or the token of a user, and none was sent. */
        Problem_401_unauthorized: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Forbidden. `forbidden`: The API key or the token is wrong or no longer valid, the key has too small a scope, or the operation is switched off. */
        Problem_403_forbidden: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Not Found. `content_not_found`: The engine says that the content does not exist, or there is no such channel. */
        Problem_404_content_not_found: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Not Found. `not_found`: There is nothing at this address or with this id. */
        Problem_404_not_found: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Conflict. `conflict`: The operation does not fit the present state. */
        Problem_409_conflict: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Conflict. `not_managed`: The engines are not run by acefleet, so it cannot do this to them. */
        Problem_409_not_managed: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Conflict. `not_managed`: The engines are not run by acefleet, so it cannot do this to them. `conflict`: The operation does not fit the present state. */
        Problem_409_not_managed_conflict: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Payload Too Large. `payload_too_large`: The request body is larger than accepted. */
        Problem_413_payload_too_large: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Unsupported Media Type. `unsupported_media_type`: The request body is of a type that is not accepted. */
        Problem_415_unsupported_media_type: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Unprocessable Entity. `unusable_list`: The M3U list has no AceStream content, or is beyond a limit of lists. */
        Problem_422_unusable_list: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Too Many Requests. `rate_limited`: Too many requests of this kind came from the same address. */
        Problem_429_rate_limited: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Too Many Requests. `rate_limited`: Too many requests of this kind came from the same address. `client_limit`: The limit of viewers per address, per stream, per user or in total is reached. */
        Problem_429_rate_limited_client_limit: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Not Implemented. `unsupported_content`: The content is a playlist, is recorded but was requested as HLS, or has media that cannot be played. */
        Problem_501_unsupported_content: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Bad Gateway. `engine_failed`: Every engine that was tried returned an error or an invalid answer. */
        Problem_502_engine_failed: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Bad Gateway. `outbound_failed`: The address that acefleet was to fetch from gave no usable answer. */
        Problem_502_outbound_failed: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Bad Gateway. `runtime_refused`: Docker or the operating system refused; the detail has its message. */
        Problem_502_runtime_refused: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Bad Gateway. `runtime_refused`: Docker or the operating system refused; the detail has its message. `engine_failed`: Every engine that was tried returned an error or an invalid answer. */
        Problem_502_runtime_refused_engine_failed: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Service Unavailable. `docker_unavailable`: The Docker Engine does not answer in time. */
        Problem_503_docker_unavailable: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Service Unavailable. `egress_limit`: The viewers together take what MAX_EGRESS_BPS allows. `bitrate_limit`: The bit rate of the stream is above PROXY_MAX_STREAM_BPS. `no_engine`: No healthy engine became available in time. `no_capacity`: Every engine is full and the fleet may not grow. `shutting_down`: The process is about to end. `too_many_connections`: The limit of connections is reached, and every one of them has a request in progress. */
        Problem_503_egress_limit_bitrate_limit_no_engine_no_capacity_shutting_down_too_many_connections: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Service Unavailable. `egress_limit`: The viewers together take what MAX_EGRESS_BPS allows. `bitrate_limit`: The bit rate of the stream is above PROXY_MAX_STREAM_BPS. `no_engine`: No healthy engine became available in time. `no_capacity`: Every engine is full and the fleet may not grow. `still_starting`: The stream is still starting. The start continues; a browser would not wait longer for an answer. `shutting_down`: The process is about to end. `too_many_connections`: The limit of connections is reached, and every one of them has a request in progress. */
        Problem_503_egress_limit_bitrate_limit_no_engine_no_capacity_still_starting_shutting_down_too_many_connections: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Service Unavailable. `no_capacity`: Every engine is full and the fleet may not grow. `provisioning_blocked`: No engine is created now: too many starts failed in a row, or there is no room for an engine. `image_missing`: The engine's image is missing and could not be pulled. `port_conflict`: A port that the engine needs is taken by another program. `name_conflict`: Another container has the engine's name. `docker_unavailable`: The Docker Engine does not answer in time. `shutting_down`: The process is about to end. */
        Problem_503_no_capacity_provisioning_blocked_image_missing_port_conflict_name_conflict_docker_unavailable_shutting_down: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Service Unavailable. `no_engine`: No healthy engine became available in time. `no_capacity`: Every engine is full and the fleet may not grow. `shutting_down`: The process is about to end. `too_many_connections`: The limit of connections is reached, and every one of them has a request in progress. */
        Problem_503_no_engine_no_capacity_shutting_down_too_many_connections: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Service Unavailable. `shutting_down`: The process is about to end. */
        Problem_503_shutting_down: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Service Unavailable. `too_many_connections`: The limit of connections is reached, and every one of them has a request in progress. */
        Problem_503_too_many_connections: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Gateway Timeout. `start_timeout`: No media arrived within the start budget. */
        Problem_504_start_timeout: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Insufficient Storage. `storage_failed`: The data in DATA_DIR cannot be written; nothing was changed. */
        Problem_507_storage_failed: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Insufficient Storage. `storage_full`: The disk or the quota of DATA_DIR is exhausted, or DATA_DIR is read-only; nothing was changed. */
        Problem_507_storage_full: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Insufficient Storage. `storage_full`: The disk or the quota of DATA_DIR is exhausted, or DATA_DIR is read-only; nothing was changed. `storage_failed`: The data in DATA_DIR cannot be written; nothing was changed. */
        Problem_507_storage_full_storage_failed: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    watchContent: {
        parameters: {
            query?: {
                /**
                 * @description Index of the file in a content of several files
                 * @example 0
                 */
                _idx?: number;
                /**
                 * @description Seconds (0 to 86400, at most three decimals): begin this far in the past, as far as the history reaches. The header `X-Stream-Behind` holds the seconds that were reached.
                 * @example 20
                 */
                behind?: number;
                /**
                 * @description Id of a channel, which has several sources
                 * @example news
                 */
                channel?: string;
                /**
                 * @description Content id, 40 hex digits
                 * @example 0123456789abcdef0123456789abcdef01234567
                 */
                content_id?: string;
                /**
                 * @description `json`: the answer that an engine would give, with addresses of this server
                 * @example json
                 */
                format?: "json";
                /**
                 * @description Content id, 40 hex digits; alias of `content_id`
                 * @example 0123456789abcdef0123456789abcdef01234567
                 */
                id?: string;
                /**
                 * @description Infohash, 40 hex digits
                 * @example 89abcdef0123456789abcdef0123456789abcdef
                 */
                infohash?: string;
                /**
                 * @description Magnet link; only with `ALLOW_URL_SELECTORS`
                 * @example magnet:?xt=urn:btih:89abcdef0123456789abcdef0123456789abcdef
                 */
                magnet?: string;
                /**
                 * @description For the engine: language of the audio track, for example `eng`
                 * @example 2026-01-31T20:15:00.000Z
                 */
                preferred_audio_language?: string;
                /**
                 * @description For the engine: `1` also transcodes AC-3 audio
                 * @example 2026-01-31T20:15:00.000Z
                 */
                transcode_ac3?: string;
                /**
                 * @description For the engine: `1` transcodes audio to AAC
                 * @example 2026-01-31T20:15:00.000Z
                 */
                transcode_audio?: string;
                /**
                 * @description For the engine: `1` also transcodes MP3 audio
                 * @example 2026-01-31T20:15:00.000Z
                 */
                transcode_mp3?: string;
                /**
                 * @description Address of a transport file; only with `ALLOW_URL_SELECTORS`
                 * @example https://lists.example.org/news.acelive
                 */
                url?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The stream, until the viewer leaves */
            200: {
                headers: {
                    /** @description Seconds of media behind live at the first packet; only with `behind` */
                    "X-Stream-Behind"?: number;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Recorded content: the part that `Range` asks for */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem_400_invalid_request_invalid_selector"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_content_not_found"];
            /** @description Recorded content: `Range` is beyond its end */
            416: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            429: components["responses"]["Problem_429_rate_limited_client_limit"];
            501: components["responses"]["Problem_501_unsupported_content"];
            502: components["responses"]["Problem_502_engine_failed"];
            503: components["responses"]["Problem_503_egress_limit_bitrate_limit_no_engine_no_capacity_shutting_down_too_many_connections"];
            504: components["responses"]["Problem_504_start_timeout"];
            default: components["responses"]["Problem"];
        };
    };
    watchHls: {
        parameters: {
            query?: {
                /**
                 * @description Index of the file in a content of several files
                 * @example 0
                 */
                _idx?: number;
                /**
                 * @description Id of a channel, which has several sources
                 * @example news
                 */
                channel?: string;
                /**
                 * @description Content id, 40 hex digits
                 * @example 0123456789abcdef0123456789abcdef01234567
                 */
                content_id?: string;
                /**
                 * @description `1` lists all segments of the history instead of the sliding window
                 * @example 0
                 */
                dvr?: "0" | "1";
                /**
                 * @description Content id, 40 hex digits; alias of `content_id`
                 * @example 0123456789abcdef0123456789abcdef01234567
                 */
                id?: string;
                /**
                 * @description Infohash, 40 hex digits
                 * @example 89abcdef0123456789abcdef0123456789abcdef
                 */
                infohash?: string;
                /**
                 * @description Magnet link; only with `ALLOW_URL_SELECTORS`
                 * @example magnet:?xt=urn:btih:89abcdef0123456789abcdef0123456789abcdef
                 */
                magnet?: string;
                /**
                 * @description For the engine: language of the audio track, for example `eng`
                 * @example 2026-01-31T20:15:00.000Z
                 */
                preferred_audio_language?: string;
                /**
                 * @description For the engine: `1` also transcodes AC-3 audio
                 * @example 2026-01-31T20:15:00.000Z
                 */
                transcode_ac3?: string;
                /**
                 * @description For the engine: `1` transcodes audio to AAC
                 * @example 2026-01-31T20:15:00.000Z
                 */
                transcode_audio?: string;
                /**
                 * @description For the engine: `1` also transcodes MP3 audio
                 * @example 2026-01-31T20:15:00.000Z
                 */
                transcode_mp3?: string;
                /**
                 * @description Address of a transport file; only with `ALLOW_URL_SELECTORS`
                 * @example https://lists.example.org/news.acelive
                 */
                url?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The current media playlist */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Redirect to the playlist of a new playback */
            302: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem_400_invalid_request_invalid_selector"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_content_not_found"];
            429: components["responses"]["Problem_429_rate_limited_client_limit"];
            501: components["responses"]["Problem_501_unsupported_content"];
            502: components["responses"]["Problem_502_engine_failed"];
            503: components["responses"]["Problem_503_egress_limit_bitrate_limit_no_engine_no_capacity_still_starting_shutting_down_too_many_connections"];
            504: components["responses"]["Problem_504_start_timeout"];
            default: components["responses"]["Problem"];
        };
    };
    checkContent: {
        parameters: {
            query?: {
                /**
                 * @description Index of the file in a content of several files
                 * @example 0
                 */
                _idx?: number;
                /**
                 * @description Id of a channel, which has several sources
                 * @example news
                 */
                channel?: string;
                /**
                 * @description Content id, 40 hex digits
                 * @example 0123456789abcdef0123456789abcdef01234567
                 */
                content_id?: string;
                /**
                 * @description Content id, 40 hex digits; alias of `content_id`
                 * @example 0123456789abcdef0123456789abcdef01234567
                 */
                id?: string;
                /**
                 * @description Infohash, 40 hex digits
                 * @example 89abcdef0123456789abcdef0123456789abcdef
                 */
                infohash?: string;
                /**
                 * @description Magnet link; only with `ALLOW_URL_SELECTORS`
                 * @example magnet:?xt=urn:btih:89abcdef0123456789abcdef0123456789abcdef
                 */
                magnet?: string;
                /**
                 * @description For the engine: language of the audio track, for example `eng`
                 * @example 2026-01-31T20:15:00.000Z
                 */
                preferred_audio_language?: string;
                /**
                 * @description `light` asks an engine what the content is; `deep` starts it and reads its media
                 * @example light
                 */
                tier?: "light" | "deep";
                /**
                 * @description For the engine: `1` also transcodes AC-3 audio
                 * @example 2026-01-31T20:15:00.000Z
                 */
                transcode_ac3?: string;
                /**
                 * @description For the engine: `1` transcodes audio to AAC
                 * @example 2026-01-31T20:15:00.000Z
                 */
                transcode_audio?: string;
                /**
                 * @description For the engine: `1` also transcodes MP3 audio
                 * @example 2026-01-31T20:15:00.000Z
                 */
                transcode_mp3?: string;
                /**
                 * @description Address of a transport file; only with `ALLOW_URL_SELECTORS`
                 * @example https://lists.example.org/news.acelive
                 */
                url?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PreflightDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request_invalid_selector"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_content_not_found"];
            429: components["responses"]["Problem_429_rate_limited"];
            501: components["responses"]["Problem_501_unsupported_content"];
            502: components["responses"]["Problem_502_engine_failed"];
            503: components["responses"]["Problem_503_no_engine_no_capacity_shutting_down_too_many_connections"];
            504: components["responses"]["Problem_504_start_timeout"];
            default: components["responses"]["Problem"];
        };
    };
    getAceStatus: {
        parameters: {
            query?: {
                /**
                 * @description Index of the file in a content of several files
                 * @example 0
                 */
                _idx?: number;
                /**
                 * @description Id of a channel, which has several sources
                 * @example news
                 */
                channel?: string;
                /**
                 * @description Content id, 40 hex digits
                 * @example 0123456789abcdef0123456789abcdef01234567
                 */
                content_id?: string;
                /**
                 * @description Content id, 40 hex digits; alias of `content_id`
                 * @example 0123456789abcdef0123456789abcdef01234567
                 */
                id?: string;
                /**
                 * @description Infohash, 40 hex digits
                 * @example 89abcdef0123456789abcdef0123456789abcdef
                 */
                infohash?: string;
                /**
                 * @description Magnet link; only with `ALLOW_URL_SELECTORS`
                 * @example magnet:?xt=urn:btih:89abcdef0123456789abcdef0123456789abcdef
                 */
                magnet?: string;
                /**
                 * @description For the engine: language of the audio track, for example `eng`
                 * @example 2026-01-31T20:15:00.000Z
                 */
                preferred_audio_language?: string;
                /**
                 * @description For the engine: `1` also transcodes AC-3 audio
                 * @example 2026-01-31T20:15:00.000Z
                 */
                transcode_ac3?: string;
                /**
                 * @description For the engine: `1` transcodes audio to AAC
                 * @example 2026-01-31T20:15:00.000Z
                 */
                transcode_audio?: string;
                /**
                 * @description For the engine: `1` also transcodes MP3 audio
                 * @example 2026-01-31T20:15:00.000Z
                 */
                transcode_mp3?: string;
                /**
                 * @description Address of a transport file; only with `ALLOW_URL_SELECTORS`
                 * @example https://lists.example.org/news.acelive
                 */
                url?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        streams: number;
                    } | {
                        clients: number;
                        stat_url: string;
                        stream_id: {
                            [key: string]: string;
                        };
                    };
                };
            };
            400: components["responses"]["Problem_400_invalid_request_invalid_selector"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            429: components["responses"]["Problem_429_rate_limited"];
            503: components["responses"]["Problem_503_too_many_connections"];
            default: components["responses"]["Problem"];
        };
    };
    listEnginesByLabel: {
        parameters: {
            query: {
                /**
                 * @description Name of the label.
                 * @example tier
                 */
                key: string;
                /**
                 * @description Its value; may be empty.
                 * @example premium
                 */
                value: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EngineDto"][];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    listChannels: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChannelListDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    getChannel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of a channel
                 * @example news
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChannelDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    putChannel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of a channel
                 * @example news
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChannelBodyDto"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChannelDto"];
                };
            };
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChannelDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            409: components["responses"]["Problem_409_conflict"];
            413: components["responses"]["Problem_413_payload_too_large"];
            415: components["responses"]["Problem_415_unsupported_media_type"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    removeChannel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of a channel
                 * @example news
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChannelRemovedDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            409: components["responses"]["Problem_409_conflict"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    updateChannel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of a channel
                 * @example news
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChannelEditDto"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChannelDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            409: components["responses"]["Problem_409_conflict"];
            413: components["responses"]["Problem_413_payload_too_large"];
            415: components["responses"]["Problem_415_unsupported_media_type"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    checkChannel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of a channel
                 * @example news
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CheckRunDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            409: components["responses"]["Problem_409_conflict"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    importChannels: {
        parameters: {
            query?: {
                /**
                 * @description 1: only say what the import would change
                 * @example 0
                 */
                dry_run?: "0" | "1";
                /**
                 * @description Name of the import, for a list in the body
                 * @example News
                 */
                name?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ImportAddressDto"];
                "audio/x-mpegurl": string;
                "text/plain": string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImportResultDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request_outbound_refused"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            409: components["responses"]["Problem_409_conflict"];
            413: components["responses"]["Problem_413_payload_too_large"];
            415: components["responses"]["Problem_415_unsupported_media_type"];
            422: components["responses"]["Problem_422_unusable_list"];
            429: components["responses"]["Problem_429_rate_limited"];
            502: components["responses"]["Problem_502_outbound_failed"];
            default: components["responses"]["Problem"];
        };
    };
    listChannelImports: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImportListDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    createChannelImport: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateImportDto"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImportDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            409: components["responses"]["Problem_409_conflict"];
            413: components["responses"]["Problem_413_payload_too_large"];
            415: components["responses"]["Problem_415_unsupported_media_type"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    getChannelImport: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of an import
                 * @example news
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImportDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    removeChannelImport: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of an import
                 * @example news
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImportRemovedDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    updateChannelImport: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of an import
                 * @example news
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpdateImportDto"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImportDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            413: components["responses"]["Problem_413_payload_too_large"];
            415: components["responses"]["Problem_415_unsupported_media_type"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    refreshChannelImport: {
        parameters: {
            query?: {
                /**
                 * @description 1: only say what the import would change
                 * @example 0
                 */
                dry_run?: "0" | "1";
            };
            header?: never;
            path: {
                /**
                 * @description Id of an import
                 * @example news
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImportResultDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request_outbound_refused"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            409: components["responses"]["Problem_409_conflict"];
            422: components["responses"]["Problem_422_unusable_list"];
            429: components["responses"]["Problem_429_rate_limited"];
            502: components["responses"]["Problem_502_outbound_failed"];
            default: components["responses"]["Problem"];
        };
    };
    getChecks: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChecksDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    checkChannels: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["CheckRequestDto"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CheckRunDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            409: components["responses"]["Problem_409_conflict"];
            413: components["responses"]["Problem_413_payload_too_large"];
            415: components["responses"]["Problem_415_unsupported_media_type"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    getCheckRun: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of a channel
                 * @example news
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CheckRunDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    stopCheckRun: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of a channel
                 * @example news
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CheckRunDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            409: components["responses"]["Problem_409_conflict"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    getContainer: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of an engine
                 * @example static-192.168.1.10-6878
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContainerDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            409: components["responses"]["Problem_409_not_managed_conflict"];
            429: components["responses"]["Problem_429_rate_limited"];
            502: components["responses"]["Problem_502_runtime_refused"];
            503: components["responses"]["Problem_503_docker_unavailable"];
            default: components["responses"]["Problem"];
        };
    };
    removeContainer: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of an engine
                 * @example static-192.168.1.10-6878
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EngineRemovingDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            409: components["responses"]["Problem_409_not_managed_conflict"];
            429: components["responses"]["Problem_429_rate_limited"];
            502: components["responses"]["Problem_502_runtime_refused"];
            503: components["responses"]["Problem_503_docker_unavailable"];
            default: components["responses"]["Problem"];
        };
    };
    getContainerLogs: {
        parameters: {
            query?: {
                /**
                 * @description How many of the newest lines to return.
                 * @example 200
                 */
                lines?: number;
                /**
                 * @description Another name for `lines`, which older clients send.
                 * @example 1
                 */
                tail?: number;
            };
            header?: never;
            path: {
                /**
                 * @description Id of an engine
                 * @example static-192.168.1.10-6878
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EngineLogsDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            409: components["responses"]["Problem_409_not_managed_conflict"];
            429: components["responses"]["Problem_429_rate_limited"];
            502: components["responses"]["Problem_502_runtime_refused"];
            503: components["responses"]["Problem_503_docker_unavailable"];
            default: components["responses"]["Problem"];
        };
    };
    listEngines: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EngineDto"][];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    createExternalEngine: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateEngineDto"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EngineDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            409: components["responses"]["Problem_409_conflict"];
            413: components["responses"]["Problem_413_payload_too_large"];
            415: components["responses"]["Problem_415_unsupported_media_type"];
            429: components["responses"]["Problem_429_rate_limited"];
            502: components["responses"]["Problem_502_engine_failed"];
            507: components["responses"]["Problem_507_storage_full"];
            default: components["responses"]["Problem"];
        };
    };
    getEngine: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of an engine
                 * @example static-192.168.1.10-6878
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EngineDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    removeEngine: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of an engine
                 * @example static-192.168.1.10-6878
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EngineRemovingDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            409: components["responses"]["Problem_409_not_managed_conflict"];
            429: components["responses"]["Problem_429_rate_limited"];
            502: components["responses"]["Problem_502_runtime_refused"];
            503: components["responses"]["Problem_503_docker_unavailable"];
            default: components["responses"]["Problem"];
        };
    };
    drainEngine: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of an engine
                 * @example static-192.168.1.10-6878
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["DrainDto"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EngineDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            413: components["responses"]["Problem_413_payload_too_large"];
            415: components["responses"]["Problem_415_unsupported_media_type"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    undrainEngine: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of an engine
                 * @example static-192.168.1.10-6878
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EngineDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            409: components["responses"]["Problem_409_conflict"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    getEngineLogs: {
        parameters: {
            query?: {
                /**
                 * @description How many of the newest lines to return.
                 * @example 200
                 */
                lines?: number;
                /**
                 * @description Another name for `lines`, which older clients send.
                 * @example 1
                 */
                tail?: number;
            };
            header?: never;
            path: {
                /**
                 * @description Id of an engine
                 * @example static-192.168.1.10-6878
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EngineLogsDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            409: components["responses"]["Problem_409_not_managed_conflict"];
            429: components["responses"]["Problem_429_rate_limited"];
            502: components["responses"]["Problem_502_runtime_refused"];
            503: components["responses"]["Problem_503_docker_unavailable"];
            default: components["responses"]["Problem"];
        };
    };
    restartEngine: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of an engine
                 * @example static-192.168.1.10-6878
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EngineRestartedDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            409: components["responses"]["Problem_409_not_managed_conflict"];
            429: components["responses"]["Problem_429_rate_limited"];
            502: components["responses"]["Problem_502_runtime_refused"];
            503: components["responses"]["Problem_503_docker_unavailable"];
            default: components["responses"]["Problem"];
        };
    };
    getEngineUsage: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of an engine
                 * @example static-192.168.1.10-6878
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EngineUsageDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            409: components["responses"]["Problem_409_not_managed_conflict"];
            429: components["responses"]["Problem_429_rate_limited"];
            502: components["responses"]["Problem_502_runtime_refused"];
            503: components["responses"]["Problem_503_docker_unavailable"];
            default: components["responses"]["Problem"];
        };
    };
    refreshEngine: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImageRefreshStartedDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            409: components["responses"]["Problem_409_not_managed"];
            429: components["responses"]["Problem_429_rate_limited"];
            503: components["responses"]["Problem_503_docker_unavailable"];
            default: components["responses"]["Problem"];
        };
    };
    replaceEngine: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EnginesReplacingDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            409: components["responses"]["Problem_409_not_managed_conflict"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    getEngineSelection: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SelectionDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    listEvents: {
        parameters: {
            query?: {
                /**
                 * @description Only events about such things: `engine`, `stream`, `channel`, `vpn`, `fleet` and so on.
                 * @example 2026-01-31T20:15:00.000Z
                 */
                category?: string;
                /**
                 * @description Only events of this channel.
                 * @example news
                 */
                channel?: string;
                /**
                 * @description Alias of `engine_id` for older clients.
                 * @example static-192.168.1.10-6878
                 */
                container_id?: string;
                /**
                 * @description Only events of this engine, which include changes of source from it or to it.
                 * @example static-192.168.1.10-6878
                 */
                engine_id?: string;
                /**
                 * @description Only events of this level or a worse one.
                 * @example info
                 */
                level?: "info" | "warning" | "error";
                /**
                 * @description Maximum number of events to return.
                 * @example 100
                 */
                limit?: number;
                /**
                 * @description `desc`: the newest first.
                 * @example asc
                 */
                order?: "asc" | "desc";
                /**
                 * @description Only events after the one with this id, or from this time on.
                 * @example 2026-01-31T20:15:00.000Z
                 */
                since?: string;
                /**
                 * @description Only events of this stream.
                 * @example 0123456789abcdef0123456789abcdef01234567
                 */
                stream_id?: string;
                /**
                 * @description Only events whose message contains this text.
                 * @example 2026-01-31T20:15:00.000Z
                 */
                text?: string;
                /**
                 * @description Only events of these types, separated by commas.
                 * @example [
                 *       "engine_added"
                 *     ]
                 */
                type?: ("engine_added" | "engine_state_changed" | "engine_removed" | "engine_limits_changed" | "engine_upload_exceeded" | "engine_upload_normal" | "engine_ordered" | "engine_order_failed" | "engine_image_changed" | "engine_rollout_changed" | "fleet_scaled" | "breaker_changed" | "runtime_link_changed" | "image_pull" | "vpn_state_changed" | "vpn_drain_changed" | "vpn_port_changed" | "stream_requested" | "stream_started" | "stream_stalled" | "stream_resumed" | "stream_looping" | "stream_failed_over" | "stream_moved" | "stream_move_failed" | "stream_source_changed" | "stream_failed" | "stream_ended" | "check_run_finished" | "channel_died" | "channel_recovered" | "viewer_joined" | "viewer_left" | "viewer_jumped" | "settings_changed" | "external_stream_started" | "external_stream_ended" | "admin_action" | "webhook_state_changed")[];
                /**
                 * @description Only events before the one with this id, or before this time.
                 * @example 2026-01-31T20:15:00.000Z
                 */
                until?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventDto"][];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    removeOldEvents: {
        parameters: {
            query?: {
                /**
                 * @description Events that are older than this number of days are removed.
                 * @example 30
                 */
                max_age_days?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventCleanupDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            429: components["responses"]["Problem_429_rate_limited"];
            507: components["responses"]["Problem_507_storage_full_storage_failed"];
            default: components["responses"]["Problem"];
        };
    };
    exportEvents: {
        parameters: {
            query?: {
                /**
                 * @description Only events about such things: `engine`, `stream`, `channel`, `vpn`, `fleet` and so on.
                 * @example 2026-01-31T20:15:00.000Z
                 */
                category?: string;
                /**
                 * @description Only events of this channel.
                 * @example news
                 */
                channel?: string;
                /**
                 * @description Alias of `engine_id` for older clients.
                 * @example static-192.168.1.10-6878
                 */
                container_id?: string;
                /**
                 * @description Only events of this engine, which include changes of source from it or to it.
                 * @example static-192.168.1.10-6878
                 */
                engine_id?: string;
                /**
                 * @description `csv` for a CSV file, `json` for a JSON array.
                 * @example json
                 */
                format?: "json" | "csv";
                /**
                 * @description Only events of this level or a worse one.
                 * @example info
                 */
                level?: "info" | "warning" | "error";
                /**
                 * @description Only events after the one with this id, or from this time on.
                 * @example 2026-01-31T20:15:00.000Z
                 */
                since?: string;
                /**
                 * @description Only events of this stream.
                 * @example 0123456789abcdef0123456789abcdef01234567
                 */
                stream_id?: string;
                /**
                 * @description Only events whose message contains this text.
                 * @example 2026-01-31T20:15:00.000Z
                 */
                text?: string;
                /**
                 * @description Only events of these types, separated by commas.
                 * @example [
                 *       "engine_added"
                 *     ]
                 */
                type?: ("engine_added" | "engine_state_changed" | "engine_removed" | "engine_limits_changed" | "engine_upload_exceeded" | "engine_upload_normal" | "engine_ordered" | "engine_order_failed" | "engine_image_changed" | "engine_rollout_changed" | "fleet_scaled" | "breaker_changed" | "runtime_link_changed" | "image_pull" | "vpn_state_changed" | "vpn_drain_changed" | "vpn_port_changed" | "stream_requested" | "stream_started" | "stream_stalled" | "stream_resumed" | "stream_looping" | "stream_failed_over" | "stream_moved" | "stream_move_failed" | "stream_source_changed" | "stream_failed" | "stream_ended" | "check_run_finished" | "channel_died" | "channel_recovered" | "viewer_joined" | "viewer_left" | "viewer_jumped" | "settings_changed" | "external_stream_started" | "external_stream_ended" | "admin_action" | "webhook_state_changed")[];
                /**
                 * @description Only events before the one with this id, or before this time.
                 * @example 2026-01-31T20:15:00.000Z
                 */
                until?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The events */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventDto"][];
                    "text/csv": string;
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            429: components["responses"]["Problem_429_rate_limited"];
            507: components["responses"]["Problem_507_storage_failed"];
            default: components["responses"]["Problem"];
        };
    };
    countEvents: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventStatsDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    followEvents: {
        parameters: {
            query?: {
                /**
                 * @description Topics, separated by commas or repeated. All by default.
                 * @example [
                 *       "streams"
                 *     ]
                 */
                topics?: ("streams" | "clients" | "engines" | "vpns" | "fleet" | "checks" | "ticks" | "events")[];
                /**
                 * @description Types of events, separated by commas or repeated. All by default.
                 * @example [
                 *       "engine_added"
                 *     ]
                 */
                types?: ("engine_added" | "engine_state_changed" | "engine_removed" | "engine_limits_changed" | "engine_upload_exceeded" | "engine_upload_normal" | "engine_ordered" | "engine_order_failed" | "engine_image_changed" | "engine_rollout_changed" | "fleet_scaled" | "breaker_changed" | "runtime_link_changed" | "image_pull" | "vpn_state_changed" | "vpn_drain_changed" | "vpn_port_changed" | "stream_requested" | "stream_started" | "stream_stalled" | "stream_resumed" | "stream_looping" | "stream_failed_over" | "stream_moved" | "stream_move_failed" | "stream_source_changed" | "stream_failed" | "stream_ended" | "check_run_finished" | "channel_died" | "channel_recovered" | "viewer_joined" | "viewer_left" | "viewer_jumped" | "settings_changed" | "external_stream_started" | "external_stream_ended" | "admin_action" | "webhook_state_changed")[];
            };
            header?: {
                /**
                 * @description Id of the last message that the client has; the stream continues after it.
                 * @example 2026-01-31T20:15:00.000Z
                 */
                "Last-Event-ID"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description An endless stream of messages. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            429: components["responses"]["Problem_429_rate_limited"];
            503: components["responses"]["Problem_503_shutting_down"];
            default: components["responses"]["Problem"];
        };
    };
    reportStreamEnded: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StreamEndedReportDto"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StreamEndedAnswerDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            413: components["responses"]["Problem_413_payload_too_large"];
            415: components["responses"]["Problem_415_unsupported_media_type"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    reportStreamStarted: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StreamStartedReportDto"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StreamDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            409: components["responses"]["Problem_409_conflict"];
            413: components["responses"]["Problem_413_payload_too_large"];
            415: components["responses"]["Problem_415_unsupported_media_type"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    collectGarbage: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GarbageCollectedDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            409: components["responses"]["Problem_409_not_managed"];
            429: components["responses"]["Problem_429_rate_limited"];
            503: components["responses"]["Problem_503_docker_unavailable"];
            default: components["responses"]["Problem"];
        };
    };
    listGuideSources: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GuideSourceListDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    createGuideSource: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GuideSourceBodyDto"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GuideSourceDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            409: components["responses"]["Problem_409_conflict"];
            413: components["responses"]["Problem_413_payload_too_large"];
            415: components["responses"]["Problem_415_unsupported_media_type"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    getGuideSource: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of a guide source
                 * @example a41c07e95b2d
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GuideSourceDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    removeGuideSource: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of a guide source
                 * @example a41c07e95b2d
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GuideSourceRemovedDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    updateGuideSource: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of a guide source
                 * @example a41c07e95b2d
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GuideSourceChangesDto"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GuideSourceDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            413: components["responses"]["Problem_413_payload_too_large"];
            415: components["responses"]["Problem_415_unsupported_media_type"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    refreshGuideSource: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of a guide source
                 * @example a41c07e95b2d
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The refresh begins soon */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            409: components["responses"]["Problem_409_conflict"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    resetCircuitBreaker: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BreakerResetDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            409: components["responses"]["Problem_409_not_managed"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    getFleetHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FleetHealthDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            default: components["responses"]["Problem"];
        };
    };
    clearHistory: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HistoryDeletedDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            429: components["responses"]["Problem_429_rate_limited"];
            507: components["responses"]["Problem_507_storage_full_storage_failed"];
            default: components["responses"]["Problem"];
        };
    };
    listChannelHistory: {
        parameters: {
            query?: {
                /**
                 * @description Only streams of the channel with this id.
                 * @example news
                 */
                channel?: string;
                /**
                 * @description `csv` for a CSV file, which the header `Accept: text/csv` asks for too.
                 * @example json
                 */
                format?: "json" | "csv";
                /**
                 * @description Start of the period. ISO 8601.
                 * @example 2026-01-31T20:15:00.000Z
                 */
                from?: string;
                /**
                 * @description Maximum number of channels and contents to return. A CSV file without it has all of them.
                 * @example 100
                 */
                limit?: number;
                /**
                 * @description Number of channels and contents to leave out at the beginning.
                 * @example 0
                 */
                offset?: number;
                /**
                 * @description Only streams that went this way.
                 * @example running
                 */
                outcome?: "running" | "ended" | "failed" | "interrupted";
                /**
                 * @description What the channels and contents are sorted by, the largest first.
                 * @example viewer_minutes
                 */
                sort?: "viewer_minutes" | "streams" | "failures" | "peak_viewers" | "failovers" | "last_started";
                /**
                 * @description Only streams with this id or infohash.
                 * @example 0123456789abcdef0123456789abcdef01234567
                 */
                stream_id?: string;
                /**
                 * @description End of the period; now if it is missing. ISO 8601.
                 * @example 2026-01-31T20:15:00.000Z
                 */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The channels and contents */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChannelHistoryDto"];
                    "text/csv": string;
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            429: components["responses"]["Problem_429_rate_limited"];
            507: components["responses"]["Problem_507_storage_failed"];
            default: components["responses"]["Problem"];
        };
    };
    getHistorySeries: {
        parameters: {
            query: {
                /**
                 * @description `csv` for a CSV file, which the header `Accept: text/csv` asks for too.
                 * @example json
                 */
                format?: "json" | "csv";
                /**
                 * @description Start of the period. ISO 8601.
                 * @example 2026-01-31T20:15:00.000Z
                 */
                from?: string;
                /**
                 * @description The metric to show.
                 * @example ingress_bps
                 */
                metric: "ingress_bps" | "egress_bps" | "viewers" | "streams" | "streams_starting" | "streams_live" | "streams_playing" | "streams_stalled" | "streams_grace" | "engines" | "engines_starting" | "engines_healthy" | "engines_suspect" | "engines_unhealthy" | "engines_draining" | "slots_used" | "slots_free" | "cpu_percent" | "memory_bytes" | "event_loop_lag_ms" | "peers" | "p2p_download_bps" | "p2p_upload_bps" | "viewers_left_per_minute";
                /**
                 * @description Length of a step, such as `10s`, `5m` or `1h`: 10 s, or whole minutes. By default, a length that fits the period.
                 * @example 5m
                 */
                step?: string;
                /**
                 * @description End of the period; now if it is missing. ISO 8601.
                 * @example 2026-01-31T20:15:00.000Z
                 */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The points */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SeriesDto"];
                    "text/csv": string;
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            429: components["responses"]["Problem_429_rate_limited"];
            507: components["responses"]["Problem_507_storage_failed"];
            default: components["responses"]["Problem"];
        };
    };
    listStreamHistory: {
        parameters: {
            query?: {
                /**
                 * @description Only streams of the channel with this id.
                 * @example news
                 */
                channel?: string;
                /**
                 * @description `next_cursor` of an answer, for the streams after it.
                 * @example 1769890500000-3f9c0a7be1d25846
                 */
                cursor?: string;
                /**
                 * @description `csv` for a CSV file, which the header `Accept: text/csv` asks for too.
                 * @example json
                 */
                format?: "json" | "csv";
                /**
                 * @description Start of the period. ISO 8601.
                 * @example 2026-01-31T20:15:00.000Z
                 */
                from?: string;
                /**
                 * @description Maximum number of streams to return. A CSV file without it has all of them.
                 * @example 100
                 */
                limit?: number;
                /**
                 * @description Only streams that went this way.
                 * @example running
                 */
                outcome?: "running" | "ended" | "failed" | "interrupted";
                /**
                 * @description Only streams with this id or infohash.
                 * @example 0123456789abcdef0123456789abcdef01234567
                 */
                stream_id?: string;
                /**
                 * @description End of the period; now if it is missing. ISO 8601.
                 * @example 2026-01-31T20:15:00.000Z
                 */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The streams */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StreamHistoryDto"];
                    "text/csv": string;
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            429: components["responses"]["Problem_429_rate_limited"];
            507: components["responses"]["Problem_507_storage_failed"];
            default: components["responses"]["Problem"];
        };
    };
    listApiKeys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKeyListDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    createApiKey: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewApiKeyDto"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKeyCreatedDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            409: components["responses"]["Problem_409_conflict"];
            413: components["responses"]["Problem_413_payload_too_large"];
            415: components["responses"]["Problem_415_unsupported_media_type"];
            429: components["responses"]["Problem_429_rate_limited"];
            507: components["responses"]["Problem_507_storage_full_storage_failed"];
            default: components["responses"]["Problem"];
        };
    };
    removeApiKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of an API key
                 * @example 3f9c0a7be1d25846
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            429: components["responses"]["Problem_429_rate_limited"];
            507: components["responses"]["Problem_507_storage_full_storage_failed"];
            default: components["responses"]["Problem"];
        };
    };
    updateApiKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of an API key
                 * @example 3f9c0a7be1d25846
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ApiKeyChangeDto"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKeyDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            413: components["responses"]["Problem_413_payload_too_large"];
            415: components["responses"]["Problem_415_unsupported_media_type"];
            429: components["responses"]["Problem_429_rate_limited"];
            507: components["responses"]["Problem_507_storage_full_storage_failed"];
            default: components["responses"]["Problem"];
        };
    };
    getMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    getDashboard: {
        parameters: {
            query?: {
                /**
                 * @description Length of the window in seconds, which ends now.
                 * @example 900
                 */
                window_seconds?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DashboardDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            429: components["responses"]["Problem_429_rate_limited"];
            507: components["responses"]["Problem_507_storage_failed"];
            default: components["responses"]["Problem"];
        };
    };
    getFleetStatus: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrchestratorStatusDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    listProfiles: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProfileListDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    createProfile: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateProfileDto"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProfileDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            409: components["responses"]["Problem_409_conflict"];
            413: components["responses"]["Problem_413_payload_too_large"];
            415: components["responses"]["Problem_415_unsupported_media_type"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    getProfile: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of a profile
                 * @example kids
                 */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProfileDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    removeProfile: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of a profile
                 * @example kids
                 */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProfileRemovedDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            409: components["responses"]["Problem_409_conflict"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    updateProfile: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of a profile
                 * @example kids
                 */
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProfileRuleDto"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProfileDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            413: components["responses"]["Problem_413_payload_too_large"];
            415: components["responses"]["Problem_415_unsupported_media_type"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    provisionEngineByImage: {
        parameters: {
            query?: {
                /**
                 * @description `true`: answer after the engine has answered or has failed to start.
                 * @example true
                 */
                wait?: "true" | "false";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProvisionImageDto"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EngineReadyDto"];
                };
            };
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EngineRequestedDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            409: components["responses"]["Problem_409_not_managed_conflict"];
            413: components["responses"]["Problem_413_payload_too_large"];
            415: components["responses"]["Problem_415_unsupported_media_type"];
            429: components["responses"]["Problem_429_rate_limited"];
            502: components["responses"]["Problem_502_runtime_refused_engine_failed"];
            503: components["responses"]["Problem_503_no_capacity_provisioning_blocked_image_missing_port_conflict_name_conflict_docker_unavailable_shutting_down"];
            504: components["responses"]["Problem_504_start_timeout"];
            default: components["responses"]["Problem"];
        };
    };
    provisionEngine: {
        parameters: {
            query?: {
                /**
                 * @description `true`: answer after the engine has answered or has failed to start.
                 * @example true
                 */
                wait?: "true" | "false";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ProvisionEngineDto"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EngineReadyDto"];
                };
            };
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EngineRequestedDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            409: components["responses"]["Problem_409_not_managed_conflict"];
            413: components["responses"]["Problem_413_payload_too_large"];
            415: components["responses"]["Problem_415_unsupported_media_type"];
            429: components["responses"]["Problem_429_rate_limited"];
            502: components["responses"]["Problem_502_runtime_refused_engine_failed"];
            503: components["responses"]["Problem_503_no_capacity_provisioning_blocked_image_missing_port_conflict_name_conflict_docker_unavailable_shutting_down"];
            504: components["responses"]["Problem_504_start_timeout"];
            default: components["responses"]["Problem"];
        };
    };
    listProxySessions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionListDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    getProxySession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of a session: its content id, or its infohash
                 * @example 0123456789abcdef0123456789abcdef01234567
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionDetailDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    stopProxySession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of a session: its content id, or its infohash
                 * @example 0123456789abcdef0123456789abcdef01234567
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    listSessionClients: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of a session: its content id, or its infohash
                 * @example 0123456789abcdef0123456789abcdef01234567
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientListDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    kickSessionClient: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of a viewer, from the list of clients
                 * @example 0b5a3c52-7d0e-4c39-9b7e-3d0a5a6f1e42
                 */
                clientId: string;
                /**
                 * @description Id of a session: its content id, or its infohash
                 * @example 0123456789abcdef0123456789abcdef01234567
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    getProxyStatus: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProxyStatusDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    scaleFleet: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The minimum number of engines.
                 * @example 3
                 */
                n: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScaledDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            409: components["responses"]["Problem_409_not_managed"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    listBrowserSessions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BrowserSessionListDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    signIn: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SignInDto"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BrowserSessionDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            403: components["responses"]["Problem_403_forbidden"];
            413: components["responses"]["Problem_413_payload_too_large"];
            415: components["responses"]["Problem_415_unsupported_media_type"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    endBrowserSession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of a session of a browser
                 * @example 5c81f0d29a6e4b37
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            429: components["responses"]["Problem_429_rate_limited"];
            507: components["responses"]["Problem_507_storage_full_storage_failed"];
            default: components["responses"]["Problem"];
        };
    };
    getCurrentBrowserSession: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BrowserSessionDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    signOut: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            429: components["responses"]["Problem_429_rate_limited"];
            507: components["responses"]["Problem_507_storage_full_storage_failed"];
            default: components["responses"]["Problem"];
        };
    };
    listSettings: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SettingListDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    updateSettings: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    [key: string]: string | number | boolean | null;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SettingsChangeDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            409: components["responses"]["Problem_409_conflict"];
            413: components["responses"]["Problem_413_payload_too_large"];
            415: components["responses"]["Problem_415_unsupported_media_type"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    exportSettings: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SettingsExportDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    importSettings: {
        parameters: {
            query?: {
                /**
                 * @description `true`: check the import and show what would change.
                 * @example true
                 */
                dry_run?: "true" | "false";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SettingsImportDto"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SettingsImportedDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            409: components["responses"]["Problem_409_conflict"];
            413: components["responses"]["Problem_413_payload_too_large"];
            415: components["responses"]["Problem_415_unsupported_media_type"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    createSignInLink: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignInLinkDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    listStreams: {
        parameters: {
            query?: {
                /**
                 * @description Only streams of this engine.
                 * @example static-192.168.1.10-6878
                 */
                container_id?: string;
                /**
                 * @description Only active streams, or only ended ones.
                 * @example started
                 */
                status?: "started" | "ended";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StreamDto"][];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    getStream: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of a stream: its content id, or its infohash
                 * @example 0123456789abcdef0123456789abcdef01234567
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StreamDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    stopStream: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of a stream: its content id, or its infohash
                 * @example 0123456789abcdef0123456789abcdef01234567
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StreamStoppedDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            409: components["responses"]["Problem_409_conflict"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    moveStream: {
        parameters: {
            query?: {
                /**
                 * @description `true`: the response is sent when the move has finished or failed.
                 * @example true
                 */
                wait?: "true" | "false";
            };
            header?: never;
            path: {
                /**
                 * @description Id of a stream: its content id, or its infohash
                 * @example 0123456789abcdef0123456789abcdef01234567
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["MoveRequestDto"];
            };
        };
        responses: {
            /** @description With `wait=true`: the stream was moved */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StreamMoveDto"];
                };
            };
            /** @description The move has begun */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StreamMoveDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            /** @description `conflict`: the stream is not running or is already on that engine, or there is no room */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["Problem_413_payload_too_large"];
            415: components["responses"]["Problem_415_unsupported_media_type"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    getStreamStats: {
        parameters: {
            query?: {
                /**
                 * @description Only history after this time (ISO 8601).
                 * @example 2026-01-31T20:15:00.000Z
                 */
                since?: string;
            };
            header?: never;
            path: {
                /**
                 * @description Id of a stream: its content id, or its infohash
                 * @example 0123456789abcdef0123456789abcdef01234567
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StreamStatsDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    listUsers: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StreamUserListDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    createUser: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StreamUserBodyDto"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StreamUserDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            409: components["responses"]["Problem_409_conflict"];
            413: components["responses"]["Problem_413_payload_too_large"];
            415: components["responses"]["Problem_415_unsupported_media_type"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    getUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of a user
                 * @example 5f0c9a71-d2e8-4b36-8c41-0e7b2d94a6f3
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StreamUserDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    removeUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of a user
                 * @example 5f0c9a71-d2e8-4b36-8c41-0e7b2d94a6f3
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StreamUserRemovedDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    updateUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of a user
                 * @example 5f0c9a71-d2e8-4b36-8c41-0e7b2d94a6f3
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StreamUserChangeDto"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StreamUserDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            409: components["responses"]["Problem_409_conflict"];
            413: components["responses"]["Problem_413_payload_too_large"];
            415: components["responses"]["Problem_415_unsupported_media_type"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    getUserLinks: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of a user
                 * @example 5f0c9a71-d2e8-4b36-8c41-0e7b2d94a6f3
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StreamUserLinksDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            409: components["responses"]["Problem_409_conflict"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    rotateUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of a user
                 * @example 5f0c9a71-d2e8-4b36-8c41-0e7b2d94a6f3
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StreamUserDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    drainVpn: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of a VPN, as in VPN_CONTAINERS
                 * @example gluetun
                 */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["VpnDrainDto"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VpnDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            413: components["responses"]["Problem_413_payload_too_large"];
            415: components["responses"]["Problem_415_unsupported_media_type"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    undrainVpn: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of a VPN, as in VPN_CONTAINERS
                 * @example gluetun
                 */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VpnDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    getVpnPublicIp: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VpnPublicIpDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    getVpnStatus: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VpnStatusDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    listWebhooks: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookListDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    createWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WebhookBodyDto"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookWithSecretDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            409: components["responses"]["Problem_409_conflict"];
            413: components["responses"]["Problem_413_payload_too_large"];
            415: components["responses"]["Problem_415_unsupported_media_type"];
            429: components["responses"]["Problem_429_rate_limited"];
            507: components["responses"]["Problem_507_storage_full_storage_failed"];
            default: components["responses"]["Problem"];
        };
    };
    getWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of a webhook
                 * @example 8d20c1f7a4be9356
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    removeWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of a webhook
                 * @example 8d20c1f7a4be9356
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookRemovedDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            429: components["responses"]["Problem_429_rate_limited"];
            507: components["responses"]["Problem_507_storage_full_storage_failed"];
            default: components["responses"]["Problem"];
        };
    };
    updateWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of a webhook
                 * @example 8d20c1f7a4be9356
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WebhookChangesDto"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            409: components["responses"]["Problem_409_conflict"];
            413: components["responses"]["Problem_413_payload_too_large"];
            415: components["responses"]["Problem_415_unsupported_media_type"];
            429: components["responses"]["Problem_429_rate_limited"];
            507: components["responses"]["Problem_507_storage_full_storage_failed"];
            default: components["responses"]["Problem"];
        };
    };
    getWebhookListDeliveries: {
        parameters: {
            query?: {
                /**
                 * @description Only older deliveries: `next` of the page before.
                 * @example 0
                 */
                before?: number;
                /**
                 * @description Maximum number of deliveries to return.
                 * @example 100
                 */
                limit?: number;
                /**
                 * @description Only deliveries in this state.
                 * @example pending
                 */
                state?: "pending" | "delivered" | "dead";
            };
            header?: never;
            path: {
                /**
                 * @description Id of a webhook
                 * @example 8d20c1f7a4be9356
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookDeliveryListDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    replayWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of a delivery, from the list of deliveries
                 * @example msg_5f0c9a71d2e84b365f0c9a71
                 */
                delivery: string;
                /**
                 * @description Id of a webhook
                 * @example 8d20c1f7a4be9356
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookDeliveryDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            409: components["responses"]["Problem_409_conflict"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    replayDead: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of a webhook
                 * @example 8d20c1f7a4be9356
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookReplayDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            409: components["responses"]["Problem_409_conflict"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    rotateSecret: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of a webhook
                 * @example 8d20c1f7a4be9356
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookWithSecretDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            429: components["responses"]["Problem_429_rate_limited"];
            507: components["responses"]["Problem_507_storage_full_storage_failed"];
            default: components["responses"]["Problem"];
        };
    };
    testWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of a webhook
                 * @example 8d20c1f7a4be9356
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookDeliveryDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            409: components["responses"]["Problem_409_conflict"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    watchTunerChannel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Number of a channel, as in `/lineup.json`
                 * @example 5
                 */
                number: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The stream, until the viewer leaves */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem_400_invalid_request_invalid_selector"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_content_not_found"];
            429: components["responses"]["Problem_429_rate_limited_client_limit"];
            501: components["responses"]["Problem_501_unsupported_content"];
            502: components["responses"]["Problem_502_engine_failed"];
            503: components["responses"]["Problem_503_egress_limit_bitrate_limit_no_engine_no_capacity_shutting_down_too_many_connections"];
            504: components["responses"]["Problem_504_start_timeout"];
            default: components["responses"]["Problem"];
        };
    };
    getTunerDevice: {
        parameters: {
            query?: {
                /**
                 * @description Only channels of this profile. `/profiles/{name}` in front of the path does the same
                 * @example kids
                 */
                profile?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The description */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/xml": string;
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    getTuner: {
        parameters: {
            query?: {
                /**
                 * @description Only channels of this profile. `/profiles/{name}` in front of the path does the same
                 * @example kids
                 */
                profile?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TunerDeviceDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    getGuide: {
        parameters: {
            query?: {
                /**
                 * @description Only channels of this profile. `/profiles/{name}` in front of the path does the same
                 * @example kids
                 */
                profile?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The guide */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/xml": string;
                };
            };
            /** @description The guide has not changed */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    getPackedGuide: {
        parameters: {
            query?: {
                /**
                 * @description Only channels of this profile. `/profiles/{name}` in front of the path does the same
                 * @example kids
                 */
                profile?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The guide */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/gzip": string;
                };
            };
            /** @description The guide has not changed */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    getXtreamPlaylist: {
        parameters: {
            query?: {
                /**
                 * @description `m3u8` or `hls` for HLS.
                 * @example 2026-01-31T20:15:00.000Z
                 */
                output?: string;
                /**
                 * @description Secret of the user.
                 * @example 2026-01-31T20:15:00.000Z
                 */
                password?: string;
                /**
                 * @description Name of the user.
                 * @example 2026-01-31T20:15:00.000Z
                 */
                username?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The playlist */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "audio/x-mpegurl": string;
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    checkLiveness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LivenessDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            default: components["responses"]["Problem"];
        };
    };
    checkReadiness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReadinessDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReadinessDto"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    getTunerStatus: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TunerStatusDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    getTunerLineup: {
        parameters: {
            query?: {
                /**
                 * @description Only channels of this profile. `/profiles/{name}` in front of the path does the same
                 * @example kids
                 */
                profile?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TunerChannelDto"][];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    scanChannels: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TunerStatusDto"];
                };
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    watchXtreamChannel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Number of a channel, followed by `.ts`, `.m3u8` or nothing
                 * @example 2026-01-31T20:15:00.000Z
                 */
                file: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The stream, until the viewer leaves */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Redirect to the HLS playlist */
            302: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_content_not_found"];
            429: components["responses"]["Problem_429_rate_limited_client_limit"];
            501: components["responses"]["Problem_501_unsupported_content"];
            502: components["responses"]["Problem_502_engine_failed"];
            503: components["responses"]["Problem_503_egress_limit_bitrate_limit_no_engine_no_capacity_shutting_down_too_many_connections"];
            504: components["responses"]["Problem_504_start_timeout"];
            default: components["responses"]["Problem"];
        };
    };
    getModifiedList: {
        parameters: {
            query: {
                /**
                 * @description Address of the list, `http` or `https`, percent-encoded
                 * @example https://lists.example.org/sport.m3u
                 */
                m3u_url: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The list */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "audio/x-mpegurl": string;
                };
            };
            400: components["responses"]["Problem_400_invalid_request_outbound_refused"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            422: components["responses"]["Problem_422_unusable_list"];
            429: components["responses"]["Problem_429_rate_limited"];
            502: components["responses"]["Problem_502_outbound_failed"];
            default: components["responses"]["Problem"];
        };
    };
    getXtreamAccount: {
        parameters: {
            query?: {
                /**
                 * @description What to list; the account if it is missing.
                 * @example 2026-01-31T20:15:00.000Z
                 */
                action?: string;
                /**
                 * @description Only channels of this group.
                 * @example 2026-01-31T20:15:00.000Z
                 */
                category_id?: string;
                /**
                 * @description Maximum number of programmes.
                 * @example 2026-01-31T20:15:00.000Z
                 */
                limit?: string;
                /**
                 * @description Secret of the user.
                 * @example 2026-01-31T20:15:00.000Z
                 */
                password?: string;
                /**
                 * @description The channel, by the id that `get_live_streams` lists.
                 * @example 0123456789abcdef0123456789abcdef01234567
                 */
                stream_id?: string;
                /**
                 * @description Name of the user.
                 * @example 2026-01-31T20:15:00.000Z
                 */
                username?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description An object for the account, else a list */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    postXtreamAccount: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description An object for the account, else a list */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    getPlaylist: {
        parameters: {
            query?: {
                /**
                 * @description `1`: without channels of which every source failed when it was last tried
                 * @example 0
                 */
                alive?: "0" | "1";
                /**
                 * @description What the addresses return: MPEG-TS (the default) or HLS
                 * @example ts
                 */
                format?: "ts" | "hls";
                /**
                 * @description Only channels of this group; may be repeated
                 * @example [
                 *       "Information"
                 *     ]
                 */
                group?: string[];
                /**
                 * @description Only channels of this profile. `/profiles/{name}` in front of the path does the same
                 * @example kids
                 */
                profile?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The playlist */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "audio/x-mpegurl": string;
                };
            };
            /** @description The playlist has not changed */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            404: components["responses"]["Problem_404_not_found"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
    getXtreamGuide: {
        parameters: {
            query?: {
                /**
                 * @description Secret of the user.
                 * @example 2026-01-31T20:15:00.000Z
                 */
                password?: string;
                /**
                 * @description Name of the user.
                 * @example 2026-01-31T20:15:00.000Z
                 */
                username?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The guide */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/xml": string;
                };
            };
            /** @description The guide has not changed */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem_400_invalid_request"];
            401: components["responses"]["Problem_401_unauthorized"];
            403: components["responses"]["Problem_403_forbidden"];
            429: components["responses"]["Problem_429_rate_limited"];
            default: components["responses"]["Problem"];
        };
    };
}
